import type { Workbench } from '../../e2e/fixing.ts';
import type { Cluster, Collector, Editable } from '../world.ts';
import { listed } from './rollouts.ts';

const kinds = ['ClusterRole', 'ClusterRoleBinding', 'Role', 'RoleBinding'];

/** Whether collectors may do other things than when the world was made: what watches for pods is let in, or shut out, while it runs. */
export function mayOtherwise({ kubectl }: Workbench, { objects, collectors }: Cluster): boolean {
  const pods = listed(kubectl, 'pods');
  const accounts = collectors.flatMap((collector) => accountOf(collector, pods));
  const now = kinds.flatMap((kind) => listed(kubectl, `${kind.toLowerCase()}s`));
  const before = objects.filter(({ kind }) => kinds.includes(kind)) as readonly Editable[];
  return permissionsOf(now, accounts) !== permissionsOf(before, accounts);
}

function accountOf({ address }: Collector, pods: readonly Editable[]): readonly string[] {
  const pod = pods.find(({ status }) => status.podIP === address);
  return pod === undefined ? [] : [`${pod.metadata.namespace}/${pod.spec.serviceAccountName ?? 'default'}`];
}

/** The rules that bindings give to some ServiceAccounts, in an order of their own. */
function permissionsOf(objects: readonly Editable[], accounts: readonly string[]): string {
  const bindings = objects.filter(({ subjects = [] }) =>
    subjects.some(({ kind, namespace, name }: Editable) => kind === 'ServiceAccount' && accounts.includes(`${namespace}/${name}`)),
  );
  const rulesOf = ({ roleRef, metadata }: Editable): unknown =>
    objects.find(
      (role) =>
        role.kind === roleRef.kind &&
        role.metadata.name === roleRef.name &&
        (role.kind === 'ClusterRole' || role.metadata.namespace === metadata.namespace),
    )?.rules ?? [];
  return JSON.stringify(bindings.map((binding) => JSON.stringify([binding.metadata.namespace ?? '', rulesOf(binding)])).sort());
}
