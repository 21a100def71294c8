import type { Access } from '../model/source.ts';

/** A permission and what it is needed for. */
export interface Need {
  readonly access: Access;
  /** Titles of the facts that read it. */
  readonly facts: readonly string[];
}

export interface RoleSettings {
  readonly name: string;
  /** Bound to it, when given. */
  readonly serviceAccount: { readonly namespace: string; readonly name: string } | null;
  /** How pod ports are reached. */
  readonly via: 'port-forward' | 'proxy';
}

/** The permissions that facts declare, each once, with what reads them, sorted by group and resource. */
export function needsOf(facts: readonly { readonly title: string; readonly reads: readonly Access[] }[]): readonly Need[] {
  const needs = new Map<string, Need>();
  for (const { title, reads } of facts) {
    for (const access of reads) {
      const key = `${access.group}/${access.resource}/${access.verb}`;
      const titles = needs.get(key)?.facts ?? [];
      needs.set(key, { access, facts: titles.includes(title) ? titles : [...titles, title] });
    }
  }
  return [...needs].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, need]) => need);
}

/** The minimal ClusterRole for these needs, a comment above each rule. */
export function clusterRole(needs: readonly Need[], settings: RoleSettings): string {
  const rules = rulesOf(needs.map((need) => ({ ...need, access: throughWay(need.access, settings.via) })));
  const role = [
    'apiVersion: rbac.authorization.k8s.io/v1',
    'kind: ClusterRole',
    'metadata:',
    `  name: ${settings.name}`,
    'rules:',
    ...rules.flatMap(ruleLines),
  ];
  return `${[...role, ...bindingLines(settings)].join('\n')}\n`;
}

interface Rule {
  readonly group: string;
  readonly resource: string;
  readonly verbs: readonly string[];
  readonly facts: readonly string[];
}

const verbOrder: readonly string[] = ['get', 'list', 'create'];

function rulesOf(needs: readonly Need[]): readonly Rule[] {
  const rules = new Map<string, Rule>();
  for (const { access, facts } of needs) {
    const key = `${access.group}/${access.resource}`;
    const known = rules.get(key);
    rules.set(key, {
      group: access.group,
      resource: access.resource,
      verbs: [...new Set([...(known?.verbs ?? []), access.verb])].sort((a, b) => verbOrder.indexOf(a) - verbOrder.indexOf(b)),
      facts: [...new Set([...(known?.facts ?? []), ...facts])],
    });
  }
  return [...rules.values()];
}

/** The API server's proxy takes `get pods/proxy`, or `get services/proxy` for a service; nothing is created. */
function throughWay(access: Access, via: RoleSettings['via']): Access {
  if (via === 'port-forward' || access.resource !== 'pods/portforward') return access;
  return { verb: 'get', group: '', resource: 'pods/proxy' };
}

function ruleLines({ group, resource, verbs, facts }: Rule): readonly string[] {
  const note = (notes[`${group}/${resource}`] ?? []).map((line) => `  # ${line}`);
  return [
    `  # ${facts.join('; ')}`,
    ...note,
    `  - apiGroups: ["${group}"]`,
    `    resources: ["${resource}"]`,
    `    verbs: [${verbs.map((verb) => `"${verb}"`).join(', ')}]`,
  ];
}

/** What a person who grants a rule should know, by group and resource. */
const notes: Readonly<Record<string, readonly string[]>> = {
  // Feature gate AuthorizePodWebsocketUpgradeCreatePermission, pkg/features/kube_features.go.
  '/pods/portforward': ['a tunnel is a GET that is upgraded; Kubernetes 1.35 and later asks for create as well'],
  // An authorizer sees the resource and never the form of the answer: k8s.io/apiserver pkg/authorization/authorizer/interfaces.go.
  '/secrets': [
    'RBAC cannot tell names from data: whoever holds this rule can read every Secret;',
    'tokmeter asks the API server for metadata alone, and does so only with --secret-names',
  ],
  '/pods/log': ['whoever holds this rule can read every log; tokmeter keeps counts of known messages alone, and reads only with --logs'],
};

function bindingLines({ name, serviceAccount }: RoleSettings): readonly string[] {
  if (serviceAccount === null) return [];
  return [
    '---',
    'apiVersion: rbac.authorization.k8s.io/v1',
    'kind: ClusterRoleBinding',
    'metadata:',
    `  name: ${name}`,
    'roleRef:',
    '  apiGroup: rbac.authorization.k8s.io',
    '  kind: ClusterRole',
    `  name: ${name}`,
    'subjects:',
    '  - kind: ServiceAccount',
    `    namespace: ${serviceAccount.namespace}`,
    `    name: ${serviceAccount.name}`,
  ];
}
