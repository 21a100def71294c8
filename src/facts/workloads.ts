import { defineFact } from '../model/fact.ts';
import { type KubeObject, type Many, type Metadata, unreadOf } from '../model/source.ts';
import { number, record, records, strings, text } from '../parse/fields.ts';
import { kinds, listing } from './kinds.ts';
import { type Container, containersOf } from './pods.ts';

/** A condition of a status. */
export interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason: string | null;
  readonly message: string | null;
}

/** A Deployment, as far as diagnosing it needs. */
export interface Deployment {
  readonly namespace: string;
  readonly name: string;
  readonly metadata: Metadata;
  readonly labels: Readonly<Record<string, string>>;
  readonly replicas: number;
  readonly ready: number;
  readonly updated: number;
  readonly selector: Readonly<Record<string, string>>;
  readonly containers: readonly Container[];
  readonly conditions: readonly Condition[];
}

/** Reads a Deployment; missing parts become what the API server defaults them to. */
export function deploymentOf(object: KubeObject): Deployment {
  const spec = record(object.spec);
  const status = record(object.status);
  return {
    namespace: object.metadata.namespace ?? '',
    name: object.metadata.name,
    metadata: object.metadata,
    labels: object.metadata.labels ?? {},
    replicas: number(spec.replicas) ?? 1,
    ready: number(status.readyReplicas) ?? 0,
    updated: number(status.updatedReplicas) ?? 0,
    selector: strings(record(spec.selector).matchLabels),
    containers: containersOf(record(record(spec.template).spec)),
    conditions: conditionsOf(status),
  };
}

/** The conditions of a status. */
export function conditionsOf(status: Readonly<Record<string, unknown>>): readonly Condition[] {
  return records(status.conditions).map((condition) => ({
    type: text(condition.type) ?? '',
    status: text(condition.status) ?? 'Unknown',
    reason: text(condition.reason),
    message: text(condition.message),
  }));
}

/** A Deployment, StatefulSet or DaemonSet: what runs pods of one template. */
export interface Workload {
  readonly kind: 'Deployment' | 'StatefulSet' | 'DaemonSet';
  /** "Deployment NAMESPACE/NAME". */
  readonly subject: string;
  readonly namespace: string;
  readonly name: string;
  readonly metadata: Metadata;
  readonly labels: Readonly<Record<string, string>>;
  /** spec.selector.matchLabels. */
  readonly selector: Readonly<Record<string, string>>;
  /** Of the pod template. */
  readonly containers: readonly Container[];
  readonly raw: KubeObject;
}

/** The Deployments of all namespaces, as the API server has them: several facts look through them. */
export const deployments = defineFact({
  id: 'deployments',
  title: 'Deployments',
  reads: [listing(kinds.deployments)],
  read: (_, { source }) => source.list(kinds.deployments),
});

/** Everything that runs long-lived pods, of all namespaces: where the systems are found by their images. */
export const workloads = defineFact({
  id: 'workloads',
  title: 'Deployments, StatefulSets and DaemonSets',
  reads: [listing(kinds.statefulsets), listing(kinds.daemonsets)],
  wants: { deployments },
  async read({ deployments }, { source }): Promise<Many<Workload>> {
    const of = async (name: 'statefulsets' | 'daemonsets'): Promise<Many<Workload>> => {
      try {
        return { read: (await source.list(kinds[name])).map((object) => workloadOf(kinds[name].kind, object)), unread: [] };
      } catch (error) {
        return { read: [], unread: [unreadOf(error, name)] };
      }
    };
    const own: Many<Workload> =
      deployments.status === 'read'
        ? { read: deployments.value.map((object) => workloadOf('Deployment', object)), unread: [] }
        : { read: [], unread: [deployments.unread] };
    const all = [own, ...(await Promise.all([of('statefulsets'), of('daemonsets')]))];
    return { read: all.flatMap(({ read }) => read), unread: all.flatMap(({ unread }) => unread) };
  },
});

function workloadOf(kind: Workload['kind'], object: KubeObject): Workload {
  const spec = record(object.spec);
  const namespace = object.metadata.namespace ?? '';
  return {
    kind,
    subject: `${kind} ${namespace}/${object.metadata.name}`,
    namespace,
    name: object.metadata.name,
    metadata: object.metadata,
    labels: object.metadata.labels ?? {},
    selector: strings(record(spec.selector).matchLabels),
    containers: containersOf(record(record(spec.template).spec)),
    raw: object,
  };
}
