import net from 'node:net';
import tls from 'node:tls';
import type { TlsMaterial } from './connection.ts';
import { connectHttp, connectSocks, type Destination } from './socket-proxy.ts';
import { interrupted, type Peer, socketTrouble } from './socket-trouble.ts';

/** Where a socket should lead, and how. */
export interface SocketWish extends Destination {
  /** null: plain TCP. */
  readonly tls: TlsMaterial | null;
  /** http, https, socks5 or socks5h; null: direct. */
  readonly proxy: URL | null;
  /** For everything until the socket can be written to, proxy and TLS included. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  /** What a CONNECT proxy is told. */
  readonly userAgent?: string | undefined;
}

// One slow address must not be given up after Node's 250 ms when the round trip alone takes that long.
const attemptTimeoutMs = 2_500;
// net/http and kubectl's dialer keep connections alive every 30 s: kubernetes/client-go transport/cache.go.
const keepAliveMs = 30_000;

/** A connected socket, secured when TLS was asked for, through the proxy when there is one. Throws ReadError with a sentence. */
export async function openSocket(wish: SocketWish): Promise<net.Socket> {
  const limit = AbortSignal.timeout(wish.timeoutMs);
  const signal = wish.signal === undefined ? limit : AbortSignal.any([wish.signal, limit]);
  const opened: net.Socket[] = [];
  const cut = () => {
    for (const socket of opened) socket.destroy(signal.reason);
  };
  signal.addEventListener('abort', cut, { once: true });
  try {
    signal.throwIfAborted();
    return await dial(wish, (socket) => {
      opened.push(socket);
      // An error that comes between two owners must not end the process; whoever owns the socket listens for itself.
      socket.on('error', () => {});
      return socket;
    });
  } catch (error) {
    for (const socket of opened) socket.destroy();
    throw signal.aborted ? interrupted(signal.reason, serverOf(wish), wish.timeoutMs) : error;
  } finally {
    signal.removeEventListener('abort', cut);
  }
}

type Keep = <S extends net.Socket>(socket: S) => S;

async function dial(wish: SocketWish, keep: Keep): Promise<net.Socket> {
  const { proxy, tls: material } = wish;
  const server = serverOf(wish);
  if (proxy === null) {
    const socket = await connected(keep(tcp(wish.host, wish.port)), 'connect', server);
    return material === null ? socket : secured(socket, wish.host, material, keep, server);
  }
  const tunnel = await throughProxy(wish, proxy, keep);
  return material === null ? tunnel : secured(tunnel, wish.host, material, keep, server);
}

async function throughProxy(wish: SocketWish, proxy: URL, keep: Keep): Promise<net.Socket> {
  const peer: Peer = { role: 'proxy', name: bare(proxy), host: proxy.hostname };
  const host = proxy.hostname.replace(/^\[|\]$/g, '');
  const socket = await connected(keep(tcp(host, portOf(proxy))), 'connect', peer);
  if (proxy.protocol.startsWith('socks5')) return connectSocks(socket, proxy, wish, peer);
  // An https proxy is verified like the API server, as Go does: net/http transport.go dialConn, addTLS with the one TLSClientConfig.
  const material = wish.tls ?? { rejectUnauthorized: true };
  const way = proxy.protocol === 'https:' ? await secured(socket, host, material, keep, peer) : socket;
  return connectHttp(way, proxy, wish, peer, wish.userAgent);
}

function tcp(host: string, port: number): net.Socket {
  const attempts = { autoSelectFamily: true, autoSelectFamilyAttemptTimeout: attemptTimeoutMs };
  return net.connect({ host, port, noDelay: true, keepAlive: true, keepAliveInitialDelay: keepAliveMs, ...attempts });
}

/** What connections with the same material share: a context, whose making reads every certificate anew, and sessions by server, each checked when it began. */
interface Shared {
  readonly context: tls.SecureContext;
  readonly sessions: Map<string, Buffer>;
}

const shared = new WeakMap<TlsMaterial, Shared>();

async function secured(socket: net.Socket, host: string, material: TlsMaterial, keep: Keep, peer: Peer): Promise<tls.TLSSocket> {
  const name = material.servername ?? host;
  let secure: tls.TLSSocket;
  try {
    const { context, sessions } = sharedOf(material);
    const session = sessions.get(`${peer.name} ${name}`);
    secure = tls.connect({
      socket,
      secureContext: context,
      // SNI knows no addresses: RFC 6066 §3.
      ...(net.isIP(name) === 0 ? { servername: name } : {}),
      checkServerIdentity: (_, certificate) => tls.checkServerIdentity(name, certificate),
      ALPNProtocols: ['http/1.1'],
      rejectUnauthorized: material.rejectUnauthorized,
      ...(session === undefined ? {} : { session }),
    });
    remember(secure, sessions, `${peer.name} ${name}`);
  } catch (error) {
    throw socketTrouble(error, peer);
  }
  return connected(keep(secure), 'secureConnect', peer);
}

function sharedOf(material: TlsMaterial): Shared {
  const known = shared.get(material);
  if (known !== undefined) return known;
  const { ca, cert, key } = material;
  const context = tls.createSecureContext({
    // Go trusts whatever stands in the bundle, a server's own certificate too; OpenSSL wants a root unless told.
    allowPartialTrustChain: true,
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  });
  const made = { context, sessions: new Map() };
  shared.set(material, made);
  return made;
}

/** Keeps the newest session of a server that was found to be who it should be: resuming one spares the next connection the certificates. */
function remember(secure: tls.TLSSocket, sessions: Map<string, Buffer>, server: string): void {
  secure.once('secureConnect', () => {
    if (secure.isSessionReused()) return;
    sessions.delete(server);
    // In TLS 1.3 a session comes after the handshake: RFC 8446 §4.6.1.
    secure.once('session', (session) => sessions.set(server, session));
  });
}

function connected<S extends net.Socket>(socket: S, event: 'connect' | 'secureConnect', peer: Peer): Promise<S> {
  return new Promise((resolve, reject) => {
    const fail = (error: unknown) => reject(socketTrouble(error, peer));
    const shut = () => fail(new Error('closed'));
    socket.once('error', fail).once('close', shut);
    socket.once(event, () => {
      socket.off('error', fail).off('close', shut);
      resolve(socket);
    });
  });
}

function serverOf(wish: SocketWish): Peer {
  const host = net.isIPv6(wish.host) ? `[${wish.host}]` : wish.host;
  return { role: 'server', name: `${wish.tls === null ? 'http' : 'https'}://${host}:${wish.port}`, host: wish.host };
}

function portOf(proxy: URL): number {
  if (proxy.port !== '') return Number(proxy.port);
  return { 'https:': 443, 'http:': 80 }[proxy.protocol] ?? 1080;
}

/** A proxy's address without its password. */
function bare(proxy: URL): string {
  return `${proxy.protocol}//${proxy.host}`;
}
