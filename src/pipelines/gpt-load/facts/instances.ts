import { kinds, listing } from '../../../facts/kinds.ts';
import { ageOf } from '../../../facts/listed.ts';
import { type Container, type ContainerState, type Pod, podOf } from '../../../facts/pods.ts';
import { type Workload, workloads } from '../../../facts/workloads.ts';
import { defineFact, type Options } from '../../../model/fact.ts';
import { type KubeObject, type Many, type Scope, type Source, type Unread, unreadOf } from '../../../model/source.ts';
import { record, records, text } from '../../../parse/fields.ts';
import { imageOf } from '../../../parse/image.ts';
import { podKey } from '../names.ts';
import { type Database, databaseOf } from './database.ts';
import { isProgram, portNamesOf, portOf, tokenKeyOf, tokenOf, withoutArguments } from './environment.ts';

/** A pod that runs the program. */
export interface Instance {
  /** "pod NAMESPACE/NAME". */
  readonly key: string;
  /** "Pod NAMESPACE/NAME". */
  readonly subject: string;
  readonly pod: Pod;
  readonly container: Container;
  readonly state: ContainerState | null;
  /** Null: it stands alone, or its workload could not be read. */
  readonly workload: Workload | null;
  readonly port: number;
  /** Names that the pod declares for the port; null: it is not declared. */
  readonly portNames: readonly string[] | null;
  /** The image's tag. */
  readonly release: string | null;
  /** Whether METRICS_TOKEN is in its environment; unknown where the environment comes from objects that are not read. */
  readonly token: 'set' | 'unset' | 'unknown';
  /** The key of a Secret that METRICS_TOKEN comes from, by name alone; null: it comes from elsewhere. */
  readonly tokenKey: { readonly name: string; readonly key: string } | null;
  readonly database: Database;
  /** IS_SLAVE: it serves requests and leaves migrations and settings to another. */
  readonly follower: boolean;
  /** Its container has not had its chance yet, beside a pod of the same workload that runs. */
  readonly starting: boolean;
  readonly node: string | null;
  /** Seconds; null when it cannot be told. */
  readonly age: number | null;
}

/** The workloads that run the program, and their pods. */
export interface Instances extends Many<Instance> {
  readonly workloads: readonly Workload[];
}

/** Every pod of the program, found by the image of its workload. */
export const instances = defineFact({
  id: 'gpt-load-pods',
  title: 'gpt-load pods',
  reads: [listing(kinds.pods)],
  needs: { workloads },
  async read({ workloads }, { source, options }): Promise<Instances> {
    const inScope = workloads.read.filter(({ namespace }) => options.namespace === null || namespace === options.namespace);
    const own = inScope.filter(({ containers }) => containers.some(isProgram));
    const blind = options.namespace !== null && workloads.unread.length > 0;
    const scopes = options.selector !== null || blind ? [scopeOf(options)] : own.map(scopeOfWorkload);
    const listed = await Promise.all(scopes.map((scope) => podsOf(source, scope)));
    const read = listed.flatMap(({ read }) => read).flatMap((object) => instanceOf(object, own, source.now));
    const distinct = [...new Map(read.map((instance) => [instance.key, instance])).values()];
    const unread = [...(blind && distinct.length > 0 ? [] : workloads.unread), ...listed.flatMap(({ unread }) => unread)];
    // A selector chooses among pods: what it leaves out is not asked about.
    const chosen =
      options.selector === null ? own : own.filter(({ subject }) => distinct.some(({ workload }) => workload?.subject === subject));
    return { workloads: chosen, read: distinct.map((instance) => ({ ...instance, starting: isStarting(instance, distinct) })), unread };
  },
});

/** A rollout takes its time; a pod that waits longer than this does not merely start. */
const startSeconds = 300;

function isStarting({ key, pod, state, age, workload }: Instance, all: readonly Instance[]): boolean {
  const waits = pod.phase === 'Pending' && (state === null || /^(ContainerCreating|PodInitializing)$/.test(state.reason ?? ''));
  const beside = all.some((other) => other.key !== key && other.pod.phase === 'Running' && other.workload?.subject === workload?.subject);
  return waits && beside && (age ?? startSeconds) < startSeconds;
}

function scopeOf({ namespace, selector }: Options): Scope {
  return { ...(namespace === null ? {} : { namespace }), ...(selector === null ? {} : { labelSelector: selector }) };
}

function scopeOfWorkload({ namespace, selector }: Workload): Scope {
  const labelSelector = Object.entries(selector)
    .map(([key, value]) => `${key}=${value}`)
    .join(',');
  return labelSelector === '' ? { namespace } : { namespace, labelSelector };
}

async function podsOf(source: Source, scope: Scope): Promise<Many<KubeObject>> {
  try {
    return { read: await source.list(kinds.pods, scope), unread: [] };
  } catch (error) {
    const unread: Unread = unreadOf(error, 'pods');
    return { read: [], unread: [unread] };
  }
}

/** What a pod of the program is, told from the object alone; none for other pods and those that have ended. */
function instanceOf(object: KubeObject, workloads: readonly Workload[], now: Date): readonly Instance[] {
  const pod = podOf(object);
  const container = pod.containers.find(isProgram);
  if (container === undefined || pod.deleting || pod.phase === 'Succeeded' || pod.phase === 'Failed') return [];
  const spec = record(object.spec);
  const raw = records(spec.containers).find(({ name }) => name === container.name) ?? {};
  const port = portOf(container);
  return [
    {
      key: podKey(pod),
      subject: `Pod ${pod.namespace}/${pod.name}`,
      pod: { ...pod, containers: pod.containers.map(withoutArguments) },
      container: withoutArguments(container),
      state: pod.states.find(({ name }) => name === container.name) ?? null,
      workload: workloads.find((workload) => isOf(pod, workload)) ?? null,
      port,
      portNames: portNamesOf(pod, port),
      release: imageOf(container.image).tag,
      token: tokenOf(container, raw),
      tokenKey: tokenKeyOf(raw),
      database: databaseOf(spec, raw),
      follower: container.env.some(({ name, value }) => name === 'IS_SLAVE' && /^(1|t|true)$/i.test(value ?? '')),
      starting: false,
      node: text(spec.nodeName),
      age: ageOf(pod.metadata, now),
    },
  ];
}

function isOf(pod: Pod, { namespace, selector, kind, name }: Workload): boolean {
  const entries = Object.entries(selector);
  const owner = pod.metadata.ownerReferences?.[0];
  const owned = owner === undefined || (kind === 'Deployment' ? owner.name.startsWith(`${name}-`) : owner.name === name);
  return pod.namespace === namespace && owned && entries.every(([key, value]) => pod.labels[key] === value);
}
