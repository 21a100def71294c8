import { names } from '../objects/namespaces.ts';
import type { Manifest } from '../world.ts';

type Fields = Readonly<Record<string, unknown>>;

const apiVersion = 'rbac.authorization.k8s.io/v1';

/** What charts of collectors let them list and watch. */
export const lists: readonly Fields[] = [
  { apiGroups: [''], resources: ['pods', 'namespaces', 'nodes', 'services', 'endpoints'], verbs: ['get', 'list', 'watch'] },
  { apiGroups: ['apps'], resources: ['replicasets'], verbs: ['get', 'list', 'watch'] },
];

/** The ClusterRole of a collector and its binding, as its chart makes them beside a ServiceAccount of the same name. */
export function access(name: string, rules: readonly Fields[] = lists, within: string = names.monitoring): readonly Manifest[] {
  const labels = { 'app.kubernetes.io/name': 'opentelemetry-collector', 'app.kubernetes.io/managed-by': 'Helm' };
  return [
    { apiVersion, kind: 'ClusterRole', metadata: { name, labels }, rules },
    {
      apiVersion,
      kind: 'ClusterRoleBinding',
      metadata: { name, labels },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name },
      subjects: [{ kind: 'ServiceAccount', name, namespace: within }],
    },
  ];
}
