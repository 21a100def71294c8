import type { Api } from './api.ts';
import { type Container, containerLabels, containersOf, type Group, type PodLike, podLabels } from './pod-meta.ts';
import { endpointTargets, serviceTargets } from './service-discovery.ts';

/** An entry of kubernetes_sd_configs. */
export interface Discovery {
  readonly role?: string;
  readonly namespaces?: { readonly names?: readonly string[] };
}

/** What Kubernetes discovery of a role hands to relabeling, for file discovery. */
export async function fileTargets(api: Api, sd: Discovery): Promise<readonly Group[]> {
  const names = sd.namespaces?.names;
  const among = <T extends PodLike['metadata']>({ namespace }: T): boolean => names === undefined || names.includes(namespace ?? '');
  const pods = ((await api.list('/api/v1/pods')) as readonly PodLike[]).filter(({ metadata }) => among(metadata));
  const services = (await api.list('/api/v1/services')).filter(({ metadata }) => among(metadata));
  switch (sd.role) {
    case 'pod':
      return pods.flatMap(groupsOf);
    case 'endpoints':
    case 'endpointslice':
      return services.flatMap((service) => endpointTargets(sd.role === 'endpoints' ? 'endpoints' : 'endpointslice', service, pods));
    case 'service':
      return services.flatMap((service) => serviceTargets(service, pods));
    default:
      return [];
  }
}

/** Prometheus discovery/kubernetes/pod.go, buildPod. */
function groupsOf(pod: PodLike): readonly Group[] {
  const address = pod.status?.podIP;
  if (address === undefined) return [];
  return containersOf(pod).flatMap(({ container, init }) => targetsOf(pod, container, init, address));
}

function targetsOf(pod: PodLike, container: Container, init: boolean, address: string): readonly Group[] {
  const own = { ...podLabels(pod), __meta_kubernetes_pod_container_init: String(init) };
  if (container.ports === undefined || container.ports.length === 0)
    return [{ targets: [address], labels: { ...own, ...containerLabels(container) } }];
  return container.ports.map((port) => ({
    targets: [`${address}:${port.containerPort}`],
    labels: { ...own, ...containerLabels(container, port) },
  }));
}
