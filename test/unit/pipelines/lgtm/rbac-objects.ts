import type { KubeObject } from '../../../../src/model/source.ts';

type Fields = Readonly<Record<string, unknown>>;

const apiVersion = 'rbac.authorization.k8s.io/v1';
const group = 'rbac.authorization.k8s.io';

/** What the chart of the collector lets it do, with what a test changes. */
export const podRule = { apiGroups: [''], resources: ['pods'], verbs: ['get', 'list', 'watch'] };

export function role(rules: readonly Fields[] = [podRule], name = 'collector', namespace?: string): KubeObject {
  const metadata = namespace === undefined ? { name } : { name, namespace };
  return { apiVersion, kind: namespace === undefined ? 'ClusterRole' : 'Role', metadata, rules };
}

export const account = (name = 'default', namespace: string | null = 'monitoring'): Fields => ({
  kind: 'ServiceAccount',
  name,
  ...(namespace === null ? {} : { namespace }),
});

/** Binds a ClusterRole, in one namespace or in all. */
export function binding(subjects: readonly Fields[] = [account()], namespace?: string, ref: Fields = {}): KubeObject {
  const metadata = namespace === undefined ? { name: 'collector' } : { name: 'collector', namespace };
  const kind = namespace === undefined ? 'ClusterRoleBinding' : 'RoleBinding';
  return { apiVersion, kind, metadata, roleRef: { apiGroup: group, kind: 'ClusterRole', name: 'collector', ...ref }, subjects };
}

/** Every ServiceAccount of namespace monitoring may list pods. */
export const letIn: readonly KubeObject[] = [role(), binding([{ kind: 'Group', name: 'system:serviceaccounts:monitoring' }])];
