import { defineFact, type Fact } from '../model/fact.ts';
import type { Many, Unread } from '../model/source.ts';
import { unmet } from '../parse/selector.ts';
import { discoveredOf, relabelled, takesPort } from './discovery.ts';
import type { Emitter, Nouns } from './emitters.ts';
import { type Monitor, type MonitorEndpoint, type Monitors, monitors, poolOf } from './monitors.ts';
import { namespaces } from './namespaces.ts';
import { type Operator, operators } from './operator.ts';
import { type PrometheusObject, type PrometheusObjects, prometheusObjects } from './prometheus-objects.ts';
import { type Selection, type Surroundings, selectionOf } from './selection.ts';
import { throughServices } from './service-coverage.ts';
import { noServiceMonitors, type Service, type ServiceMonitors, serviceMonitors } from './service-monitors.ts';

/** What can keep a monitor's endpoint from scraping an emitter. */
export type Condition = 'namespace' | 'labels' | 'port' | 'path';

/** An emitter that an endpoint selects, with the labels its series would get. */
export interface Cover {
  readonly emitter: Emitter;
  readonly labels: Readonly<Record<string, string>>;
  /** False when a relabeling looked at something that is not known of the pod. */
  readonly sure: boolean;
  /** The endpoint's own relabelings drop it (by that rule, from 0) or send the scrape elsewhere (null); absent: it is scraped. Only where no other endpoint scrapes it. */
  readonly dropped?: { readonly rule: number | null };
  /** Through which it is scraped, by a ServiceMonitor. */
  readonly service?: Service;
}

/** An emitter that an endpoint does not scrape, although it seems meant to. */
export interface Miss {
  readonly emitter: Emitter;
  readonly failing: readonly Condition[];
  /** The one that comes nearest, for a ServiceMonitor. */
  readonly service?: Service;
}

export interface EndpointCoverage {
  readonly monitor: Monitor;
  readonly endpoint: MonitorEndpoint;
  readonly pool: string;
  readonly covers: readonly Cover[];
  /** Near misses alone: an endpoint for another port of the same pods has none. */
  readonly misses: readonly Miss[];
}

export interface MonitorCoverage {
  readonly monitor: Monitor;
  readonly endpoints: readonly EndpointCoverage[];
  /** One for each Prometheus object. */
  readonly selections: readonly Selection[];
}

/** Which PodMonitors and ServiceMonitors scrape which emitters, and which Prometheus takes them. */
export interface Coverage {
  /** The API server knows PodMonitors. */
  readonly installed: boolean;
  /** Emitters that ought to be scraped: not ending, not finished. */
  readonly emitters: readonly Emitter[];
  readonly monitors: readonly MonitorCoverage[];
  readonly objects: readonly PrometheusObject[];
  readonly objectsInstalled: boolean;
  readonly operators: readonly Operator[];
  /** Emitters that could not be read. */
  readonly unread: readonly Unread[];
  /** ServiceMonitors that could not be read, which are in `unread` too. */
  readonly servicesUnread: readonly Unread[];
  /** Prometheus objects that could not be read. */
  readonly objectsUnread: readonly Unread[];
}

const made = new WeakMap<Nouns, Fact<Coverage>>();

/** The coverage fact of one pipeline: always the same object for the same nouns. */
export function coverage(nouns: Nouns): Fact<Coverage> {
  const known = made.get(nouns);
  if (known !== undefined) return known;
  const fact = defineFact({
    id: `coverage-of-${nouns.many.replace(/\W+/g, '-')}`,
    title: `${nouns.services === true ? 'monitors' : 'PodMonitors'} of each ${nouns.one}`,
    needs: { emitters: nouns.emitters, monitors, objects: prometheusObjects },
    wants: { namespaces, operators, services: nouns.services === true ? serviceMonitors : noServiceMonitors },
    read: (known) => {
      const services =
        known.services.status === 'read' ? known.services.value : { monitors: [], services: [], unread: [known.services.unread] };
      return coverageOf(known.emitters, known.monitors, known.objects, { ...known, services });
    },
  });
  made.set(nouns, fact);
  return fact;
}

/** Works out the coverage; pure. */
function coverageOf(
  found: Many<Emitter>,
  { installed, monitors }: Monitors,
  objects: PrometheusObjects,
  around: Surroundings & { readonly services?: ServiceMonitors },
): Coverage {
  const emitters = found.read.filter(({ pod }) => !pod.deleting && pod.phase !== 'Failed' && pod.phase !== 'Succeeded');
  return {
    installed,
    emitters,
    monitors: withoutShared(
      [...monitors, ...(around.services?.monitors ?? [])].map((monitor) => ({
        monitor,
        endpoints: monitor.endpoints.map((endpoint) =>
          endpointCoverage(monitor, endpoint, { emitters, services: around.services?.services ?? [] }),
        ),
        selections: objects.read.map((object) => selectionOf(object, monitor, around)),
      })),
    ),
    objects: objects.read,
    objectsInstalled: objects.installed,
    operators: around.operators.status === 'read' ? around.operators.value : [],
    unread: [...found.unread, ...(around.services?.unread ?? [])],
    servicesUnread: around.services?.unread ?? [],
    objectsUnread: objects.unread,
  };
}

interface Seen {
  readonly emitters: readonly Emitter[];
  readonly services: readonly Service[];
}

