import net from 'node:net';
import { ReadError } from '../model/source.ts';
import { type Peer, socketTrouble } from './socket-trouble.ts';

/** What a proxy is asked to reach. */
export interface Destination {
  readonly host: string;
  readonly port: number;
}

// A proxy that answers CONNECT with more header than this is none: net/http caps it at 4 KiB a line and 1 MiB in all.
const maxHead = 64 * 1024;

/** Asks an http proxy for a tunnel; the socket is then the server's. */
export async function connectHttp(
  socket: net.Socket,
  proxy: URL,
  to: Destination,
  peer: Peer,
  userAgent = 'tokmeter',
): Promise<net.Socket> {
  const target = `${net.isIPv6(to.host) ? `[${to.host}]` : to.host}:${to.port}`;
  const lines = [`CONNECT ${target} HTTP/1.1`, `Host: ${target}`, `User-Agent: ${userAgent}`];
  const { user, password } = login(proxy);
  if (user !== '' || password !== '') lines.push(`Proxy-Authorization: Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`);
  socket.write(`${lines.join('\r\n')}\r\n\r\n`);
  const head = await take(socket, peer, headLength);
  const refusal = refusalOf(head.toString('latin1'), target, peer, user !== '');
  if (refusal !== null) throw unreachable(peer, refusal);
  return socket;
}

function headLength(bytes: Buffer): number | null {
  const end = bytes.indexOf('\r\n\r\n');
  if (end >= 0) return end + 4;
  // Not HTTP at all: no use in waiting for the end of a header.
  if (bytes.length >= 5 && bytes.toString('latin1', 0, 5) !== 'HTTP/') return bytes.length;
  return bytes.length > maxHead ? bytes.length : null;
}

/** Why this answer to CONNECT opens no tunnel; null when it does. */
export function refusalOf(head: string, target: string, peer: Peer, loggedIn: boolean): string | null {
  const [, status = '', reason = ''] = /^HTTP\/1\.[01] (\d{3}) ?([^\r\n]*)/.exec(head) ?? [];
  if (status === '') return `${peer.name} is no http proxy: it answered CONNECT with ${JSON.stringify(head.slice(0, 60))}`;
  const page = /^content-type:\s*text\/html/im.test(head);
  if (status.startsWith('2'))
    return page ? `proxy ${peer.name} answered CONNECT ${target} with an HTML page: it is a web server or a login portal` : null;
  const said = `proxy ${peer.name} answered ${`${status} ${reason}`.trim()}${page ? ' and an HTML page' : ''}`;
  if (status === '407')
    return loggedIn ? `${said}: it does not accept this user and password` : `${said}: give it a login as http://USER:PASSWORD@HOST:PORT`;
  return `${said} when asked for ${target}: it does not let this connection through; NO_PROXY can leave it out`;
}

/** Asks a SOCKS5 proxy for a connection, by name so that the proxy resolves it: RFC 1928, RFC 1929. */
export async function connectSocks(socket: net.Socket, proxy: URL, to: Destination, peer: Peer): Promise<net.Socket> {
  const { user, password } = login(proxy);
  socket.write(user === '' ? Buffer.from([5, 1, 0]) : Buffer.from([5, 2, 0, 2]));
  const [version, method] = await take(socket, peer, exactly(2));
  if (version !== 5) throw unreachable(peer, `${peer.name} is no SOCKS5 proxy`);
  if (method === 2 && user !== '') await logIn(socket, peer, user, password);
  else if (method !== 0) throw unreachable(peer, `proxy ${peer.name} asks for a login: give it as socks5://USER:PASSWORD@HOST:PORT`);
  socket.write(Buffer.concat([Buffer.from([5, 1, 0]), address(to.host), Buffer.from([to.port >> 8, to.port & 255])]));
  const answer = await take(socket, peer, socksAnswerLength);
  if (answer[0] !== 5) throw unreachable(peer, `${peer.name} is no SOCKS5 proxy`);
  const code = answer[1] ?? 1;
  if (code !== 0)
    throw unreachable(peer, `proxy ${peer.name} cannot reach ${to.host}:${to.port}: ${socksReasons[code] ?? `error ${code}`}`);
  return socket;
}

const socksReasons: Readonly<Record<number, string>> = {
  1: 'general failure',
  2: 'not allowed by its rules',
  3: 'network unreachable',
  4: 'host unreachable',
  5: 'connection refused',
  6: 'TTL expired',
};

async function logIn(socket: net.Socket, peer: Peer, user: string, password: string): Promise<void> {
  socket.write(Buffer.concat([Buffer.from([1]), counted(user), counted(password)]));
  const [, status] = await take(socket, peer, exactly(2));
  if (status !== 0) throw unreachable(peer, `proxy ${peer.name} does not accept this user and password`);
}

function address(host: string): Buffer {
  if (net.isIPv4(host)) return Buffer.from([1, ...host.split('.').map(Number)]);
  if (net.isIPv6(host)) return Buffer.from([4, ...ipv6Bytes(host)]);
  return Buffer.concat([Buffer.from([3]), counted(host)]);
}

/** The 16 bytes of an IPv6 address. */
export function ipv6Bytes(host: string): readonly number[] {
  const [bare = ''] = host.split('%');
  const dotted = bare.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_, a, b, c, d) =>
    [(a << 8) | Number(b), (c << 8) | Number(d)].map((word) => word.toString(16)).join(':'),
  );
  const [head = '', tail] = dotted.split('::');
  const front = head === '' ? [] : head.split(':');
  const back = tail === undefined || tail === '' ? [] : tail.split(':');
  const words = [...front, ...Array(8 - front.length - back.length).fill('0'), ...back].map((word) => Number.parseInt(word, 16));
  return words.flatMap((word) => [word >> 8, word & 255]);
}

function counted(text: string): Buffer {
  const bytes = Buffer.from(text).subarray(0, 255);
  return Buffer.concat([Buffer.from([bytes.length]), bytes]);
}

function socksAnswerLength(bytes: Buffer): number | null {
  if (bytes.length < 5) return null;
  const addressLength = { 1: 4, 3: 1 + (bytes[4] ?? 0), 4: 16 }[bytes[3] ?? 0] ?? 0;
  const length = 4 + addressLength + 2;
  return bytes.length < length ? null : length;
}

function exactly(length: number): (bytes: Buffer) => number | null {
  return (bytes) => (bytes.length < length ? null : length);
}

function login(proxy: URL): { readonly user: string; readonly password: string } {
  return { user: decode(proxy.username), password: decode(proxy.password) };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function unreachable(peer: Peer, message: string): ReadError {
  return new ReadError('unreachable', `connect to ${peer.name}`, message);
}

/** Reads as many bytes as `measure` says once it can say it; the rest stays in the socket. */
function take(socket: net.Socket, peer: Peer, measure: (bytes: Buffer) => number | null): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    let got = Buffer.alloc(0);
    const stop = () => {
      socket.off('readable', read).off('error', fail).off('end', cut).off('close', cut);
    };
    const fail = (error: unknown) => {
      stop();
      reject(socketTrouble(error, peer));
    };
    const cut = () => fail(new Error('closed'));
    const read = () => {
      for (let chunk = socket.read(); chunk !== null; chunk = socket.read()) {
        got = Buffer.concat([got, chunk]);
        const length = measure(got);
        if (length === null) continue;
        stop();
        if (got.length > length) socket.unshift(got.subarray(length));
        resolve(got.subarray(0, length));
        return;
      }
    };
    socket.on('readable', read).on('error', fail).on('end', cut).on('close', cut);
    read();
  });
}
