import type { Account, Asked, Binding, Rbac, Role } from '../../facts/rbac.ts';
import { bindingsOf, isAllowed, roleBehind } from '../../facts/rbac-grants.ts';
import type { Remedy } from '../../model/check.ts';
import { shellWord } from '../../parse/shell-word.ts';
import type { Look } from './facts/discovery-access.ts';

const verbs = ['get', 'list', 'watch'];

/** What lets a collector list what it looks for: a rule in the role that it is bound to already, the role that its binding names, or a role of its own. */
export function letIn({ collector, account, denied }: Pick<Look, 'collector' | 'account' | 'denied'>, rbac: Rbac): Remedy {
  const [asked] = denied as readonly [Asked];
  const bound = bindingsOf(rbac, account, asked.namespace).filter((binding) => binding.subjects.some((each) => isOwn(each.name, account)));
  const missing = bound.find((binding) => roleBehind(rbac, binding) === null);
  if (missing !== undefined) return missingRole(missing, denied);
  const role = bound.map((binding) => roleBehind(rbac, binding)).find((each) => each !== null && isPlain(each));
  if (role !== undefined && role !== null) return anotherRule(role, denied);
  const astray = rbac.bindings.find((binding) => bindsNamesake(binding, rbac, { account, denied }));
  if (astray !== undefined) return anotherSubject(astray, account);
  const name = collector.workload?.name ?? collector.name;
  const unbound = rbac.roles.find((each) => isMade(each, [account.name, name]) && denied.every((one) => isAllowed(each, one)));
  return unbound === undefined ? ownRole(`${name}-discovery`, account, denied) : boundTo(unbound, account, denied);
}

/** A binding that would be right if it named the namespace of the ServiceAccount: charts write that of their release. */
function bindsNamesake(binding: Binding, rbac: Rbac, { account, denied }: Pick<Look, 'account' | 'denied'>): boolean {
  const role = roleBehind(rbac, binding);
  const holds = denied.every(
    (asked) => (binding.namespace === null || binding.namespace === asked.namespace) && role !== null && isAllowed(role, asked),
  );
  return (
    holds && account.name !== 'default' && binding.subjects.some(({ kind, name }) => kind === 'ServiceAccount' && name === account.name)
  );
}

function anotherSubject({ kind, namespace, name }: Binding, account: Account): Remedy {
  const operations = [{ op: 'add', path: '/subjects/-', value: { kind: 'ServiceAccount', ...account } }];
  const where = namespace === null ? '' : `-n ${namespace} `;
  return {
    text: `name ServiceAccount ${account.namespace}/${account.name} in ${kind} ${name}`,
    command: `kubectl ${where}patch ${kind.toLowerCase()} ${shellWord(name)} --type json -p ${shellWord(JSON.stringify(operations))}`,
    patch: operations,
  };
}

/** The ClusterRole that a chart makes for its collector. */
function isMade(role: Role, names: readonly string[]): boolean {
  return role.kind === 'ClusterRole' && isPlain(role) && names.includes(role.name);
}

const isOwn = (name: string, account: Account): boolean => name === account.name || name.endsWith(`:${account.name}`);

/** Not one that comes with every cluster, nor one whose rules a controller writes. */
function isPlain({ name, rules }: Role): boolean {
  return rules.length > 0 && !/^(?:view|edit|admin|cluster-admin|system:.*)$/.test(name);
}

function anotherRule({ kind, namespace, name }: Role, denied: readonly Asked[]): Remedy {
  const operations = [...new Set(denied.map(({ group }) => group))].map((group) => ({
    op: 'add',
    path: '/rules/-',
    value: { apiGroups: [group], resources: resourcesIn(denied, group), verbs },
  }));
  const where = namespace === null ? '' : `-n ${namespace} `;
  return {
    text: `let ${kind} ${name} get, list and watch ${said(denied)} as well`,
    command: `kubectl ${where}patch ${kind.toLowerCase()} ${shellWord(name)} --type json -p ${shellWord(JSON.stringify(operations))}`,
    patch: operations,
  };
}

function missingRole({ role, namespace, kind, name }: Binding, denied: readonly Asked[]): Remedy {
  const where = role.kind === 'Role' ? `-n ${namespace} ` : '';
  return {
    text: `make the ${role.kind} that ${kind} ${name} names`,
    command: `kubectl ${where}create ${role.kind.toLowerCase()} ${shellWord(role.name)} ${rulesText(denied)}`,
  };
}

function ownRole(name: string, { namespace, name: account }: Account, denied: readonly Asked[]): Remedy {
  const within = placeOf(denied);
  const where = within === null ? '' : `-n ${within} `;
  const role = within === null ? 'clusterrole' : 'role';
  const own = shellWord(name);
  return {
    text: `let ServiceAccount ${namespace}/${account} get, list and watch ${said(denied)}`,
    command: [
      `kubectl ${where}create ${role} ${own} ${rulesText(denied)}`,
      `kubectl ${where}create ${role}binding ${own} --${role}=${own} --serviceaccount=${namespace}:${account}`,
    ].join(' && '),
  };
}

/** The one namespace in which everything is asked; null: the whole cluster. */
function placeOf(denied: readonly Asked[]): string | null {
  const [first] = denied;
  return first !== undefined && denied.every((asked) => asked.namespace === first.namespace) ? first.namespace : null;
}

function boundTo({ name }: Role, { namespace, name: account }: Account, denied: readonly Asked[]): Remedy {
  const within = placeOf(denied);
  const [where, binding] = within === null ? ['', 'clusterrolebinding'] : [`-n ${within} `, 'rolebinding'];
  const own = shellWord(name);
  return {
    text: `bind ServiceAccount ${namespace}/${account} to ClusterRole ${name}`,
    command: `kubectl ${where}create ${binding} ${own} --clusterrole=${own} --serviceaccount=${namespace}:${account}`,
  };
}

const said = (denied: readonly Asked[]): string => [...new Set(denied.map(({ resource }) => resource))].join(', ');

function rulesText(denied: readonly Asked[]): string {
  const names = [...new Set(denied.map(({ resource, group }) => (group === '' ? resource : `${resource}.${group}`)))];
  return `--verb=${verbs.join(',')} --resource=${names.join(',')}`;
}

function resourcesIn(denied: readonly Asked[], group: string): readonly string[] {
  return [...new Set(denied.filter((asked) => asked.group === group).map(({ resource }) => resource))];
}
