import type { Workbench } from '../../e2e/fixing.ts';
import type { Staged } from '../../e2e/testbed/stage.ts';
import { ownerOf, podOf, workload } from '../objects/workloads.ts';
import type { Editable, Manifest } from '../world.ts';

/** A pod that was created anew, and the one whose place it took. */
export interface Anew {
  readonly pod: Editable;
  readonly before: string;
}

/** Of a template that is not the one before. */
const hash = '5c7d9f8b64';
const suffix = 'n8r4c';

/** All objects of a kind as the API server has them now. */
export function listed(kubectl: Workbench['kubectl'], resource: string): readonly Editable[] {
  return JSON.parse(kubectl('get', resource, '-A', '-o', 'json')).items;
}

/**
 * What the controllers of Deployments, DaemonSets and StatefulSets do about a spec that they have not seen yet: the pods are created anew from the
 * template of now, at the addresses of the old ones. Proxies are left to those who make them.
 */
export async function rollOut({ kubectl, bed }: Workbench, staged: Staged): Promise<readonly Anew[]> {
  const all = ['deployments', 'daemonsets', 'statefulsets'].flatMap((resource) => listed(kubectl, resource));
  const changed = all.filter(
    ({ metadata, status }) =>
      metadata.generation > (status?.observedGeneration ?? 1) && metadata.labels?.['app.kubernetes.io/component'] !== 'proxy',
  );
  const made: Anew[] = [];
  for (const owner of changed) {
    const old = podsOf(owner, listed(kubectl, 'pods'));
    await staged.remove(...old, ...setsOf(owner, listed(kubectl, 'replicasets')));
    const fresh = createdFor(owner, old);
    await staged.apply(...fresh);
    await bed.patchStatus(owner, { observedGeneration: owner.metadata.generation });
    const pods = fresh.filter(({ kind }) => kind === 'Pod');
    made.push(...pods.map((pod, index) => ({ pod, before: old[index]?.metadata.name ?? '' })));
  }
  return made;
}

function podsOf({ metadata, spec }: Editable, pods: readonly Editable[]): readonly Editable[] {
  const wanted = Object.entries<string>(spec.selector.matchLabels);
  return pods.filter(
    (pod) => pod.metadata.namespace === metadata.namespace && wanted.every(([name, value]) => pod.metadata.labels?.[name] === value),
  );
}

function setsOf({ kind, metadata }: Editable, sets: readonly Editable[]): readonly Editable[] {
  if (kind !== 'Deployment') return [];
  return sets.filter((set) => set.metadata.ownerReferences?.some(({ uid }: Editable) => uid === metadata.uid));
}

function createdFor({ kind, metadata, spec }: Editable, old: readonly Editable[]): readonly Manifest[] {
  const { namespace, name, labels = {} } = metadata;
  const { selector, template } = spec;
  const addresses = old.map(({ status }) => status.podIP);
  const { labels: podLabels = {}, annotations: podAnnotations = {} } = template.metadata;
  if (kind === 'StatefulSet')
    return old.map((pod) =>
      podOf({
        ...{ namespace, name: pod.metadata.name, labels: { ...pod.metadata.labels, 'controller-revision-hash': `${name}-${hash}` } },
        ...{ annotations: podAnnotations, owner: ownerOf('StatefulSet', name), spec: template.spec, address: pod.status.podIP },
      }),
    );
  const whole = {
    namespace,
    name,
    labels,
    selector: selector.matchLabels,
    spec: template.spec,
    podLabels,
    podAnnotations,
    addresses,
    hash,
  };
  return workload({ ...whole, kind })
    .filter((object) => object.kind !== kind)
    .map((object) => (object.kind === 'Pod' ? renamed(object) : object));
}

/** Names of pods are not given twice. */
function renamed(pod: Manifest): Manifest {
  const name = pod.metadata.name.replace(/-x2v7q$/, `-${suffix}`);
  return { ...pod, metadata: { ...pod.metadata, name } };
}
