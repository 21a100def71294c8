import { createServer, connect as dial } from 'node:net';
import type { Api, Manifest } from './api.ts';
import { put } from './etcd.ts';
import type { PodLike } from './pod-meta.ts';
import { readiness } from './pod-meta.ts';
import { endsOf, type ServiceEnd } from './service-discovery.ts';

/**
 * Makes the Endpoints and the EndpointSlice of every Service with a selector, as their controllers would, and returns them.
 * They go straight into etcd: the API server would refuse loopback addresses (ValidateEndpointIP), and serves them all the same.
 */
export async function publishEndpoints(api: Api, etcd: string): Promise<readonly Manifest[]> {
  const pods = (await api.list('/api/v1/pods')) as readonly PodLike[];
  const made: Manifest[] = [];
  for (const service of await api.list('/api/v1/services')) {
    if ((service.spec as { selector?: object }).selector === undefined) continue;
    const ends = endsOf(service, pods);
    const objects = [endpoints(service, ends), slice(service, ends)] as const;
    await put(etcd, `/registry/services/endpoints/${keyOf(objects[0])}`, objects[0]);
    await put(etcd, `/registry/endpointslices/${keyOf(objects[1])}`, objects[1]);
    made.push(...objects);
  }
  return made;
}

const keyOf = ({ metadata }: Manifest): string => `${metadata.namespace}/${metadata.name}`;

const isReady = ({ pod }: ServiceEnd): boolean => readiness(pod) === 'true';
const referTo = ({ metadata }: PodLike) => ({ kind: 'Pod', namespace: metadata.namespace, name: metadata.name, uid: metadata.uid });

function metadataOf({ metadata }: Manifest, name: string, labels: Readonly<Record<string, string>>): Manifest['metadata'] {
  const { namespace = 'default', uid } = metadata;
  return { name, namespace, uid, creationTimestamp: metadata.creationTimestamp, labels: { ...metadata.labels, ...labels } };
}

/** One subset a port and pod: kube-controller-manager repacks them, to the same effect. */
function endpoints(service: Manifest, ends: readonly ServiceEnd[]): Manifest {
  const subsets = ends.map((end) => {
    const address = { ip: end.address, nodeName: end.pod.spec.nodeName, targetRef: referTo(end.pod) };
    const ports = [portOf(end)];
    return isReady(end) ? { addresses: [address], ports } : { notReadyAddresses: [address], ports };
  });
  return { apiVersion: 'v1', kind: 'Endpoints', metadata: metadataOf(service, service.metadata.name, {}), subsets };
}

/** The ports of the first pod: pods of one Service that give a port's name other numbers would take a slice each. */
function slice(service: Manifest, ends: readonly ServiceEnd[]): Manifest {
  const { name } = service.metadata;
  const labels = { 'kubernetes.io/service-name': name, 'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io' };
  const pods = [...new Map(ends.map((end) => [end.pod, end])).values()];
  const [first] = ends;
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: metadataOf(service, `${name}-x7k2p`, labels),
    addressType: 'IPv4',
    endpoints: pods.map((end) => ({
      addresses: [end.address],
      conditions: { ready: isReady(end), serving: isReady(end), terminating: false },
      nodeName: end.pod.spec.nodeName,
      targetRef: referTo(end.pod),
    })),
    ports: ends.filter(({ pod }) => pod === first?.pod).map(portOf),
  };
}

function portOf({ port, number }: ServiceEnd): { readonly name: string; readonly port: number; readonly protocol: string } {
  return { name: port.name ?? '', port: number, protocol: port.protocol ?? 'TCP' };
}

/** Lets a pod's own port lead to a server that listens elsewhere on this machine; resolves to what ends it. */
export async function startRelay(
  from: { readonly address: string; readonly port: number },
  to: { readonly address: string; readonly port: number },
): Promise<() => Promise<void>> {
  const server = createServer((incoming) => {
    const outgoing = dial(to.port, to.address);
    for (const socket of [incoming, outgoing]) socket.on('error', () => socket.destroy());
    incoming.on('close', () => outgoing.destroy());
    outgoing.on('close', () => incoming.destroy());
    incoming.pipe(outgoing).pipe(incoming);
    open.add(incoming);
    incoming.on('close', () => open.delete(incoming));
  });
  const open = new Set<{ destroy(): unknown }>();
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(from.port, from.address, resolve));
  return () => {
    for (const socket of open) socket.destroy();
    return new Promise((resolve) => server.close(() => resolve()));
  };
}
