import type { KubeObject } from '../model/source.ts';

const apiVersion = 'rbac.authorization.k8s.io/v1';

/** What `kubectl create` makes of one kind of RBAC: "clusterrole NAME --verb=get,list --resource=pods", "rolebinding NAME --role=NAME --serviceaccount=NAMESPACE:NAME". Null for other kinds. */
export function createdRbac(word: string, name: string, namespace: string | null, flags: ReadonlyMap<string, string>): KubeObject | null {
  const metadata = { name, ...(namespace === null ? {} : { namespace }) };
  switch (word) {
    case 'role':
      return { apiVersion, kind: 'Role', metadata, rules: rulesOf(flags) };
    case 'clusterrole':
      return { apiVersion, kind: 'ClusterRole', metadata: { name }, rules: rulesOf(flags) };
    case 'rolebinding':
      return { apiVersion, kind: 'RoleBinding', metadata, ...boundBy(flags) };
    case 'clusterrolebinding':
      return { apiVersion, kind: 'ClusterRoleBinding', metadata: { name }, ...boundBy(flags) };
    default:
      return null;
  }
}

const words = (flags: ReadonlyMap<string, string>, name: string): readonly string[] => (flags.get(name) ?? '').split(',').filter(Boolean);

/** "endpointslices.discovery.k8s.io" is a resource with its group; resources of one group share a rule. */
function rulesOf(flags: ReadonlyMap<string, string>): readonly object[] {
  const resources = words(flags, '--resource').map((each) => {
    const at = each.indexOf('.');
    return at < 0 ? { group: '', resource: each } : { group: each.slice(at + 1), resource: each.slice(0, at) };
  });
  const groups = [...new Set(resources.map(({ group }) => group))];
  return groups.map((group) => ({
    apiGroups: [group],
    resources: resources.filter((each) => each.group === group).map(({ resource }) => resource),
    verbs: words(flags, '--verb'),
  }));
}

function boundBy(flags: ReadonlyMap<string, string>): Readonly<Record<string, unknown>> {
  const role = flags.get('--role');
  const [namespace, name] = (flags.get('--serviceaccount') ?? '').split(':');
  const kind = role === undefined ? 'ClusterRole' : 'Role';
  return {
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind, name: role ?? flags.get('--clusterrole') },
    subjects: [{ kind: 'ServiceAccount', name, namespace }],
  };
}
