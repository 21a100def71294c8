import { createHash } from 'node:crypto';
import { workload } from '../../objects/workloads.ts';
import type { Editable } from '../../world.ts';
import { nameOf, type Place, present, spelled } from './present.ts';

/**
 * What the controllers of Deployments and ReplicaSets and the kubelet do: a Deployment whose template is no longer that of its ReplicaSet
 * gets another ReplicaSet, and new pods in place of the old ones (kubernetes pkg/controller/deployment). Returns which: "NAMESPACE/NAME".
 */
export async function rollOut(place: Place): Promise<ReadonlySet<string>> {
  const [deployments, replicaSets, pods] = await Promise.all([
    present(place, 'Deployment'),
    present(place, 'ReplicaSet'),
    present(place, 'Pod'),
  ]);
  const rolled = new Set<string>();
  for (const deployment of deployments) {
    const own = replicaSets.filter((set) => isOwned(set, deployment));
    const [current] = own;
    if (current === undefined || templateOf(current) === templateOf(deployment)) continue;
    await replace(place, deployment, [...own, ...pods.filter((pod) => own.some((set) => isOwned(pod, set)))]);
    rolled.add(nameOf(deployment));
  }
  return rolled;
}

function isOwned({ metadata }: Editable, owner: Editable): boolean {
  return (
    metadata.namespace === owner.metadata.namespace &&
    (metadata.ownerReferences ?? []).some((each: Editable) => each.kind === owner.kind && each.name === owner.metadata.name)
  );
}

/** The template without the label that the controller adds. */
function templateOf({ spec }: Editable): string {
  const { 'pod-template-hash': _, ...labels } = spec.template.metadata?.labels ?? {};
  const annotations = spec.template.metadata?.annotations ?? {};
  return spelled({ labels, annotations, spec: spec.template.spec });
}

/** New pods take the addresses of the old ones: a bed has no others. */
async function replace({ bed, hands }: Place, deployment: Editable, old: readonly Editable[]): Promise<void> {
  const { name, namespace, labels = {} } = deployment.metadata;
  const { template, selector, replicas } = deployment.spec;
  const made = workload({
    namespace,
    name,
    labels,
    selector: selector.matchLabels,
    podLabels: template.metadata.labels,
    podAnnotations: template.metadata.annotations ?? {},
    spec: template.spec,
    addresses: old.filter(({ kind }) => kind === 'Pod').map(({ status }) => status.podIP),
    hash: createHash('sha256').update(templateOf(deployment)).digest('hex').slice(0, 10),
  });
  await hands.remove(...old);
  await hands.apply(...made.filter(({ kind }) => kind !== 'Deployment'));
  const counts = { replicas, readyReplicas: replicas, availableReplicas: replicas, updatedReplicas: replicas };
  await bed.patchStatus(deployment, { ...counts, observedGeneration: deployment.metadata.generation });
}