function endpointCoverage(monitor: Monitor, endpoint: MonitorEndpoint, { emitters, services }: Seen): EndpointCoverage {
  if (monitor.kind === 'ServiceMonitor') {
    const results = emitters.map((emitter) => throughServices(monitor, endpoint, { emitter, services }));
    const pool = poolOf(monitor, endpoint);
    return { monitor, endpoint, pool, covers: results.flatMap((it) => it.covers), misses: results.flatMap((it) => it.miss ?? []) };
  }
  const covers: Cover[] = [];
  const misses: Miss[] = [];
  for (const emitter of emitters) {
    const result = judge(monitor, endpoint, emitter);
    if ('labels' in result) covers.push(result);
    else if (isNear(endpoint, result.failing)) misses.push(result);
  }
  return { monitor, endpoint, pool: poolOf(monitor, endpoint), covers, misses };
}

/** An endpoint that names a port and misses one condition, or misses the pods' namespace and labels at once. */
function isNear(endpoint: MonitorEndpoint, failing: readonly (Condition | 'elsewhere')[]): failing is readonly Condition[] {
  if (failing.includes('elsewhere')) return false;
  const named = endpoint.port !== null || endpoint.portNumber !== null || endpoint.targetPort !== null;
  return named && (failing.length === 1 || !failing.includes('port'));
}

function judge(monitor: Monitor, endpoint: MonitorEndpoint, emitter: Emitter): Cover | { emitter: Emitter; failing: readonly Condition[] } {
  const { pod } = emitter;
  const outside = monitor.namespaces !== null && !monitor.namespaces.includes(pod.namespace);
  const unlike = unmet(monitor.selector, pod.labels).length > 0;
  const port = portOutcome(monitor, endpoint, emitter);
  const failing = [...(outside ? ['namespace'] : []), ...(unlike ? ['labels'] : []), ...(typeof port === 'string' ? [port] : [])];
  if (failing.length > 0 || typeof port === 'string') return { emitter, failing: failing as readonly Condition[] };
  return { emitter, ...port };
}

type PortOutcome = 'port' | 'elsewhere' | 'path' | Omit<Cover, 'emitter'>;

/** 'elsewhere': the endpoint takes another port of the pod, so it was never meant for this one. */
function portOutcome(monitor: Monitor, endpoint: MonitorEndpoint, emitter: Emitter): PortOutcome {
  const taken = discoveredOf(emitter.pod).filter((found) => takesPort(endpoint, found));
  if (taken.length === 0) return 'port';
  const wanted = addressOf(emitter);
  const results = taken.map((found) => ({ found, result: relabelled(monitor, endpoint, found) }));
  for (const { result } of results)
    if (result.kept && result.address === wanted && result.path === emitter.path)
      return { labels: Object.fromEntries(result.labels), sure: result.sure };
  const own = results.find(({ found }) => found.portNumber === emitter.port)?.result;
  if (own === undefined) return 'elsewhere';
  if (!own.kept) return { labels: {}, sure: true, dropped: { rule: own.rule } };
  return own.address === wanted ? 'path' : { labels: {}, sure: own.sure, dropped: { rule: null } };
}

/** Relabelings that leave a pod to another endpoint are a way of sharing out, not a loss. */
function withoutShared(monitors: readonly MonitorCoverage[]): readonly MonitorCoverage[] {
  const all = monitors.flatMap(({ endpoints }) => endpoints.flatMap(({ covers }) => covers));
  const scraped = new Set(all.filter(({ dropped }) => dropped === undefined).map(({ emitter }) => emitter.key));
  return monitors.map((monitor) => ({
    ...monitor,
    endpoints: monitor.endpoints.map((endpoint) => ({
      ...endpoint,
      covers: endpoint.covers.filter(({ dropped, emitter }) => dropped === undefined || !scraped.has(emitter.key)),
    })),
  }));
}

/** "IP:PORT" as in a scrape URL. */
export function addressOf({ pod, port }: Emitter): string {
  const ip = pod.ip ?? '';
  return `${ip.includes(':') ? `[${ip}]` : ip}:${port}`;
}

/** The emitters that a Prometheus object sees through an endpoint it selects; with ignoreNamespaceSelectors only those beside the PodMonitor. */
export function seenBy(object: PrometheusObject, { monitor, covers }: EndpointCoverage): readonly Cover[] {
  return object.ignoresNamespaceSelectors ? covers.filter(({ emitter }) => emitter.pod.namespace === monitor.namespace) : covers;
}

/** The endpoints with covered emitters that an object takes. */
export function takenBy(object: PrometheusObject, coverage: Coverage): readonly EndpointCoverage[] {
  return coverage.monitors
    .filter(({ selections }) => selections.some((it) => it.object.key === object.key && it.outcome.status === 'selected'))
    .flatMap(({ endpoints }) => endpoints)
    .filter((endpoint) => seenBy(object, endpoint).length > 0);
}

/** What could not be read of whether monitors that match emitters are taken. */
export function doubtsOf(coverage: Coverage): readonly Unread[] {
  const covering = coverage.monitors.filter(({ endpoints }) => endpoints.some(({ covers }) => covers.length > 0));
  const unread = covering.flatMap(({ selections }) =>
    selections.flatMap(({ outcome }) => (outcome.status === 'unread' ? outcome.unread : [])),
  );
  return [...new Map([...coverage.objectsUnread, ...unread].map((it) => [it.what, it])).values()];
}
