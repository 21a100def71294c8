import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { acceptSpdy, type SpdyStream, type Wire } from './spdy.ts';
import { acceptWebSocket, type WebSocket } from './websocket.ts';

/** A pod that lets its ports be forwarded. */
export interface Forwarded {
  readonly pod: string;
  readonly uid: string;
  /** null: connection refused. */
  dial(port: number): Duplex | null;
}

const channels = 'v4.channel.k8s.io';
// kubectl 1.31 and later: apimachinery pkg/util/portforward constants.go.
const tunnel = 'SPDY/3.1+portforward.k8s.io';
// As much as io.Copy writes at once.
const chunkSize = 32 * 1024;

/** Answers an upgrade of pods/portforward in the three ways that clients know. Returns false when it offers none of them. */
export function forwardPorts(request: IncomingMessage, socket: Duplex, head: Buffer, forwarded: Forwarded): boolean {
  const upgrade = String(request.headers.upgrade ?? '').toLowerCase();
  if (upgrade === 'spdy/3.1') {
    spdy(rawWire(socket, head), forwarded);
    return true;
  }
  const offered = String(request.headers['sec-websocket-protocol'] ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  if (offered.includes(tunnel)) spdy(socketWire(acceptWebSocket(request, socket, head, tunnel)), forwarded);
  else if (offered.includes(channels) || offered.length === 0)
    channelled(acceptWebSocket(request, socket, head, offered.length === 0 ? '' : channels), portsOf(request), forwarded);
  else return false;
  return true;
}

function portsOf(request: IncomingMessage): readonly number[] {
  const { searchParams } = new URL(request.url ?? '/', 'http://sandbox');
  return searchParams.getAll('ports').flatMap((ports) => ports.split(',').map(Number));
}

/** What the kubelet says when nothing listens: containerd pkg/cri/sandbox_portforward_linux.go behind k8s.io/cri-streaming. */
function refusal(port: number, { pod, uid }: Forwarded): Buffer {
  const cause = `failed to connect to localhost:${port} inside namespace "${uid}", IPv4: dial tcp4 127.0.0.1:${port}: connect: connection refused`;
  return Buffer.from(
    `error forwarding port ${port} to pod ${pod}, uid ${uid}: failed to execute portforward in network namespace: ${cause}`,
  );
}

/** Channel 2i carries the data of port i and 2i+1 its error; each begins with the port, little-endian (k8s.io/cri-streaming websocket.go). */
function channelled(socket: WebSocket, ports: readonly number[], forwarded: Forwarded): void {
  const open = new Map<number, Duplex>();
  let left = ports.length;
  const done = (): void => {
    left -= 1;
    if (left === 0) socket.close(1000);
  };
  socket.onMessage((message) => {
    open.get(message[0] ?? 255)?.write(message.subarray(1));
  });
  socket.onClose(() => {
    for (const backend of open.values()) backend.destroy();
  });
  ports.forEach((port, index) => {
    const send = (channel: number, bytes: Buffer): boolean => socket.send(Buffer.concat([Buffer.from([channel]), bytes]));
    const name = Buffer.from([port & 0xff, port >> 8]);
    send(2 * index, name);
    send(2 * index + 1, name);
    const backend = forwarded.dial(port);
    if (backend === null) {
      send(2 * index + 1, refusal(port, forwarded));
      done();
      return;
    }
    open.set(2 * index, backend);
    pump(backend, (bytes) => send(2 * index, bytes), socket, done);
  });
}

/** Two streams a connection, told apart by header; a pair belongs together by request id (k8s.io/cri-streaming httpstream.go). */
function spdy(wire: Wire & Drain, forwarded: Forwarded): void {
  const errors = new Map<string, SpdyStream>();
  acceptSpdy(wire, (stream) => {
    const { streamtype, port = '', requestid = '' } = stream.headers;
    if (streamtype === 'error') {
      errors.set(requestid, stream);
      return;
    }
    const error = errors.get(requestid);
    errors.delete(requestid);
    const backend = forwarded.dial(Number(port));
    if (backend === null) {
      error?.end(refusal(Number(port), forwarded));
      stream.reset();
      return;
    }
    stream.onData((bytes) => void backend.write(bytes));
    stream.onEnd(() => void backend.end());
    pump(backend, stream.send, wire, () => {
      stream.end();
      error?.end();
    });
  });
}

interface Drain {
  onDrain(listener: () => void): void;
}

/** Copies what the backend says, no faster than the client reads. */
function pump(backend: Duplex, send: (bytes: Buffer) => boolean, { onDrain }: Drain, done: () => void): void {
  backend.on('data', (bytes: Buffer) => {
    let room = true;
    for (let at = 0; at < bytes.length; at += chunkSize) room = send(bytes.subarray(at, at + chunkSize));
    if (!room) backend.pause();
  });
  onDrain(() => backend.resume());
  backend.on('error', () => backend.destroy());
  backend.once('close', done);
  backend.once('end', () => backend.destroy());
}

function rawWire(socket: Duplex, head: Buffer): Wire & Drain {
  socket.write(
    'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\nX-Stream-Protocol-Version: portforward.k8s.io\r\n\r\n',
  );
  socket.on('error', () => socket.destroy());
  return {
    send: (bytes) => (socket.writable ? socket.write(bytes) : true),
    onDrain: (listener) => socket.on('drain', listener),
    onMessage: (listener) => {
      socket.on('data', listener);
      if (head.length > 0) listener(head);
    },
  };
}

function socketWire(socket: WebSocket): Wire & Drain {
  return { send: socket.send, onDrain: socket.onDrain, onMessage: socket.onMessage };
}
