import { readFileSync } from 'node:fs';
import { createServer as createHttpServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import net, { type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { TLSSocket } from 'node:tls';
import type { Connection } from '../../src/sources/connection.ts';
import { openSocket } from '../../src/sources/socket.ts';

/** What reached the API server of one request, as far as credentials go. */
export interface Seen {
  readonly path: string;
  /** Authorization and Impersonate-*, as sent, sorted. */
  readonly headers: readonly string[];
  /** Common name of the client's certificate. */
  readonly certificate: string | null;
  /** The server name it asked for (SNI). */
  readonly sni: string | null;
}

export const tlsFolder = join(import.meta.dirname, '../fixtures/tls');
export const pem = (name: string): string => readFileSync(join(tlsFolder, name), 'utf8');

export interface ApiServer {
  readonly port: number;
  readonly seen: Seen[];
  /** Answers 401 to a request that carries this Authorization. */
  refuse: string | null;
  close(): Promise<void>;
}

/** An API server that asks for client certificates and remembers who came. */
export async function apiServer(certificate = 'server', secure = true): Promise<ApiServer> {
  const api: { seen: Seen[]; refuse: string | null } = { seen: [], refuse: null };
  const answer = (asked: IncomingMessage, response: ServerResponse) => {
    api.seen.push(seenOf(asked));
    response.statusCode = api.refuse !== null && asked.headers.authorization === api.refuse ? 401 : 200;
    response.setHeader('content-type', 'application/json').end('{"major":"1","minor":"33"}');
  };
  const tls = {
    cert: pem(`${certificate}.crt`),
    key: pem(`${certificate}.key`),
    ca: pem('ca.crt'),
    requestCert: true,
    rejectUnauthorized: false,
  };
  const server = secure ? createServer(tls, answer) : createHttpServer(answer);
  server.on('tlsClientError', () => {});
  const port = await listening(server);
  return Object.assign(api, { port, close: () => closed(server) });
}

function seenOf(asked: IncomingMessage): Seen {
  const { rawHeaders, socket } = asked;
  const pairs = rawHeaders.flatMap((name, index) => (index % 2 === 0 ? [`${name.toLowerCase()}: ${rawHeaders[index + 1]}`] : []));
  const peer = socket instanceof TLSSocket ? socket.getPeerCertificate() : null;
  const sni = socket instanceof TLSSocket ? (socket as TLSSocket & { servername?: string | false }).servername : undefined;
  return {
    path: (asked.url ?? '').replace(/\?.*/, ''),
    headers: pairs.filter((pair) => /^(authorization|impersonate-)/.test(pair)).sort(),
    certificate: typeof peer?.subject?.CN === 'string' ? peer.subject.CN : null,
    sni: typeof sni === 'string' ? sni : null,
  };
}

export interface ProxyServer {
  readonly port: number;
  readonly asked: string[];
  close(): Promise<void>;
}

/** A CONNECT proxy that wants this login, when one is given, and sends every tunnel to one port. */
export async function connectProxy(to: number, login: string | null = null): Promise<ProxyServer> {
  const asked: string[] = [];
  const server = createHttpServer((_, response) => response.setHeader('content-type', 'text/html').end('<html>'));
  server.on('connect', ({ url, headers }, socket) => {
    socket.on('error', () => {});
    if (login !== null && headers['proxy-authorization'] !== `Basic ${Buffer.from(login).toString('base64')}`) {
      socket.end('HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n');
      return;
    }
    asked.push(url ?? '');
    socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
    tie(socket as net.Socket, net.connect(to, '127.0.0.1'));
  });
  const port = await listening(server);
  return { port, asked, close: () => closed(server) };
}

/** A SOCKS5 proxy that sends everybody to one port; wants user and password when they are given. */
export async function socksProxy(to: number, login: readonly [user: string, password: string] | null = null): Promise<ProxyServer> {
  const asked: string[] = [];
  const server = net.createServer(async (socket) => {
    socket.on('error', () => {});
    const bytes = reader(socket);
    const greeting = await bytes(2);
    await bytes(greeting[1] ?? 0);
    socket.write(Buffer.from([5, login === null ? 0 : 2]));
    if (login !== null) {
      const user = (await bytes((await bytes(2))[1] ?? 0)).toString();
      const password = (await bytes((await bytes(1))[0] ?? 0)).toString();
      const good = user === login[0] && password === login[1];
      socket.write(Buffer.from([1, good ? 0 : 1]));
      if (!good) return void socket.end();
    }
    const head = await bytes(4);
    const name = head[3] === 3 ? (await bytes((await bytes(1))[0] ?? 0)).toString() : [...(await bytes(head[3] === 1 ? 4 : 16))].join('.');
    asked.push(`${name}:${(await bytes(2)).readUInt16BE()}`);
    socket.write(Buffer.from([5, 0, 0, 1, 0, 0, 0, 0, 0, 0]));
    tie(socket, net.connect(to, '127.0.0.1'));
  });
  const port = await listening(server);
  return { port, asked, close: () => closed(server) };
}

function reader(socket: net.Socket): (length: number) => Promise<Buffer> {
  return async (length) => {
    for (;;) {
      if (length === 0) return Buffer.alloc(0);
      const chunk: Buffer | null = socket.read(length);
      if (chunk !== null) return chunk;
      await new Promise((resolve) => socket.once('readable', resolve));
    }
  };
}

function tie(a: net.Socket, b: net.Socket): void {
  b.on('error', () => a.destroy());
  a.on('close', () => b.destroy());
  a.pipe(b).pipe(a);
}

const sockets = new WeakMap<net.Server, Set<net.Socket>>();

export function listening(server: net.Server): Promise<number> {
  const open = new Set<net.Socket>();
  sockets.set(server, open);
  server.on('connection', (socket) => open.add(socket.on('close', () => open.delete(socket))));
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port)));
}

/** Closes a server and what is still connected, tunnels too. */
export function closed(server: net.Server): Promise<void> {
  for (const socket of sockets.get(server) ?? []) socket.destroy();
  return new Promise((resolve) => server.close(() => resolve()));
}

/** One GET over a connection, by its socket factory; resolves to the status. */
export async function ask(connection: Connection, path = '/version', fresh = false): Promise<number> {
  const { server, proxy } = connection;
  const { headers, tls } = await connection.credentials(fresh);
  const secure = server.protocol === 'https:';
  const host = server.hostname.replace(/^\[|\]$/g, '');
  const port = Number(server.port || (secure ? 443 : 80));
  const socket = await openSocket({ host, port, tls: secure ? tls : null, proxy, timeoutMs: 5_000 });
  return new Promise((resolve, reject) => {
    const flat = ['Host', server.host, ...headers.flat()];
    const base = server.pathname.replace(/\/$/, '');
    const asked = request({ path: base + path, headers: flat, createConnection: () => socket }, (response) => {
      response.resume().on('end', () => resolve(response.statusCode ?? 0));
      response.on('end', () => socket.destroy());
    });
    asked.on('error', reject).end();
  });
}
