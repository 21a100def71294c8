import { createHash } from 'node:crypto';
import http from 'node:http';
import net, { type AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { gzipSync } from 'node:zlib';
import type { Connection } from '../../src/sources/connection.ts';

/** What was asked of a fake API server. */
export interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: http.IncomingHttpHeaders;
  readonly at: number;
}

/** The pod's end of a websocket: frames of the data and the error channel, spoken by hand so that every bend of the protocol can be bent. */
export interface PodSide {
  readonly socket: Duplex;
  data(bytes: Buffer): void;
  error(text: string): void;
  close(code?: number): void;
  /** Called with each message of the data channel. */
  onData: (bytes: Buffer) => void;
  onClose: () => void;
}

export interface Fake {
  readonly url: URL;
  readonly seen: Seen[];
  /** Connections accepted so far. */
  readonly connections: () => number;
  connection(patch?: Partial<Connection>): Connection;
  /** What /version says from now on. */
  version(text: string): void;
  close(): Promise<void>;
}

export type Answer = (request: http.IncomingMessage, response: http.ServerResponse) => void;

/** A fake API server: `answer` for GETs, `tunnel` for upgrades (absent: it refuses them as `answer` says). */
export async function fakeApi(answer: Answer, tunnel?: (pod: PodSide, url: string) => void): Promise<Fake> {
  const seen: Seen[] = [];
  let connections = 0;
  let version = 'v1.34.0';
  const sockets = new Set<Duplex>();
  const note = (request: http.IncomingMessage) =>
    seen.push({ method: request.method ?? '', url: request.url ?? '', headers: request.headers, at: performance.now() });
  const server = http.createServer((request, response) => {
    note(request);
    if (request.url === '/version') json(response, 200, { gitVersion: version });
    else answer(request, response);
  });
  server.on('connection', (socket) => {
    connections += 1;
    sockets.add(socket);
    socket.on('error', () => {});
  });
  if (tunnel !== undefined)
    server.on('upgrade', (request, socket) => {
      note(request);
      if (request.headers.authorization === 'Bearer stale') socket.end('HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\n\r\n');
      else tunnel(upgraded(request, socket), request.url ?? '');
    });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  return {
    url,
    seen,
    connections: () => connections,
    version: (text) => {
      version = text;
    },
    connection: (patch) => ({
      context: 'fake',
      server: url,
      namespace: 'default',
      proxy: null,
      inCluster: false,
      credentials: async () => ({ headers: [['authorization', 'Bearer token']], tls: { rejectUnauthorized: true } }),
      ...patch,
    }),
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export function json(response: http.ServerResponse, status: number, value: unknown, headers: http.OutgoingHttpHeaders = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(value));
}

/** A Status as the API server writes it. */
export function kubeStatus(code: number, reason: string, message: string): object {
  return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, reason, code };
}

export function list(kind: string, names: readonly string[], next = ''): object {
  return {
    kind: `${kind}List`,
    apiVersion: 'v1',
    metadata: { continue: next },
    items: names.map((name) => ({ metadata: { name, namespace: 'ns' } })),
  };
}

export const gzipped = (text: string | Buffer): Buffer => gzipSync(text);

/** Carries the tunnel to a real port, as a kubelet does. */
export function kubelet(port: (url: string) => number): (pod: PodSide, url: string) => void {
  return (pod, url) => {
    const upstream = net.connect(port(url), '127.0.0.1');
    pod.onData = (bytes) => upstream.write(bytes);
    pod.onClose = () => upstream.destroy();
    upstream.on('data', (bytes) => {
      pod.data(bytes);
      if (pod.socket.writableNeedDrain) {
        upstream.pause();
        pod.socket.once('drain', () => upstream.resume());
      }
    });
    upstream.on('error', (error) => {
      const text = `error forwarding port 1064 to pod abc, uid : failed to connect: dial tcp4 127.0.0.1:1064: ${spoken(error)}`;
      pod.error(text);
    });
    upstream.on('close', () => pod.close(1000));
  };
}

