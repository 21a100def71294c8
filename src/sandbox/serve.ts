import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Refusal, Snapshot, World } from '../model/snapshot.ts';
import { answerApi, attemptOf, type Holdings, type Place, placeOf } from './api.ts';
import type { Asked } from './asked.ts';
import { type Backends, backendsOf } from './backends.ts';
import { selfSigned } from './certificate.ts';
import { type Cluster, logged, pathOf } from './cluster.ts';
import { type Fault, faultsOf, type Trouble } from './faults.ts';
import { kubeconfigText } from './kubeconfig.ts';
import { logIn } from './logs.ts';
import { type Answer, respond } from './respond.ts';
import { forbidden, statusAnswer, unauthorized } from './status.ts';
import { storeOf } from './store.ts';
import { upgrade } from './upgrade.ts';

export interface ServeOptions {
  readonly faults?: readonly Fault[];
  /** The user that 403s speak of; "demo". */
  readonly user?: string;
  /** The context of the kubeconfig; "tokmeter-demo". */
  readonly context?: string;
}

/** A running sandbox. */
export interface Served {
  /** "https://127.0.0.1:41234". */
  readonly url: string;
  /** With the authority's certificate and the token. */
  readonly kubeconfig: string;
  readonly ca: string;
  readonly token: string;
  readonly asked: readonly Asked[];
  close(): Promise<void>;
}

// Bodies above 128 KiB are gzipped for those who ask: apiserver pkg/endpoints/handlers/responsewriters/writers.go defaultGzipThresholdBytes.
const gzipAbove = 128 * 1024;
const defaultServer = 'v1.34.0';

/** Serves a recording as a real HTTPS API server on 127.0.0.1, with port-forward, for kubectl and for tokmeter itself. */
export async function serve(from: World | Snapshot, options: ServeOptions = {}): Promise<Served> {
  const snapshot = 'snapshot' in from ? from.snapshot : from;
  const { user = 'demo', context = 'tokmeter-demo' } = options;
  const asked: Asked[] = [];
  const faults = faultsOf(options.faults ?? []);
  const token = randomBytes(18).toString('base64url');
  const identity = selfSigned('tokmeter sandbox');
  const backends = backendsOf(snapshot, faults, (request) => asked.push(request));
  const log: Holdings['log'] = (namespace, pod, container) => logIn(snapshot, namespace, pod, container);
  const holdings: Holdings = { store: storeOf(snapshot), now: new Date(snapshot.now), server: snapshot.server ?? defaultServer, user, log };
  const cluster: Cluster = { holdings, backends, faults, token, log: (request) => asked.push(request) };
  const server = createServer({ key: identity.key, cert: identity.cert }, (request, response) => void answer(request, response, cluster));
  const close = closer(server, backends);
  server.on('upgrade', (request, socket, head) => upgrade(request, socket, head, cluster));
  const url = await listening(server);
  return { url, kubeconfig: kubeconfigText(url, identity.cert, token, context), ca: identity.cert, token, asked, close };
}

function listening(server: Server): Promise<string> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => resolve(`https://127.0.0.1:${(server.address() as AddressInfo).port}`));
  });
}

function closer(server: Server, backends: Backends): () => Promise<void> {
  const sockets = new Set<Duplex>();
  server.on('connection', (socket: Duplex) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  return () =>
    new Promise((resolve) => {
      server.close(() => resolve());
      backends.close();
      for (const socket of sockets) socket.destroy();
    });
}

async function answer(request: IncomingMessage, response: ServerResponse, cluster: Cluster): Promise<void> {
  const { holdings, backends } = cluster;
  const trouble = logged(request, cluster);
  const place = placeOf(pathOf(request), holdings.store);
  const forbids = trouble !== null && 'forbid' in trouble;
  const refused = refusalOf(request, place, forbids, cluster);
  const manner = { now: holdings.now, gzipAbove };
  if (refused !== null) return respond(request, response, refused, trouble, manner);
  const endpoint = place === null ? null : proxied(place);
  if (endpoint === null || place === null || decides(trouble))
    return respond(request, response, answerApi(request, holdings), trouble, manner);
  return backends.answer(endpoint, request, response, place.rest + new URL(request.url ?? '/', 'http://sandbox').search);
}

/** Whether a trouble leaves nothing to answer. */
function decides(trouble: Trouble | null): boolean {
  return trouble !== null && ('status' in trouble || 'hang' in trouble || 'reset' in trouble);
}

/** Why a request is not granted; null when it is. */
function refusalOf(request: IncomingMessage, place: Place | null, forbids: boolean, cluster: Cluster): Answer | null {
  const { holdings, backends, token } = cluster;
  if (request.headers.authorization !== `Bearer ${token}`) return unauthorized;
  if (request.method !== 'GET' && request.method !== 'HEAD')
    return statusAnswer(405, 'MethodNotAllowed', `the sandbox is read-only: ${request.method} is not allowed`);
  if (place === null) return forbids ? forbiddenPath(request, holdings.user) : null;
  const attempt = attemptOf(place, place.name === null ? 'list' : 'get', holdings.user);
  if (forbids) return forbidden(attempt);
  const endpoint = proxied(place);
  if (endpoint === null) return null;
  const refusal = backends.refusal(endpoint);
  if (refusal?.reason === 'forbidden') return forbidden(attempt);
  return backends.has(endpoint) ? unreached(refusal) : unreachedService('connect: connection refused');
}

/** What the API server's proxy makes of an endpoint that gives no HTTP answer; null when it just waits. */
function unreached(refusal: Refusal | null): Answer | null {
  if (refusal === null || refusal.fault === 'slow') return null;
  if (refusal.fault === 'refused') return unreachedService('connect: connection refused');
  if (refusal.fault === 'not-http') return unreachedService('net/http: HTTP/1.x transport connection broken: malformed HTTP response');
  return unreachedService(refusal.fault === 'truncated' ? 'EOF' : refusal.message);
}

/** apimachinery pkg/util/proxy, and what net/http said. */
function unreachedService(cause: string): Answer {
  return statusAnswer(503, 'ServiceUnavailable', `error trying to reach service: ${cause}`);
}

function forbiddenPath(request: IncomingMessage, user: string): Answer {
  return statusAnswer(403, 'Forbidden', `forbidden: User "${user}" cannot get path "${pathOf(request)}"`);
}

/** The endpoint behind …/pods/NAME:PORT/proxy and …/services/NAME:PORT/proxy; null for any other place. */
function proxied({ kind, namespace, name, subresource }: Place): string | null {
  if (subresource !== 'proxy' || name === null || namespace === null) return null;
  const [port, host, scheme] = name.split(':').reverse();
  const at = kind.resource === 'pods' ? 'pod' : 'service';
  return `${scheme === 'https' ? 'https ' : ''}${at} ${namespace}/${host}:${port}`;
}
