import type { Manifest } from './api.ts';
import {
  type Container,
  type ContainerPort,
  containerLabels,
  containersOf,
  type Group,
  objectLabels,
  type PodLike,
  podLabels,
  readiness,
} from './pod-meta.ts';

interface ServicePort {
  readonly name?: string;
  readonly port: number;
  readonly targetPort?: number | string;
  readonly protocol?: string;
}

interface ServiceSpec {
  readonly selector?: Readonly<Record<string, string>>;
  readonly ports?: readonly ServicePort[];
  readonly clusterIP?: string;
  readonly type?: string;
}

/** A pod behind a Service's port. */
export interface ServiceEnd {
  readonly pod: PodLike;
  readonly address: string;
  readonly port: ServicePort;
  /** Of the pod. */
  readonly number: number;
}

/** Whom a Service leads to, ready or not. */
export function endsOf(service: Manifest, pods: readonly PodLike[]): readonly ServiceEnd[] {
  const { selector = {}, ports = [] } = service.spec as ServiceSpec;
  const wanted = Object.entries(selector);
  if (wanted.length === 0) return [];
  const selected = pods.filter(
    ({ metadata }) =>
      metadata.namespace === service.metadata.namespace && wanted.every(([name, value]) => metadata.labels?.[name] === value),
  );
  return selected.flatMap((pod) => {
    const address = pod.status?.podIP;
    if (address === undefined || /^(Succeeded|Failed)$/.test(pod.status?.phase ?? '')) return [];
    return ports.flatMap((port) => {
      const number = numberOf(pod, port);
      return number === null ? [] : [{ pod, address, port, number }];
    });
  });
}

/** A pod that names no such port is left out. */
function numberOf(pod: PodLike, { port, targetPort = port }: ServicePort): number | null {
  if (typeof targetPort === 'number') return targetPort;
  const ports = containersOf(pod).flatMap(({ container }) => container.ports ?? []);
  return ports.find(({ name }) => name === targetPort)?.containerPort ?? null;
}

/** Prometheus discovery/kubernetes/endpoints.go and endpointslice.go: an address and port each, and the container ports of the same pods that no Service port names. */
export function endpointTargets(role: 'endpoints' | 'endpointslice', service: Manifest, pods: readonly PodLike[]): readonly Group[] {
  const ends = endsOf(service, pods);
  const common = { ...ofService(role, service), __meta_kubernetes_namespace: service.metadata.namespace ?? '' };
  const named = ends.map((end): Group => {
    const at = portOf(end.pod, end.number);
    const container = at === null ? {} : containerLabels(at.container, at.port);
    return {
      targets: [`${end.address}:${end.number}`],
      labels: { ...common, ...ofEnd(role, end), ...podLabels(end.pod), ...container, ...(at === null ? {} : initLabel(at.init)) },
    };
  });
  const seen = [...new Set(ends.map(({ pod }) => pod))];
  const others = seen.flatMap((pod) =>
    containersOf(pod).flatMap(({ container, init }) =>
      (container.ports ?? [])
        .filter(({ containerPort }) => !ends.some((end) => end.pod === pod && end.number === containerPort))
        .map((port) => ({
          targets: [`${pod.status?.podIP}:${port.containerPort}`],
          labels: { ...common, ...podLabels(pod), ...containerLabels(container, port), ...initLabel(init) },
        })),
    ),
  );
  return [...named, ...others];
}

function initLabel(init: boolean): Record<string, string> {
  return { __meta_kubernetes_pod_container_init: String(init) };
}

function portOf(
  pod: PodLike,
  number: number,
): { readonly container: Container; readonly port: ContainerPort; readonly init: boolean } | null {
  const all = containersOf(pod).flatMap(({ container, init }) => (container.ports ?? []).map((port) => ({ container, port, init })));
  // the last one with the port, as Prometheus overwrites the labels of those before
  return all.findLast(({ port }) => port.containerPort === number) ?? null;
}

/** Endpoints have their Service's name and labels. */
function ofService(role: 'endpoints' | 'endpointslice', service: Manifest): Record<string, string> {
  const name = role === 'endpoints' ? service.metadata.name : `${service.metadata.name}-x7k2p`;
  return {
    [`__meta_kubernetes_${role}_name`]: name,
    ...objectLabels(role, { ...service, metadata: { ...service.metadata, annotations: {} } }),
    __meta_kubernetes_service_name: service.metadata.name,
    ...objectLabels('service', service),
  };
}

function ofEnd(role: 'endpoints' | 'endpointslice', { pod, port, number }: ServiceEnd): Record<string, string> {
  const ready = readiness(pod) === 'true' ? 'true' : 'false';
  const protocol = port.protocol ?? 'TCP';
  if (role === 'endpoints')
    return {
      __meta_kubernetes_endpoint_port_name: port.name ?? '',
      __meta_kubernetes_endpoint_port_protocol: protocol,
      __meta_kubernetes_endpoint_ready: ready,
      __meta_kubernetes_endpoint_node_name: pod.spec.nodeName ?? '',
      __meta_kubernetes_endpoint_address_target_kind: 'Pod',
      __meta_kubernetes_endpoint_address_target_name: pod.metadata.name,
    };
  return {
    __meta_kubernetes_endpointslice_address_type: 'IPv4',
    __meta_kubernetes_endpointslice_port_name: port.name ?? '',
    __meta_kubernetes_endpointslice_port_protocol: protocol,
    __meta_kubernetes_endpointslice_port: String(number),
    __meta_kubernetes_endpointslice_endpoint_conditions_ready: ready,
    __meta_kubernetes_endpointslice_endpoint_node_name: pod.spec.nodeName ?? '',
    __meta_kubernetes_endpointslice_address_target_kind: 'Pod',
    __meta_kubernetes_endpointslice_address_target_name: pod.metadata.name,
  };
}

/** Prometheus discovery/kubernetes/service.go; the address is the first pod's, for no name of a Service resolves here. */
export function serviceTargets(service: Manifest, pods: readonly PodLike[]): readonly Group[] {
  const { clusterIP = 'None', type = 'ClusterIP', ports = [] } = service.spec as ServiceSpec;
  const ends = endsOf(service, pods);
  return ports.flatMap((port) => {
    const end = ends.find((each) => each.port === port);
    if (end === undefined) return [];
    const labels = {
      __meta_kubernetes_namespace: service.metadata.namespace ?? '',
      __meta_kubernetes_service_name: service.metadata.name,
      ...objectLabels('service', service),
      __meta_kubernetes_service_type: type,
      __meta_kubernetes_service_cluster_ip: clusterIP,
      __meta_kubernetes_service_port_name: port.name ?? '',
      __meta_kubernetes_service_port_number: String(port.port),
      __meta_kubernetes_service_port_protocol: port.protocol ?? 'TCP',
    };
    return [{ targets: [`${end.address}:${end.number}`], labels }];
  });
}
