import type { Manifest } from './api.ts';

/** A pod as the API server has it, as far as discovery looks. */
export interface PodLike extends Manifest {
  readonly spec: { readonly nodeName?: string; readonly containers: readonly Container[]; readonly initContainers?: readonly Container[] };
  readonly status?: {
    readonly podIP?: string;
    readonly hostIP?: string;
    readonly phase?: string;
    readonly conditions?: readonly { type: string; status: string }[];
  };
}

export interface Container {
  readonly name: string;
  readonly image?: string;
  readonly ports?: readonly ContainerPort[];
}

export interface ContainerPort {
  readonly name?: string;
  readonly containerPort: number;
  readonly protocol?: string;
}

/** Targets as file discovery has them. */
export interface Group {
  readonly targets: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
}

/** A pod's containers, sidecars last, as prometheus discovery/kubernetes/pod.go walks through them. */
export function containersOf({ spec }: PodLike): readonly { readonly container: Container; readonly init: boolean }[] {
  return [
    ...spec.containers.map((container) => ({ container, init: false })),
    ...(spec.initContainers ?? []).map((container) => ({ container, init: true })),
  ];
}

/** Meta labels of a pod: prometheus discovery/kubernetes/pod.go, podLabels. */
export function podLabels(pod: PodLike): Record<string, string> {
  const { metadata, spec, status } = pod;
  const owners = (metadata.ownerReferences ?? []) as readonly { kind: string; name: string; controller?: boolean }[];
  const owner = owners.find(({ controller }) => controller === true);
  return {
    __meta_kubernetes_namespace: metadata.namespace ?? '',
    __meta_kubernetes_pod_name: metadata.name,
    __meta_kubernetes_pod_ip: status?.podIP ?? '',
    __meta_kubernetes_pod_ready: readiness(pod),
    __meta_kubernetes_pod_phase: status?.phase ?? '',
    __meta_kubernetes_pod_node_name: spec.nodeName ?? '',
    __meta_kubernetes_pod_host_ip: status?.hostIP ?? '',
    __meta_kubernetes_pod_uid: String(metadata.uid ?? ''),
    ...(owner === undefined
      ? {}
      : { __meta_kubernetes_pod_controller_kind: owner.kind, __meta_kubernetes_pod_controller_name: owner.name }),
    ...objectLabels('pod', pod),
  };
}

/** "true", "false" or "unknown". */
export function readiness({ status }: PodLike): string {
  return (status?.conditions?.find(({ type }) => type === 'Ready')?.status ?? 'unknown').toLowerCase();
}

/** Meta labels of a container and its port. */
export function containerLabels(container: Container, port?: ContainerPort): Record<string, string> {
  return {
    __meta_kubernetes_pod_container_name: container.name,
    __meta_kubernetes_pod_container_image: container.image ?? '',
    ...(port === undefined
      ? {}
      : {
          __meta_kubernetes_pod_container_port_name: port.name ?? '',
          __meta_kubernetes_pod_container_port_number: String(port.containerPort),
          __meta_kubernetes_pod_container_port_protocol: port.protocol ?? 'TCP',
        }),
  };
}

/** Labels and annotations of an object as meta labels: prometheus discovery/kubernetes/kubernetes.go, addObjectMetaLabels. */
export function objectLabels(what: string, { metadata }: Manifest): Record<string, string> {
  return { ...prefixed(`${what}_label`, metadata.labels), ...prefixed(`${what}_annotation`, metadata.annotations) };
}

function prefixed(what: string, entries: Readonly<Record<string, string>> = {}): Record<string, string> {
  return Object.fromEntries(
    Object.entries(entries).flatMap(([name, value]) => {
      const key = name.replace(/[^A-Za-z0-9_]/g, '_');
      return [
        [`__meta_kubernetes_${what}_${key}`, value],
        [`__meta_kubernetes_${what}present_${key}`, 'true'],
      ];
    }),
  );
}
