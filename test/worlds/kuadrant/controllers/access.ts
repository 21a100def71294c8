import type { Editable } from '../../world.ts';
import type { Place } from './present.ts';

const rbac = '/apis/rbac.authorization.k8s.io/v1';

/** Who a Prometheus is that may not list pods: a bed's servers have no ServiceAccounts (testbed/prometheus.ts). */
const stranger = { kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name: 'viewer' };

/**
 * What the controller that aggregates ClusterRoles makes of "view", which is empty without it (kubernetes pkg/controller/clusterroleaggregation);
 * and whatever a ServiceAccount of a Prometheus was given, for the user that its server is on a bed.
 */
export async function authorize({ bed, hands }: Place): Promise<void> {
  const roles: readonly Editable[] = await bed.api.list(`${rbac}/clusterroles`);
  const rules = roles
    .filter(({ metadata }) => metadata.labels?.['rbac.authorization.k8s.io/aggregate-to-view'] === 'true')
    .flatMap((role) => role.rules ?? []);
  await bed.api.send('PATCH', `${rbac}/clusterroles/view`, { rules }, 'application/merge-patch+json');
  const accounts = hands.cluster.objects
    .filter(({ kind }) => kind === 'Prometheus')
    .map(({ metadata, spec }: Editable) => `${metadata.namespace}/${spec.serviceAccountName}`);
  const bindings: readonly Editable[] = await bed.api.list(`${rbac}/rolebindings`);
  const given = bindings.filter(({ subjects = [] }) =>
    subjects.some(({ kind, namespace, name }: Editable) => kind === 'ServiceAccount' && accounts.includes(`${namespace}/${name}`)),
  );
  await hands.apply(
    ...given.map(({ metadata: { namespace, name }, roleRef }) => ({
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      metadata: { namespace, name: `${name}-of-the-server` },
      roleRef,
      subjects: [stranger],
    })),
  );
}
