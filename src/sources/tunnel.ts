import type { IncomingMessage } from 'node:http';
import { Duplex } from 'node:stream';
import WebSocket from 'ws';
import { tunnelError } from './tunnel-error.ts';

/** How to ask for a port of a pod: everything but the socket is the upgrade request's own. */
export interface TunnelWish {
  /** A connected socket to the API server, TLS included. */
  readonly socket: Duplex;
  /** Host header: "10.0.0.1:6443". */
  readonly host: string;
  /** "/api/v1/namespaces/ns/pods/name/portforward?ports=1064". */
  readonly path: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly timeoutMs: number;
}

/** The API server's answer when it does not upgrade. */
export interface Refused {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

export type TunnelAnswer = { readonly status: 'open'; readonly stream: Duplex } | { readonly status: 'refused'; readonly answer: Refused };

// The only subprotocol that every kubelet and API server accept: k8s.io/kubelet pkg/cri/streaming/portforward/websocket.go.
const subprotocol = 'v4.channel.k8s.io';
// golang.org/x/net/websocket takes each frame for a message: one unfragmented frame a write.
const maxFrame = 64 * 1024;
const maxPayload = 16 * 1024 * 1024;
// As kubectl does: a load balancer ends what is silent for long.
const pingMs = 10_000;
const [dataChannel, errorChannel] = [0, 1];
// Each channel begins with its port, little-endian: portforward/websocket.go, "binary.LittleEndian.PutUint16".
const portBytes = 2;

/** Upgrades the socket to one connection into the pod. Throws what the socket or the handshake threw; a refusal is an answer. */
export function openTunnel(wish: TunnelWish): Promise<TunnelAnswer> {
  const { socket } = wish;
  const webSocket = new WebSocket(`ws://${wish.host}${wish.path}`, subprotocol, {
    createConnection: (() => socket) as unknown as typeof import('node:net').createConnection,
    headers: headersOf(wish.headers),
    perMessageDeflate: false,
    followRedirects: false,
    maxPayload,
  });
  let timer: NodeJS.Timeout | undefined;
  const answer = new Promise<TunnelAnswer>((resolve, reject) => {
    // The timer that ws leaves to net.connect: this socket is connected already.
    timer = setTimeout(() => {
      reject(new Error(`no answer within ${wish.timeoutMs / 1000} s`));
      socket.destroy();
    }, wish.timeoutMs);
    webSocket.once('error', reject);
    webSocket.once('unexpected-response', (_, response: IncomingMessage) => {
      const refused = refusedBy(response).finally(() => socket.destroy());
      refused.then((answer) => resolve({ status: 'refused', answer }), reject);
    });
    // Frames may follow the handshake in the same packet: the stream listens before anything else happens.
    webSocket.once('open', () => resolve({ status: 'open', stream: streamOf(webSocket, socket) }));
  });
  return answer.finally(() => clearTimeout(timer));
}

/** Names that repeat become lists: Impersonate-Group. */
function headersOf(pairs: readonly (readonly [string, string])[]): Record<string, string> {
  const headers: Record<string, string | string[]> = {};
  for (const [name, value] of pairs) {
    const before = headers[name];
    headers[name] = before === undefined ? value : [before, value].flat();
  }
  // ws hands them to node:http, which takes lists; its types do not say so.
  return headers as Record<string, string>;
}

async function refusedBy(response: IncomingMessage): Promise<Refused> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > 64 * 1024) break;
  }
  const headers = Object.entries(response.headers).map(([name, value]) => [name, [value ?? ''].flat().join(', ')] as const);
  return { status: response.statusCode ?? 0, headers: Object.fromEntries(headers), text: Buffer.concat(chunks).toString('utf8') };
}

/** What undici wants of a socket beyond a Duplex. */
interface Held extends Duplex {
  ref?(): void;
  unref?(): void;
}

function streamOf(webSocket: WebSocket, socket: Held): Duplex {
  const stream: Held = new Duplex({
    read: () => webSocket.resume(),
    write: (chunk: Buffer, _, done) => writeFrames(webSocket, chunk, done),
    // A port-forward knows no half close; keep-alive answers need none.
    final: (done) => done(),
    destroy: (error, done) => {
      // A paused socket would never see the end.
      webSocket.resume();
      webSocket.terminate();
      done(error);
    },
    autoDestroy: true,
  });
  // An error may come before the stream has an owner, which then finds it in `errored`.
  stream.on('error', () => {});
  stream.ref = () => void socket.ref?.();
  stream.unref = () => void socket.unref?.();
  listen(webSocket, stream);
  return stream;
}

function listen(webSocket: WebSocket, stream: Duplex): void {
  const skip = { [dataChannel]: portBytes, [errorChannel]: portBytes };
  let problem = '';
  webSocket.on('error', (error) => stream.destroy(error));
  webSocket.on('message', (message: Buffer) => {
    const channel = message[0] === errorChannel ? errorChannel : dataChannel;
    const skipped = Math.min(skip[channel] ?? 0, message.length - 1);
    skip[channel] = (skip[channel] ?? 0) - skipped;
    const rest = message.subarray(1 + skipped);
    if (rest.length === 0) return;
    if (channel === dataChannel) {
      if (!stream.push(rest)) webSocket.pause();
      return;
    }
    problem += rest.toString('utf8');
    stream.destroy(tunnelError(problem));
  });
  const pings = setInterval(() => webSocket.ping(), pingMs).unref();
  webSocket.on('close', (code) => {
    clearInterval(pings);
    if (stream.destroyed) return;
    if (code === 1000 || code === 1001 || code === 1005) stream.push(null);
    else stream.destroy(tunnelError('', code));
  });
}

function writeFrames(webSocket: WebSocket, chunk: Buffer, done: (error?: Error | null) => void): void {
  if (webSocket.readyState !== WebSocket.OPEN) {
    done(tunnelError('', 1006));
    return;
  }
  let left = Math.ceil(chunk.length / maxFrame);
  let failed: Error | undefined;
  const sent = (error?: Error | null) => {
    failed ??= error ?? undefined;
    left -= 1;
    if (left === 0) done(failed);
  };
  for (let at = 0; at < chunk.length; at += maxFrame) {
    webSocket.send(Buffer.concat([Buffer.from([dataChannel]), chunk.subarray(at, at + maxFrame)]), { binary: true, fin: true }, sent);
  }
}
