import { ReadError, type Reply, type Request, type Via } from '../model/source.ts';
import { codeOf, onceMore } from './address.ts';
import type { Api, ApiOptions } from './api.ts';
import { interruption, startDeadline } from './deadline.ts';
import { answerTrouble, lateReply, type Question, questionOf, replyOf } from './endpoint.ts';
import type { Connector } from './http.ts';
import { type PodEndpoint, type PodPorts, podPorts } from './pod-ports.ts';
import { addressTrouble, forwardTrouble, type ServerVersion } from './pod-trouble.ts';
import type { Relay } from './proxied.ts';
import { noWay, WayClosed } from './way-closed.ts';

/** Websockets take a while to load. */
const connectors = () => import('./pod-connectors.ts');

/** How pod ports are to be reached. */
export type ViaChoice = 'auto' | Via;

export interface PodsOptions extends ApiOptions {
  readonly via: ViaChoice;
  readonly serverVersion: ServerVersion;
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

export function openPods(api: Api, relay: Relay, options: PodsOptions): Pods {
  // While the first lists are on their way there is time for it; a failure shows when it is wanted.
  setImmediate(() => connectors().catch(() => null));
  const ports = podPorts();
  const ways = new Map<string, Via>();
  const asked = new Set<string>();
  const context: Context = { api, relay, options, ports, closed: new Map() };

  async function get(endpoint: PodEndpoint, request: Request): Promise<Reply> {
    const question = questionOf(endpoint, request, options.userAgent);
    const key = keyOf(endpoint);
    asked.add(key);
    const shut: [Via, ReadError][] = [];
    for (const via of order(options)) {
      try {
        const reply = await by(context, via, endpoint, request, question);
        ways.set(key, via);
        return reply;
      } catch (error) {
        if (options.signal.aborted) throw interruption(options.signal, question.what);
        if (!(error instanceof WayClosed)) throw error;
        shut.push([via, error.about(question.what)]);
      }
    }
    throw noWay(question.what, question.from, shut);
  }
  return { get, ways, count: () => asked.size, destroy: ports.destroy };
}

interface Context {
  readonly api: Api;
  readonly relay: Relay;
  readonly options: PodsOptions;
  readonly ports: PodPorts;
  /** Ways that are closed for a whole namespace, since when. */
  readonly closed: Map<string, { readonly error: ReadError; readonly at: number }>;
}

type Connected = Exclude<Via, 'proxy'>;

async function by(context: Context, via: Via, endpoint: PodEndpoint, request: Request, question: Question): Promise<Reply> {
  const { relay, closed } = context;
  const wide = `${via} ${endpoint.namespace}`;
  const known = closed.get(wide);
  if (known !== undefined && performance.now() - known.at < closedForMs) throw new WayClosed(known.error, true);
  try {
    if (via === 'proxy') return await relay.get(endpoint, question);
    return await connected(context, via, endpoint, request, question);
  } catch (error) {
    if (error instanceof WayClosed && error.everywhere) closed.set(wide, { error: error.error, at: performance.now() });
    throw error;
  }
}

function keyOf({ namespace, pod, port, scheme }: PodEndpoint): string {
  return `${scheme ?? 'http'} ${namespace}/${pod}:${port}`;
}

function order({ via, connection }: PodsOptions): readonly Via[] {
  if (via !== 'auto') return [via];
  return connection.inCluster ? ['port-forward', 'proxy', 'direct'] : ['port-forward', 'proxy'];
}

async function connected(context: Context, via: Connected, endpoint: PodEndpoint, request: Request, question: Question): Promise<Reply> {
  const { options, ports } = context;
  const connector = await connectorOf(context, via, endpoint, question);
  const size = request.peer === 'prometheus' ? prometheusConnections : 1;
  const lease = await ports.lease(`${via} ${keyOf(endpoint)}`, () => ({ endpoint, size, connector }));
  const late = () => lateReply(question, options.requestTimeoutMs, lease.port.reached);
  const deadline = startDeadline(options.requestTimeoutMs, options.signal, question.what, late);
  const started = performance.now();
  const report = (status: number | string) => options.onRequest({ what: question.what, ms: performance.now() - started, status });
  try {
    const answer = await onceMore(() => lease.port.connections.get(question.path, question.headers, deadline.signal));
    report(answer.status);
    return replyOf(answer, question, deadline, via, lease.release);
  } catch (error) {
    deadline.end();
    lease.release();
    report(codeOf(error));
    throw error instanceof WayClosed ? error : answerTrouble(error, question, deadline);
  }
}

async function connectorOf(context: Context, via: Connected, endpoint: PodEndpoint, question: Question): Promise<Connector> {
  const { api, options } = context;
  // Time is left for another way when this one leads nowhere.
  const limitMs = options.requestTimeoutMs / (options.via === 'auto' ? 2 : 1);
  const { throughAddress, throughPortForward } = await connectors();
  if (via === 'port-forward') {
    const trouble = (error: unknown) => Promise.reject(forwardTrouble(error, endpoint, question, options.serverVersion));
    return () => throughPortForward(api, options, endpoint, limitMs).catch(trouble);
  }
  const ip = await options.addressOf(endpoint.namespace, endpoint.pod);
  const homeless = `pod ${endpoint.namespace}/${endpoint.pod} has no address`;
  if (ip === null) throw new WayClosed(new ReadError('unreachable', question.what, homeless), false);
  const trouble = (error: unknown) => Promise.reject(addressTrouble(error, question));
  return () => throughAddress(options, endpoint, ip, limitMs).catch(trouble);
}
