import type { Api, Manifest } from './api.ts';

interface PodLike extends Manifest {
  readonly spec: { readonly nodeName?: string; readonly containers: readonly Container[]; readonly initContainers?: readonly Container[] };
  readonly status?: {
    readonly podIP?: string;
    readonly hostIP?: string;
    readonly phase?: string;
    readonly conditions?: readonly { type: string; status: string }[];
  };
}

interface Container {
  readonly name: string;
  readonly image?: string;
  readonly ports?: readonly { readonly name?: string; readonly containerPort: number; readonly protocol?: string }[];
}

interface Group {
  readonly targets: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
}

/** What Kubernetes discovery of role "pod" hands to relabeling, as file discovery: prometheus discovery/kubernetes/pod.go. */
export async function podTargets(api: Api, sd: { role?: string; namespaces?: { names?: readonly string[] } }): Promise<readonly Group[]> {
  if (sd.role !== 'pod') return [];
  const pods = (await api.list('/api/v1/pods')) as readonly PodLike[];
  const names = sd.namespaces?.names;
  return pods.filter(({ metadata }) => names === undefined || names.includes(metadata.namespace ?? '')).flatMap(groupsOf);
}

function groupsOf(pod: PodLike): readonly Group[] {
  const address = pod.status?.podIP;
  if (address === undefined) return [];
  const containers = [
    ...pod.spec.containers.map((container) => ({ container, init: false })),
    ...(pod.spec.initContainers ?? []).map((container) => ({ container, init: true })),
  ];
  return containers.flatMap(({ container, init }) => targetsOf(pod, container, init, address));
}

function targetsOf(pod: PodLike, container: Container, init: boolean, address: string): readonly Group[] {
  const labels = {
    ...podLabels(pod),
    __meta_kubernetes_pod_container_name: container.name,
    __meta_kubernetes_pod_container_image: container.image ?? '',
    __meta_kubernetes_pod_container_init: String(init),
  };
  if (container.ports === undefined || container.ports.length === 0) return [{ targets: [address], labels }];
  return container.ports.map((port) => ({
    targets: [`${address}:${port.containerPort}`],
    labels: {
      ...labels,
      __meta_kubernetes_pod_container_port_name: port.name ?? '',
      __meta_kubernetes_pod_container_port_number: String(port.containerPort),
      __meta_kubernetes_pod_container_port_protocol: port.protocol ?? 'TCP',
    },
  }));
}

function podLabels(pod: PodLike): Record<string, string> {
  const { metadata, spec, status } = pod;
  const owners = (metadata.ownerReferences ?? []) as readonly { kind: string; name: string; controller?: boolean }[];
  const owner = owners.find(({ controller }) => controller === true);
  return {
    __meta_kubernetes_namespace: metadata.namespace ?? '',
    __meta_kubernetes_pod_name: metadata.name,
    __meta_kubernetes_pod_ip: status?.podIP ?? '',
    __meta_kubernetes_pod_ready: (status?.conditions?.find(({ type }) => type === 'Ready')?.status ?? 'unknown').toLowerCase(),
    __meta_kubernetes_pod_phase: status?.phase ?? '',
    __meta_kubernetes_pod_node_name: spec.nodeName ?? '',
    __meta_kubernetes_pod_host_ip: status?.hostIP ?? '',
    __meta_kubernetes_pod_uid: String(metadata.uid ?? ''),
    ...(owner === undefined
      ? {}
      : { __meta_kubernetes_pod_controller_kind: owner.kind, __meta_kubernetes_pod_controller_name: owner.name }),
    ...prefixed('label', metadata.labels),
    ...prefixed('annotation', metadata.annotations),
  };
}

function prefixed(what: 'label' | 'annotation', entries: Readonly<Record<string, string>> = {}): Record<string, string> {
  return Object.fromEntries(
    Object.entries(entries).flatMap(([name, value]) => {
      const key = name.replace(/[^A-Za-z0-9_]/g, '_');
      return [
        [`__meta_kubernetes_pod_${what}_${key}`, value],
        [`__meta_kubernetes_pod_${what}present_${key}`, 'true'],
      ];
    }),
  );
}
