import type { Account, Asked, Binding, Rbac, Role, RoleRule } from './rbac.ts';

/** Whether RBAC lets a ServiceAccount do something: kubernetes plugin/pkg/auth/authorizer/rbac. Another authorizer may still let it. */
export function isGranted(rbac: Rbac, account: Account, asked: Asked): boolean {
  return bindingsOf(rbac, account, asked.namespace).some((binding) => {
    const role = roleBehind(rbac, binding);
    return role !== null && isAllowed(role, asked);
  });
}

/** The bindings that bind a ServiceAccount where something is asked: in all namespaces only those of the cluster do. */
export function bindingsOf({ bindings }: Rbac, account: Account, namespace: string | null): readonly Binding[] {
  return bindings.filter((binding) => (binding.namespace === null || binding.namespace === namespace) && binds(binding, account));
}

/** The role that a binding refers to; null: there is none. */
export function roleBehind({ roles }: Rbac, { role, namespace }: Binding): Role | null {
  const within = role.kind === 'Role' ? namespace : null;
  return roles.find((each) => each.kind === role.kind && each.name === role.name && each.namespace === within) ?? null;
}

/** kubernetes pkg/registry/rbac/validation appliesTo; names and groups of ServiceAccounts: apiserver pkg/authentication/serviceaccount. */
function binds({ subjects, namespace }: Binding, account: Account): boolean {
  const groups = ['system:serviceaccounts', `system:serviceaccounts:${account.namespace}`, 'system:authenticated'];
  return subjects.some((subject) => {
    switch (subject.kind) {
      case 'ServiceAccount':
        return subject.name === account.name && (subject.namespace || namespace) === account.namespace;
      case 'User':
        return subject.name === userOf(account);
      case 'Group':
        return groups.includes(subject.name);
      default:
        return false;
    }
  });
}

/** The user name of a ServiceAccount. */
export function userOf({ namespace, name }: Account): string {
  return `system:serviceaccount:${namespace}:${name}`;
}

/** Whether whoever is bound to a role may do something. */
export function isAllowed({ rules }: Role, asked: Asked): boolean {
  return rules.some((rule) => allows(rule, asked));
}

/** kubernetes pkg/apis/rbac/v1 evaluation_helpers.go; a rule of names allows no list of everything. */
function allows({ verbs, groups, resources, named }: RoleRule, { verb, group, resource }: Asked): boolean {
  const has = (values: readonly string[], wanted: string): boolean => values.includes('*') || values.includes(wanted);
  return !named && has(verbs, verb) && has(groups, group) && has(resources, resource);
}
