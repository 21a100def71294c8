import type { Duplex } from 'node:stream';
import tls from 'node:tls';
import { ReadError } from '../model/source.ts';
import { addressOf, basePath, timerOf } from './address.ts';
import type { Api, ApiOptions } from './api.ts';
import { sleep } from './deadline.ts';
import { placeOf } from './endpoint.ts';
import type { PodEndpoint } from './pod-ports.ts';
import { UpgradeRefused } from './pod-trouble.ts';
import { retryDelay } from './retry.ts';
import { openSocket } from './socket.ts';
import { socketTrouble } from './socket-trouble.ts';
import { openTunnel, type TunnelAnswer } from './tunnel.ts';

const maxRetries = 2;

/** A connection to a pod's port through the API server and its kubelet: one websocket, no local port. */
export async function throughPortForward(api: Api, options: ApiOptions, endpoint: PodEndpoint, limitMs: number): Promise<Duplex> {
  let held = await api.credentials();
  for (let retries = 0, renewed = false; ; ) {
    const answer = await upgrade(options, held.credentials.headers, held.credentials.tls, endpoint, limitMs);
    if (answer.status === 'open') return secured(answer.stream, endpoint);
    const refused = answer.answer;
    if (refused.status === 401 && !renewed) {
      renewed = true;
      held = await api.credentials(held);
      continue;
    }
    const delay = refused.status === 429 && retries < maxRetries ? retryDelay(refused, retries) : null;
    if (delay === null || delay > limitMs / 2) throw new UpgradeRefused(refused);
    retries += 1;
    await sleep(delay, options.signal);
  }
}

type Held = Awaited<ReturnType<Api['credentials']>>['credentials'];

async function upgrade(
  options: ApiOptions,
  headers: Held['headers'],
  material: Held['tls'],
  endpoint: PodEndpoint,
  limitMs: number,
): Promise<TunnelAnswer> {
  const { connection, signal, userAgent, onRequest } = options;
  const { server, proxy } = connection;
  const started = performance.now();
  const secure = server.protocol === 'https:' ? material : null;
  const socket = await openSocket({ ...addressOf(server), tls: secure, proxy, timeoutMs: timerOf(limitMs), signal, userAgent });
  const stop = () => socket.destroy();
  signal.addEventListener('abort', stop);
  socket.once('close', () => signal.removeEventListener('abort', stop));
  const { namespace, pod, port } = endpoint;
  const path = `${basePath(server)}/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(pod)}/portforward?ports=${port}`;
  const answer = await openTunnel({
    socket,
    host: server.host,
    path,
    headers: [['user-agent', userAgent], ...headers],
    timeoutMs: timerOf(limitMs),
  }).catch((error) => Promise.reject(noUpgrade(error, endpoint)));
  onRequest({
    what: `open a tunnel to ${placeOf(endpoint)}`,
    ms: performance.now() - started,
    status: answer.status === 'open' ? 101 : answer.answer.status,
  });
  return answer;
}

function noUpgrade(cause: unknown, endpoint: PodEndpoint): ReadError {
  const said = cause instanceof Error ? cause.message : String(cause);
  return new ReadError('unreachable', `connect to ${placeOf(endpoint)}`, `the upgrade to a websocket failed: ${said}`, { cause });
}

/** A connection to the pod's own address; only from inside the cluster. */
export async function throughAddress(options: ApiOptions, endpoint: PodEndpoint, ip: string, limitMs: number): Promise<Duplex> {
  const { signal, userAgent } = options;
  const socket = await openSocket({
    host: ip,
    port: endpoint.port,
    tls: null,
    proxy: null,
    timeoutMs: timerOf(limitMs),
    signal,
    userAgent,
  });
  return secured(socket, endpoint);
}

/** TLS with the pod; its certificate names no one we could check, and the API server's own proxy does not check it either: kubernetes/pkg/registry/core/pod/strategy.go, ResourceLocation with InsecureSkipVerify transport. */
function secured(stream: Duplex, endpoint: PodEndpoint): Promise<Duplex> {
  if (endpoint.scheme !== 'https') return Promise.resolve(stream);
  return new Promise((resolve, reject) => {
    const secure = tls.connect({ socket: stream, rejectUnauthorized: false, ALPNProtocols: ['http/1.1'] });
    const fail = (error: unknown) => reject(tlsTrouble(error, endpoint));
    stream.once('error', fail);
    stream.once('close', () => fail(stream.errored ?? new Error('closed')));
    secure.on('error', fail);
    secure.once('secureConnect', () => resolve(secure));
  });
}

function tlsTrouble(error: unknown, endpoint: PodEndpoint): unknown {
  if (error instanceof Error && error.name === 'TunnelError') return error;
  const from = placeOf(endpoint);
  const { reason, message } = socketTrouble(error, { role: 'server', name: from, host: endpoint.pod });
  return new ReadError(reason, `connect to ${from}`, message, { cause: error, fault: 'not-http' });
}
