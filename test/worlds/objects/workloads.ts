import type { Manifest } from '../world.ts';

const since = '2026-11-20T08:14:05Z';

interface Workload {
  readonly namespace: string;
  readonly name: string;
  readonly labels: Record<string, string>;
  readonly selector: Record<string, string>;
  readonly spec: Readonly<Record<string, unknown>>;
  readonly podLabels?: Record<string, string>;
  readonly podAnnotations?: Record<string, string>;
  readonly annotations?: Record<string, string>;
  /** The pods' addresses, one a pod. */
  readonly addresses: readonly string[];
  readonly hash: string;
  readonly kind?: 'Deployment' | 'DaemonSet';
}

/** A Deployment with its ReplicaSet and its ready pods, or a DaemonSet with its pods, as their controllers would have left them. */
export function workload(of: Workload): readonly Manifest[] {
  const template = { metadata: { labels: { ...of.selector, ...of.podLabels }, annotations: of.podAnnotations ?? {} }, spec: of.spec };
  const count = of.addresses.length;
  const top = topOf(of, template, count);
  const hashed = of.kind === 'DaemonSet' ? { 'controller-revision-hash': of.hash } : { 'pod-template-hash': of.hash };
  const owner = of.kind === 'DaemonSet' ? ownerOf('DaemonSet', of.name) : ownerOf('ReplicaSet', `${of.name}-${of.hash}`);
  const pods = of.addresses.map((address, index) =>
    podOf({
      namespace: of.namespace,
      name: of.kind === 'DaemonSet' ? `${of.name}-${suffix(index)}` : `${of.name}-${of.hash}-${suffix(index)}`,
      labels: { ...of.selector, ...of.podLabels, ...hashed },
      annotations: of.podAnnotations ?? {},
      owner,
      spec: of.spec,
      address,
    }),
  );
  return [...top, ...pods];
}

function topOf(of: Workload, template: Readonly<Record<string, unknown>>, count: number): readonly Manifest[] {
  const metadata = { name: of.name, namespace: of.namespace, labels: of.labels, annotations: { ...of.annotations } };
  if (of.kind === 'DaemonSet') {
    const status = { currentNumberScheduled: count, desiredNumberScheduled: count, numberReady: count, numberAvailable: count };
    const whole = { ...status, numberMisscheduled: 0, updatedNumberScheduled: count, observedGeneration: 1 };
    const spec = { selector: { matchLabels: of.selector }, template };
    return [{ apiVersion: 'apps/v1', kind: 'DaemonSet', metadata, spec, status: whole }];
  }
  const replicaSet = {
    name: `${of.name}-${of.hash}`,
    namespace: of.namespace,
    labels: { ...of.selector, ...of.podLabels, 'pod-template-hash': of.hash },
    annotations: { 'deployment.kubernetes.io/revision': '1' },
    ownerReferences: [ownerOf('Deployment', of.name)],
  };
  const hashed = { ...of.selector, 'pod-template-hash': of.hash };
  const labelled = { ...template, metadata: { ...(template.metadata as object), labels: { ...hashed, ...of.podLabels } } };
  const replicas = { replicas: count, readyReplicas: count, availableReplicas: count, observedGeneration: 1 };
  return [
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { ...metadata, annotations: { 'deployment.kubernetes.io/revision': '1', ...of.annotations } },
      spec: { replicas: count, selector: { matchLabels: of.selector }, template },
      status: { ...replicas, updatedReplicas: count, conditions: [condition('Available', 'MinimumReplicasAvailable')] },
    },
    {
      apiVersion: 'apps/v1',
      kind: 'ReplicaSet',
      metadata: replicaSet,
      spec: { replicas: count, selector: { matchLabels: hashed }, template: labelled },
      status: { ...replicas, fullyLabeledReplicas: count },
    },
  ];
}

export interface PodInput {
  readonly namespace: string;
  readonly name: string;
  readonly labels: Record<string, string>;
  readonly annotations?: Record<string, string>;
  readonly owner?: ReturnType<typeof ownerOf>;
  readonly spec: Readonly<Record<string, unknown>>;
  readonly address: string;
}

/** A running, ready pod. */
export function podOf(of: PodInput): Manifest {
  const containers = (of.spec.containers ?? []) as readonly { name: string; image: string }[];
  const inits = (of.spec.initContainers ?? []) as readonly { name: string; image: string }[];
  const states = (list: readonly { name: string; image: string }[]): readonly unknown[] =>
    list.map(({ name, image }) => running(name, image));
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: of.name,
      namespace: of.namespace,
      labels: of.labels,
      annotations: of.annotations ?? {},
      ...(of.owner === undefined ? {} : { ownerReferences: [of.owner] }),
    },
    spec: { ...of.spec, nodeName: 'node-a' },
    status: {
      phase: 'Running',
      podIP: of.address,
      podIPs: [{ ip: of.address }],
      hostIP: '127.0.0.1',
      startTime: since,
      conditions: ['Initialized', 'Ready', 'ContainersReady', 'PodScheduled'].map((type) => ({
        type,
        status: 'True',
        lastTransitionTime: since,
      })),
      containerStatuses: states(containers),
      ...(inits.length === 0 ? {} : { initContainerStatuses: states(inits) }),
    },
  };
}

/** What the kubelet says of a container that runs. */
export function running(name: string, image: string): Readonly<Record<string, unknown>> {
  return { name, image, imageID: '', ready: true, started: true, restartCount: 0, state: { running: { startedAt: since } } };
}

/** What the kubelet says of a container that ends again and again. */
export function crashing(name: string, image: string, message: string, exitCode = 1): Readonly<Record<string, unknown>> {
  const terminated = { exitCode, reason: 'Error', message, startedAt: since, finishedAt: since };
  const waiting = { reason: 'CrashLoopBackOff', message: `back-off 5m0s restarting failed container=${name}` };
  return { name, image, imageID: '', ready: false, started: false, restartCount: 7, state: { waiting }, lastState: { terminated } };
}

/** An owner reference; the uid is that of the object that was made. */
export function ownerOf(kind: string, name: string, apiVersion = 'apps/v1'): Readonly<Record<string, unknown>> {
  return { apiVersion, kind, name, controller: true, blockOwnerDeletion: true };
}

export function condition(type: string, reason: string, status = 'True', message = ''): Readonly<Record<string, unknown>> {
  return { type, status, reason, message, lastTransitionTime: since };
}

/** Five letters as the API server makes them, the same each time. */
function suffix(index: number): string {
  return ['x2v7q', 'm4t8w', 'b9k5d', 'q6h2z'][index] ?? `p${index}`;
}
