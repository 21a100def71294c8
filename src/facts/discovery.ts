import { takesWhole } from '../parse/matcher.ts';
import { PatternError } from '../parse/re2/state.ts';
import { type Labels, RelabelError, type RelabelRule, relabel, relabelRule } from '../parse/relabel.ts';
import type { Monitor, MonitorEndpoint } from './monitors.ts';
import type { Container, Pod } from './pods.ts';
import type { Service } from './service-monitors.ts';

/** A target as Prometheus's pod discovery makes it of one container port. */
export interface Discovered {
  readonly portName: string | null;
  readonly portNumber: number | null;
  readonly labels: Labels;
}

const discovered = new WeakMap<Pod, readonly Discovered[]>();

/** prometheus discovery/kubernetes/pod.go buildPod: one target a declared port, of containers and init containers alike; one without a port where none is declared. */
export function discoveredOf(pod: Pod): readonly Discovered[] {
  // Every endpoint of every monitor asks about every pod.
  const known = discovered.get(pod) ?? pod.containers.flatMap((container) => ofContainer(pod, container));
  discovered.set(pod, known);
  return known;
}

function ofContainer(pod: Pod, container: Container): readonly Discovered[] {
  const ip = address(pod.ip ?? '');
  const { name, image, init } = container;
  const common = (): Map<string, string> => withMeta(podLabels(pod), 'container', { name, image, init: String(init) });
  if (container.ports.length === 0) return [portOf(null, null, () => common().set('__address__', ip))];
  return container.ports.map(({ name, number }) =>
    portOf(name, number, () =>
      withMeta(common(), 'container_port', { name: name ?? '', number: String(number), protocol: 'TCP' }).set(
        '__address__',
        `${ip}:${number}`,
      ),
    ),
  );
}

/** A port whose labels are made when somebody asks for them: most ports of a pod are nobody's. */
function portOf(portName: string | null, portNumber: number | null, make: () => Labels): Discovered {
  let made: Labels | null = null;
  return {
    portName,
    portNumber,
    get labels() {
      made ??= make();
      return made;
    },
  };
}

function address(ip: string): string {
  return ip.includes(':') ? `[${ip}]` : ip;
}

function withMeta(labels: Map<string, string>, part: string, values: Readonly<Record<string, string>>): Map<string, string> {
  for (const name in values) labels.set(`__meta_kubernetes_pod_${part}_${name}`, values[name] ?? '');
  return labels;
}

function podLabels(pod: Pod): Map<string, string> {
  const controller = pod.metadata.ownerReferences?.find((owner) => owner.controller === true);
  const labels = new Map([
    ['__meta_kubernetes_namespace', pod.namespace],
    ['__meta_kubernetes_pod_name', pod.name],
    ['__meta_kubernetes_pod_ip', pod.ip ?? ''],
    ['__meta_kubernetes_pod_ready', String(pod.ready)],
    ['__meta_kubernetes_pod_phase', pod.phase],
    ['__meta_kubernetes_pod_uid', pod.metadata.uid ?? ''],
    ['__meta_kubernetes_pod_controller_kind', controller?.kind ?? ''],
    ['__meta_kubernetes_pod_controller_name', controller?.name ?? ''],
  ]);
  const map = (namesOf: Names, values: Readonly<Record<string, string>>): void => {
    for (const [name, value] of Object.entries(values)) {
      const [own, present] = namesOf(name);
      labels.set(own, value).set(present, 'true');
    }
  };
  map(labelNames, pod.labels);
  map(annotationNames, pod.metadata.annotations ?? {});
  return labels;
}

/** The names of the two labels that discovery makes of one. */
type Names = (name: string) => readonly [own: string, present: string];

const labelNames = namesFor('label');
const annotationNames = namesFor('annotation');
const mostNames = 1000;

/** The labels of a thousand pods have the same few names. */
function namesFor(kind: string): Names {
  const known = new Map<string, ReturnType<Names>>();
  return (name) => {
    const met = known.get(name);
    if (met !== undefined) return met;
    const names = [`__meta_kubernetes_pod_${kind}_${sanitized(name)}`, `__meta_kubernetes_pod_${kind}present_${sanitized(name)}`] as const;
    if (known.size < mostNames) known.set(name, names);
    return names;
  };
}

