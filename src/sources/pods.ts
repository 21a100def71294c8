import { ReadError, type Reply, type Request, type Via } from '../model/source.ts';
import { onceMore } from './address.ts';
import type { Api, ApiOptions } from './api.ts';
import { interruption, startDeadline } from './deadline.ts';
import { answerTrouble, lateReply, type Question, questionOf, refusedPort, replyOf } from './endpoint.ts';
import type { Connector } from './http.ts';
import { throughAddress, throughPortForward, UpgradeRefused } from './pod-connectors.ts';
import { type PodEndpoint, podPorts } from './pod-ports.ts';
import { throughProxy } from './proxied.ts';
import { excerpt, forbidden, statusOf } from './status.ts';
import { noWay, WayClosed } from './way-closed.ts';

/** How pod ports are to be reached. */
export type ViaChoice = 'auto' | Via;

export interface PodsOptions extends ApiOptions {
  readonly via: ViaChoice;
  /** "1.34"; null when the API server did not say. */
  readonly serverVersion: { readonly major: number; readonly minor: number } | null;
  /** The address of a pod; null when it has none. */
  readonly addressOf: (namespace: string, pod: string) => Promise<string | null>;
}

/** GETs to pod ports. */
export interface Pods {
  get(endpoint: PodEndpoint, request: Request): Promise<Reply>;
  /** How each port was reached at last. */
  readonly ways: ReadonlyMap<string, Via>;
  /** How many ports were asked for. */
  readonly count: () => number;
  destroy(error: Error): void;
}

// A permission may be granted while doctor --wait is waiting for it.
const closedForMs = 5_000;
// Prometheus answers several questions at once; a metrics endpoint is asked one.
const prometheusConnections = 3;

export function openPods(api: Api, options: PodsOptions): Pods {
  const ports = podPorts();
  const ways = new Map<string, Via>();
  const asked = new Set<string>();
  const closed = new Map<string, { readonly error: ReadError; readonly at: number }>();
  const context: Context = { api, options, ports };

  async function by(via: Via, endpoint: PodEndpoint, request: Request, question: Question): Promise<Reply> {
    const wide = `${via} ${endpoint.namespace}`;
    const known = closed.get(wide);
    if (known !== undefined && performance.now() - known.at < closedForMs) throw new WayClosed(known.error, true);
    try {
      return via === 'proxy' ? await proxied(context, endpoint, question) : await connected(context, via, endpoint, request, question);
    } catch (error) {
      if (error instanceof WayClosed && error.everywhere) closed.set(wide, { error: error.error, at: performance.now() });
      throw error;
    }
  }

  async function get(endpoint: PodEndpoint, request: Request): Promise<Reply> {
    const question = questionOf(endpoint, request, options.userAgent);
    const key = keyOf(endpoint);
    asked.add(key);
    const shut: [Via, ReadError][] = [];
    for (const via of order(options)) {
      try {
        const reply = await by(via, endpoint, request, question);
        ways.set(key, via);
        return reply;
      } catch (error) {
        if (options.signal.aborted) throw interruption(options.signal, question.what);
        if (!(error instanceof WayClosed)) throw error;
        shut.push([via, new ReadError(error.error.reason, question.what, error.error.message, reasonsOf(error.error))]);
      }
    }
    throw noWay(question.what, question.from, shut);
  }
  return { get, ways, count: () => asked.size, destroy: ports.destroy };
}

interface Context {
  readonly api: Api;
  readonly options: PodsOptions;
  readonly ports: ReturnType<typeof podPorts>;
}

function reasonsOf({ needs, cause }: ReadError) {
  return { cause, ...(needs === null ? {} : { needs }) };
}

function keyOf({ namespace, pod, port, scheme }: PodEndpoint): string {
  return `${scheme ?? 'http'} ${namespace}/${pod}:${port}`;
}

function order({ via, connection }: PodsOptions): readonly Via[] {
  if (via !== 'auto') return [via];
  return connection.inCluster ? ['port-forward', 'proxy', 'direct'] : ['port-forward', 'proxy'];
}

async function proxied({ api, options }: Context, endpoint: PodEndpoint, question: Question): Promise<Reply> {
  const late = () => lateReply(question, options.requestTimeoutMs, true);
  const deadline = startDeadline(options.requestTimeoutMs, options.signal, question.what, late);
  try {
    return await throughProxy(api, endpoint, question, deadline, () => {});
  } catch (error) {
    deadline.end();
    throw error;
  }
}

