import { defineFact } from '../model/fact.ts';
import { type KubeObject, ReadError } from '../model/source.ts';
import { list, number, record, records, text } from '../parse/fields.ts';
import { type Selector, selectorOf } from '../parse/selector.ts';
import { kinds, listing } from './kinds.ts';

/** One entry of podMetricsEndpoints or endpoints, with the operator's defaults left out: null is "not set". */
export interface MonitorEndpoint {
  readonly index: number;
  /** A regular expression over port names. */
  readonly port: string | null;
  readonly portNumber: number | null;
  readonly targetPort: string | number | null;
  readonly path: string;
  readonly scheme: string;
  readonly interval: string | null;
  readonly scrapeTimeout: string | null;
  readonly filterRunning: boolean;
  readonly honorLabels: boolean;
  readonly relabelings: readonly Readonly<Record<string, unknown>>[];
  readonly metricRelabelings: readonly Readonly<Record<string, unknown>>[];
  readonly raw: Readonly<Record<string, unknown>>;
}

/** A PodMonitor or a ServiceMonitor. */
export interface Monitor {
  /** "monitor NAMESPACE/NAME" or "service-monitor NAMESPACE/NAME". */
  readonly key: string;
  /** "PodMonitor NAMESPACE/NAME". */
  readonly subject: string;
  readonly kind: 'PodMonitor' | 'ServiceMonitor';
  readonly namespace: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly generation: number | null;
  /** Of pods; of Services for a ServiceMonitor. */
  readonly selector: Selector;
  /** Namespaces whose pods or Services it looks at; null: all. */
  readonly namespaces: readonly string[] | null;
  readonly jobLabel: string | null;
  readonly scrapeClass: string | null;
  readonly endpoints: readonly MonitorEndpoint[];
  readonly raw: KubeObject;
}

/** The PodMonitors of the cluster. */
export interface Monitors {
  /** The API server knows the kind. */
  readonly installed: boolean;
  readonly monitors: readonly Monitor[];
}

/** All PodMonitors; a cluster without the kind has none. */
export const monitors = defineFact({
  id: 'pod-monitors',
  title: 'PodMonitors',
  reads: [listing(kinds.podmonitors)],
  async read(_, { source }): Promise<Monitors> {
    try {
      return { installed: true, monitors: (await source.list(kinds.podmonitors)).map((object) => monitorOf(object)) };
    } catch (error) {
      if (error instanceof ReadError && error.reason === 'absent') return { installed: false, monitors: [] };
      throw error;
    }
  },
});

/** Reads a PodMonitor or ServiceMonitor object. */
export function monitorOf(object: KubeObject, kind: Monitor['kind'] = 'PodMonitor'): Monitor {
  const spec = record(object.spec);
  const namespace = object.metadata.namespace ?? '';
  const name = `${namespace}/${object.metadata.name}`;
  return {
    key: kind === 'PodMonitor' ? `monitor ${name}` : `service-monitor ${name}`,
    subject: `${kind} ${name}`,
    kind,
    namespace,
    name: object.metadata.name,
    labels: object.metadata.labels ?? {},
    generation: object.metadata.generation ?? null,
    selector: selectorOf(spec.selector) ?? { requirements: [] },
    namespaces: namespacesOf(record(spec.namespaceSelector), namespace),
    jobLabel: text(spec.jobLabel),
    scrapeClass: text(spec.scrapeClass),
    endpoints: records(spec[endpointsField(kind)]).map(endpointOf),
    raw: object,
  };
}

/** prometheus-operator pkg/prometheus/promcfg.go getNamespacesFromNamespaceSelector: its own unless any or matchNames says otherwise. */
function namespacesOf(selector: Readonly<Record<string, unknown>>, own: string): readonly string[] | null {
  if (selector.any === true) return null;
  const names = list(selector.matchNames).map(String);
  return names.length > 0 ? names : [own];
}

function endpointOf(endpoint: Readonly<Record<string, unknown>>, index: number): MonitorEndpoint {
  const target = endpoint.targetPort;
  return {
    index,
    port: text(endpoint.port) || null,
    portNumber: number(endpoint.portNumber),
    targetPort: text(target) || number(target),
    path: text(endpoint.path) || '/metrics',
    scheme: (text(endpoint.scheme) || 'http').toLowerCase(),
    interval: text(endpoint.interval) || null,
    scrapeTimeout: text(endpoint.scrapeTimeout) || null,
    filterRunning: endpoint.filterRunning !== false,
    honorLabels: endpoint.honorLabels === true,
    relabelings: records(endpoint.relabelings),
    metricRelabelings: records(endpoint.metricRelabelings),
    raw: endpoint,
  };
}

/** The field of the spec that holds the endpoints. */
export function endpointsField(kind: Monitor['kind']): 'podMetricsEndpoints' | 'endpoints' {
  return kind === 'PodMonitor' ? 'podMetricsEndpoints' : 'endpoints';
}

/** The resource as kubectl takes it: "podmonitor". */
export function resourceOf({ kind }: Pick<Monitor, 'kind'>): 'podmonitor' | 'servicemonitor' {
  return kind === 'PodMonitor' ? 'podmonitor' : 'servicemonitor';
}

/** The scrape pool that the operator writes for an endpoint: promcfg.go generatePodMonitorConfig and generateServiceMonitorConfig. */
export function poolOf(monitor: Monitor, endpoint: MonitorEndpoint): string {
  return `${monitor.kind === 'PodMonitor' ? 'podMonitor' : 'serviceMonitor'}/${monitor.namespace}/${monitor.name}/${endpoint.index}`;
}

/** The port of an endpoint as written: "port: aigw-admin". */
export function portText({ port, portNumber, targetPort }: MonitorEndpoint): string {
  if (port !== null) return `port: ${port}`;
  if (portNumber !== null) return `portNumber: ${portNumber}`;
  return targetPort === null ? 'no port' : `targetPort: ${targetPort}`;
}
