import { takesWhole } from '../parse/matcher.ts';
import { unmet } from '../parse/selector.ts';
import type { Condition, Cover, Miss } from './coverage.ts';
import { type Discovered, discoveredOf, relabelled, serviceLabels } from './discovery.ts';
import type { Emitter } from './emitters.ts';
import type { Monitor, MonitorEndpoint } from './monitors.ts';
import { podPortOf, type Service, servicesOf } from './service-monitors.ts';

/** What a ServiceMonitor endpoint makes of one emitter: a cover for each Service through which it is scraped, else the Service that comes nearest. */
export function throughServices(
  monitor: Monitor,
  endpoint: MonitorEndpoint,
  { emitter, services }: { readonly emitter: Emitter; readonly services: readonly Service[] },
): { readonly covers: readonly Cover[]; readonly miss: Miss | null } {
  const results = servicesOf(services, emitter.pod).map((service) => through(monitor, endpoint, { emitter, service }));
  const covers = results.flatMap((result) => ('labels' in result ? [result] : []));
  const misses = results.flatMap((result) => ('failing' in result ? [result] : []));
  const meant = isMeantForOthers(monitor, services);
  const near = misses.filter(
    ({ failing, service }) => isNear(endpoint, failing) && !(failing.includes('labels') && (meant || !isAlike(monitor, service))),
  );
  const [nearest] = near.toSorted((a, b) => a.failing.length - b.failing.length);
  return { covers, miss: covers.length > 0 ? null : (nearest ?? null) };
}

/** A selector that finds Services is not one that someone got wrong. */
function isMeantForOthers({ namespaces, selector }: Monitor, services: readonly Service[]): boolean {
  return services.some(
    ({ namespace, labels }) => (namespaces === null || namespaces.includes(namespace)) && unmet(selector, labels).length === 0,
  );
}

/** The Service has a label that the selector asks for, if with another value. */
function isAlike({ selector }: Monitor, service: Service | undefined): boolean {
  return selector.requirements.some(({ key }) => Object.hasOwn(service?.labels ?? {}, key));
}

/** One condition alone, or the Service's namespace and labels at once, with a port that leads to the emitter. */
function isNear(endpoint: MonitorEndpoint, failing: readonly Condition[]): boolean {
  const named = endpoint.port !== null || endpoint.targetPort !== null;
  return named && (failing.length === 1 || !failing.includes('port'));
}

interface Way {
  readonly emitter: Emitter;
  readonly service: Service;
}

function through(monitor: Monitor, endpoint: MonitorEndpoint, { emitter, service }: Way): Cover | Miss {
  const outside = monitor.namespaces !== null && !monitor.namespaces.includes(service.namespace);
  const unlike = unmet(monitor.selector, service.labels).length > 0;
  const port = portThrough(monitor, endpoint, { emitter, service });
  const failing: readonly Condition[] = [
    ...(outside ? (['namespace'] as const) : []),
    ...(unlike ? (['labels'] as const) : []),
    ...(typeof port === 'string' ? [port] : []),
  ];
  if (failing.length > 0 || typeof port === 'string') return { emitter, service, failing };
  return { emitter, service, ...port };
}

/** promcfg.go generateServiceMonitorConfig: `port` is a pattern over the Service's port names, `targetPort` a port of the pod, none takes every port. */
function portThrough(
  monitor: Monitor,
  endpoint: MonitorEndpoint,
  { emitter, service }: Way,
): 'port' | 'path' | Omit<Cover, 'emitter' | 'service'> {
  const found = discoveredThrough({ emitter, service }).filter((port) => takes(endpoint, port));
  for (const port of found) {
    const result = relabelled(monitor, endpoint, port);
    if (!result.kept) return { labels: {}, sure: true, dropped: { rule: result.rule } };
    if (result.address !== port.labels.get('__address__')) return { labels: {}, sure: result.sure, dropped: { rule: null } };
    return result.path === emitter.path ? { labels: Object.fromEntries(result.labels), sure: result.sure } : 'path';
  }
  return 'port';
}

interface ThroughPort extends Discovered {
  /** The name of the Service's port; null: a port of the pod that the Service does not name. */
  readonly servicePort: string | null;
}

/** prometheus discovery/kubernetes/endpoints.go: a target for each port of the Service, and one for each other port that the pod declares. */
function discoveredThrough({ emitter, service }: Way): readonly ThroughPort[] {
  const { pod, port } = emitter;
  const own = discoveredOf(pod).find(({ portNumber }) => portNumber === port);
  const named = service.ports.filter((each) => podPortOf(each, pod) === port);
  const base = own ?? { portName: null, portNumber: port, labels: new Map([['__address__', `${pod.ip ?? ''}:${port}`]]) };
  const labelled = (servicePort: string | null): ThroughPort => ({
    ...base,
    servicePort,
    labels: new Map([...base.labels, ...serviceLabels(service, servicePort)]),
  });
  if (named.length > 0) return named.map(({ name }) => labelled(name));
  return own === undefined ? [] : [labelled(null)];
}

function takes({ port, targetPort }: MonitorEndpoint, found: ThroughPort): boolean {
  if (port !== null) return found.servicePort !== null && takesWhole(port, found.servicePort);
  if (typeof targetPort === 'number') return targetPort === found.portNumber;
  return targetPort === null || takesWhole(targetPort, found.portName ?? '');
}