function spoken(error: Error & { code?: string }): string {
  return { ECONNREFUSED: 'connect: connection refused', ECONNRESET: 'read: connection reset by peer' }[error.code ?? ''] ?? error.message;
}

/** A port on which nothing listens. */
export async function closedPort(): Promise<number> {
  const server = net.createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** An HTTP server on a port of its own. */
export async function listening(
  answer: Answer,
): Promise<{ readonly port: number; readonly server: http.Server; readonly connections: () => number; close(): void }> {
  const server = http.createServer(answer);
  let connections = 0;
  server.on('connection', () => {
    connections += 1;
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    server,
    connections: () => connections,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** The handshake and the frames of RFC 6455. As golang.org/x/net/websocket, it cannot put fragments together: it hangs up. */
function upgraded(request: http.IncomingMessage, socket: Duplex): PodSide {
  const accept = createHash('sha1').update(`${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
  const port = Number(new URL(request.url ?? '', 'http://x').searchParams.get('ports'));
  const head = `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\nSec-WebSocket-Protocol: v4.channel.k8s.io\r\n\r\n`;
  const ports = [0, 1].map((channel) => frame(2, Buffer.from([channel, port & 255, port >> 8])));
  let over = false;
  const pod: PodSide = {
    socket,
    data: (bytes) => over || socket.write(frame(2, Buffer.concat([Buffer.from([0]), bytes]))),
    error: (text) => over || socket.write(frame(2, Buffer.concat([Buffer.from([1]), Buffer.from(text)]))),
    close: (code = 1000) => {
      if (!over) socket.end(frame(8, Buffer.from([code >> 8, code & 255])));
      over = true;
    },
    onData: () => {},
    onClose: () => {},
  };
  // One packet: what the tunnel does first arrives together with the handshake.
  socket.cork();
  socket.write(head);
  for (const bytes of ports) socket.write(bytes);
  setImmediate(() => socket.uncork());
  socket.on('error', () => {});
  socket.on('end', () => socket.end());
  socket.on('close', () => pod.onClose());
  readFrames(socket, pod);
  return pod;
}

function frame(opcode: number, payload: Buffer): Buffer {
  const size = payload.length;
  const length =
    size < 126
      ? [size]
      : size < 65536
        ? [126, size >> 8, size & 255]
        : [127, 0, 0, 0, 0, ...[24, 16, 8, 0].map((shift) => (size >>> shift) & 255)];
  return Buffer.concat([Buffer.from([0x80 | opcode, ...length]), payload]);
}

function readFrames(socket: Duplex, pod: PodSide): void {
  let buffer = Buffer.alloc(0);
  socket.on('data', (chunk: Buffer) => {
    buffer = Buffer.concat([buffer, chunk]);
    for (let next = parsed(buffer); next !== null; next = parsed(buffer)) {
      buffer = buffer.subarray(next.size);
      if (!next.whole || next.opcode === 0) socket.destroy();
      if (next.opcode === 8) socket.end();
      if (next.opcode === 2 && next.payload[0] === 0) pod.onData(next.payload.subarray(1));
    }
  });
}

function parsed(buffer: Buffer): { size: number; whole: boolean; opcode: number; payload: Buffer } | null {
  if (buffer.length < 6) return null;
  const short = (buffer[1] ?? 0) & 127;
  const extra = short === 126 ? 2 : short === 127 ? 8 : 0;
  if (buffer.length < 6 + extra) return null;
  const length = short === 126 ? buffer.readUInt16BE(2) : short === 127 ? Number(buffer.readBigUInt64BE(2)) : short;
  const start = 6 + extra;
  if (buffer.length < start + length) return null;
  const mask = buffer.subarray(start - 4, start);
  const payload = Buffer.from(buffer.subarray(start, start + length).map((byte, at) => byte ^ (mask[at % 4] ?? 0)));
  return { size: start + length, whole: ((buffer[0] ?? 0) & 0x80) !== 0, opcode: (buffer[0] ?? 0) & 15, payload };
}