async function connected(context: Context, via: 'port-forward' | 'direct', endpoint: PodEndpoint, request: Request, question: Question) {
  const { options, ports } = context;
  const connector = await connectorOf(context, via, endpoint, question);
  const size = request.peer === 'prometheus' ? prometheusConnections : 1;
  const lease = await ports.lease(`${via} ${keyOf(endpoint)}`, () => ({ endpoint, size, connector }));
  const leave = await lease.port.gate.enter().catch((error) => {
    lease.release();
    throw error;
  });
  const done = () => {
    leave();
    lease.release();
  };
  const late = () => lateReply(question, options.requestTimeoutMs, lease.port.reached);
  const deadline = startDeadline(options.requestTimeoutMs, options.signal, question.what, late);
  const started = performance.now();
  try {
    const answer = await onceMore(() => lease.port.connections.get(question.path, question.headers, deadline.signal));
    options.onRequest({ what: question.what, ms: performance.now() - started, status: answer.status });
    return replyOf(answer, question, deadline, via, done);
  } catch (error) {
    deadline.end();
    done();
    options.onRequest({ what: question.what, ms: performance.now() - started, status: error instanceof Error ? error.name : 'error' });
    throw error instanceof WayClosed ? error : answerTrouble(error, question, deadline);
  }
}

async function connectorOf(
  { api, options }: Context,
  via: 'port-forward' | 'direct',
  endpoint: PodEndpoint,
  question: Question,
): Promise<Connector> {
  // Time is left for another way when this one leads nowhere.
  const limitMs = options.requestTimeoutMs / (options.via === 'auto' ? 2 : 1);
  if (via === 'port-forward')
    return () =>
      throughPortForward(api, options, endpoint, limitMs).catch((error) =>
        Promise.reject(forwardTrouble(error, endpoint, question, options)),
      );
  const ip = await options.addressOf(endpoint.namespace, endpoint.pod);
  if (ip === null)
    throw new WayClosed(new ReadError('unreachable', question.what, `pod ${endpoint.namespace}/${endpoint.pod} has no address`), false);
  return () => throughAddress(options, endpoint, ip, limitMs).catch((error) => Promise.reject(addressTrouble(error, question)));
}

/** What it means that no tunnel could be opened: mostly that this way is closed. */
function forwardTrouble(error: unknown, endpoint: PodEndpoint, question: Question, { serverVersion }: PodsOptions): unknown {
  const { what, from } = question;
  if (!(error instanceof UpgradeRefused))
    return error instanceof ReadError && error.fault === null && error.reason !== 'interrupted' ? new WayClosed(error, false) : error;
  const { status, text } = error.answer;
  const kube = statusOf(text);
  if (status === 403 && kube !== null) return new WayClosed(forbidden(what, forwarding(endpoint.namespace, serverVersion), kube), true);
  if (status === 401) return new ReadError('forbidden', what, 'the API server does not accept these credentials (401)');
  if (status === 404 && kube?.reason === 'NotFound') return new ReadError('unreachable', what, `${from} does not exist: ${kube.message}`);
  const said = kube?.message ?? (text.trim() === '' ? 'nothing more' : excerpt(text));
  return new WayClosed(new ReadError('unreachable', what, `the upgrade to a websocket was refused with ${status}: ${said}`), false);
}

/** Both verbs from 1.35 on: AuthorizePodWebsocketUpgradeCreatePermission, kubernetes/pkg/features/kube_features.go. */
function forwarding(namespace: string, version: PodsOptions['serverVersion']) {
  const both = version !== null && (version.major > 1 || version.minor >= 35);
  return { verbs: both ? ['get', 'create'] : ['get'], resource: 'pods/portforward', namespace };
}

function addressTrouble(error: unknown, { what, from }: Question): unknown {
  if (!(error instanceof ReadError) || error.fault !== null || error.reason === 'interrupted') return error;
  const code = error.cause instanceof Error && 'code' in error.cause ? error.cause.code : null;
  return code === 'ECONNREFUSED' ? refusedPort(what, from, error) : new WayClosed(error, false);
}