/** What discovery through a Service adds to the labels of a pod's port: prometheus discovery/kubernetes/service.go and endpoints.go. */
export function serviceLabels(service: Service, port: string | null): readonly (readonly [string, string])[] {
  return [
    ['__meta_kubernetes_service_name', service.name],
    ...(port === null ? [] : ([['__meta_kubernetes_endpoint_port_name', port]] as const)),
    ...Object.entries(service.labels).flatMap(([name, value]) => [
      [`__meta_kubernetes_service_label_${sanitized(name)}`, value] as const,
      [`__meta_kubernetes_service_labelpresent_${sanitized(name)}`, 'true'] as const,
    ]),
  ];
}

/** prometheus util/strutil/strconv.go SanitizeLabelName. */
function sanitized(name: string): string {
  return name.replace(/[^a-zA-Z0-9_]/g, '_');
}

/** Whether the endpoint takes a discovered port: promcfg.go generatePodMonitorConfig, where port wins over portNumber over targetPort, and none takes every port. An invalid pattern takes nothing: the operator refuses it elsewhere. */
export function takesPort(endpoint: MonitorEndpoint, port: Pick<Discovered, 'portName' | 'portNumber'>): boolean {
  if (endpoint.port !== null) return takesWhole(endpoint.port, port.portName ?? '');
  if (endpoint.portNumber !== null) return endpoint.portNumber === port.portNumber;
  if (typeof endpoint.targetPort === 'number') return endpoint.targetPort === port.portNumber;
  return endpoint.targetPort === null || takesWhole(endpoint.targetPort, port.portName ?? '');
}

/** What the generated rules and the endpoint's own relabelings make of a discovered target. */
export type Relabelled =
  /** The final target. `sure` is false when a rule looked at something that tokmeter does not know of the pod. */
  | { readonly kept: true; readonly address: string; readonly path: string; readonly labels: Labels; readonly sure: boolean }
  /** The rule of the endpoint that dropped it, from 0. */
  | { readonly kept: false; readonly rule: number };

/** Runs an endpoint's relabelings over a discovered target as the operator's configuration would. */
export function relabelled(monitor: Monitor, endpoint: MonitorEndpoint, found: Discovered): Relabelled {
  let labels: Labels = generated(monitor, endpoint, found);
  let sure = true;
  for (const [index, raw] of endpoint.relabelings.entries()) {
    const rule = ruleOf(raw);
    if (rule === null || unknowable(rule)) {
      sure = false;
      continue;
    }
    const next = relabel(labels, [rule]);
    if (next === null) return { kept: false, rule: index };
    labels = next;
  }
  const final = new Map<string, string>();
  for (const [name, value] of labels) if (!name.startsWith('__')) final.set(name, value);
  return { kept: true, address: labels.get('__address__') ?? '', path: labels.get('__metrics_path__') ?? '', labels: final, sure };
}

function generated(monitor: Monitor, endpoint: MonitorEndpoint, found: Discovered): Labels {
  const owner = monitor.kind === 'PodMonitor' ? 'pod' : 'service';
  const label = monitor.jobLabel === null ? undefined : found.labels.get(`__meta_kubernetes_${owner}_label_${sanitized(monitor.jobLabel)}`);
  const service = found.labels.get('__meta_kubernetes_service_name');
  const labels = new Map(found.labels);
  labels.set('__scheme__', endpoint.scheme);
  labels.set('__metrics_path__', endpoint.path);
  labels.set('namespace', found.labels.get('__meta_kubernetes_namespace') ?? '');
  labels.set('container', found.labels.get('__meta_kubernetes_pod_container_name') ?? '');
  labels.set('pod', found.labels.get('__meta_kubernetes_pod_name') ?? '');
  if (service !== undefined) labels.set('service', service);
  labels.set('job', label || (service ?? `${monitor.namespace}/${monitor.name}`));
  // With portNumber alone there is no endpoint label.
  const name = endpoint.port ?? (endpoint.portNumber === null ? endpoint.targetPort : null);
  if (name !== null) labels.set('endpoint', String(name));
  return labels;
}

function ruleOf(raw: Readonly<Record<string, unknown>>): RelabelRule | null {
  try {
    return relabelRule(raw);
  } catch (error) {
    if (error instanceof PatternError || error instanceof RelabelError || error instanceof RangeError) return null;
    throw error;
  }
}

/** Labels of the discovery that a list of pods does not tell: the node, the host, the container's id, the namespace's labels. */
function unknowable(rule: RelabelRule): boolean {
  return rule.sourceLabels.some((name) =>
    /^__meta_kubernetes_(node_|namespace_(label|annotation)|pod_(node_name|host_ip|container_id))|^__tmp_/.test(name),
  );
}
