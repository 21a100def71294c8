import { listed } from '../../../checks/phrases.ts';
import type { Account, Asked, Rbac } from '../../../facts/rbac.ts';
import { bindingsOf, roleBehind, userOf } from '../../../facts/rbac-grants.ts';
import { defineCheck, type Finding, verdict } from '../../../model/check.ts';
import { grouped, keysOf } from '../../envoy-ai-gateway/phrases.ts';
import { discovered } from '../facts/discovered.ts';
import { discoveryAccess, type Look } from '../facts/discovery-access.ts';
import { scraping } from '../facts/scraping.ts';
import { ids } from '../names.ts';
import { letIn } from '../rbac-remedies.ts';
import { sidecars, withoutCollectors } from '../verdicts.ts';

/** Collectors whose ServiceAccounts may not list the pods that their jobs look for. What RBAC denies another authorizer may allow: scrapes that are stored show it. */
export const discoveryForbidden = defineCheck({
  id: ids.discoveryForbidden,
  title: 'the collector may list the pods that its jobs look for',
  hop: 'discover',
  severity: 'error',
  why: 'A collector that may not list pods finds no targets and says so in its log alone. It is ready, its configuration is right, and nothing is scraped.',
  fix: 'Bind the ServiceAccount of the collector to a role that may get, list and watch pods where its jobs look, with `kubectl create clusterrole` and `kubectl create clusterrolebinding`.',
  needs: { scraping, access: discoveryAccess },
  wants: { discovered },
  judge: ({ scraping, access: { looks, rbac }, discovered }) => {
    const none = withoutCollectors(scraping);
    if (none !== null) return none;
    if (looks.length === 0 || rbac === null)
      return { status: 'skip', because: 'no collector looks for sidecars in the API server with a ServiceAccount that is known' };
    const found = discovered.status === 'read' ? discovered.value : new Set<string>();
    const denied = looks.filter((look) => look.denied.length > 0);
    const blind = denied.filter(({ emitter }) => !found.has(emitter.key));
    if (rbac.unread.length > 0)
      return blind.length > 0 ? unknowable(rbac) : verdict([], [], denied.length > 0 ? unreadNote(rbac) : undefined);
    return verdict(findingsOf(blind, rbac), scraping.unread, noteOf(looks, denied));
  },
});

/** A cluster that does not serve RBAC lets in by other means. */
function unknowable({ unread }: Rbac) {
  const refused = unread.filter(({ reason }) => reason !== 'absent');
  return refused.length > 0
    ? ({ status: 'unknown', unread: refused } as const)
    : ({ status: 'skip', because: 'the API server serves no roles: something else says there who may list what' } as const);
}

function unreadNote({ unread }: Rbac): string {
  return `RBAC could not be read (${unread[0]?.message ?? ''}); it finds them`;
}

function noteOf(looks: readonly Look[], denied: readonly Look[]): string | undefined {
  const [first] = denied;
  if (first !== undefined)
    return `RBAC does not let ${accountText(first.account)} ${askedText(first.denied)}, and it finds them all the same: something else lets it`;
  const slow = looks.find(({ unwatched }) => unwatched.length > 0);
  if (slow === undefined) return undefined;
  return `${accountText(slow.account)} may list and not watch ${resourcesOf(slow.unwatched)}: new pods are found late`;
}

function findingsOf(blind: readonly Look[], rbac: Rbac): readonly Finding[] {
  const groups = grouped(blind, ({ collector, account, denied }) => JSON.stringify([collector.key, account, denied]));
  return groups.flatMap((group) => {
    const [first] = group;
    return first === undefined ? [] : [findingOf(first, group, rbac)];
  });
}

function findingOf(look: Look, group: readonly Look[], rbac: Rbac): Finding {
  const { collector, account, denied } = look;
  const emitters = [...new Map(group.map(({ emitter }) => [emitter.key, emitter])).values()];
  const jobs = [...new Set(group.map(({ job }) => job.name || job.receiver))];
  const [asked] = denied as readonly [Asked];
  return {
    subject: collector.subject,
    message: `${accountText(account)} may not ${askedText(denied)}, where ${jobs.length === 1 ? 'job' : 'jobs'} ${listed(jobs)} would find ${sidecars(emitters)}`,
    evidence: {
      saw: whyNot(rbac, account, asked),
      run: `kubectl auth can-i ${asked.verb} ${nameOf(asked)} --as ${userOf(account)} ${asked.namespace === null ? '--all-namespaces' : `-n ${asked.namespace}`}`,
    },
    remedy: letIn({ collector, account, denied }, rbac),
    about: keysOf(emitters),
  };
}

const accountText = ({ namespace, name }: Account): string => `ServiceAccount ${namespace}/${name}`;
const nameOf = ({ resource, group }: Asked): string => (group === '' ? resource : `${resource}.${group}`);
const resourcesOf = (asked: readonly Asked[]): string => listed([...new Set(asked.map(({ resource }) => resource))]);

/** "list pods in namespace NAMESPACE", "list nodes in the whole cluster". */
function askedText(asked: readonly Asked[]): string {
  const places = grouped(asked, ({ namespace }) => namespace ?? '');
  return `list ${places.map((group) => `${resourcesOf(group)} ${placeText(group[0] ?? null)}`).join(' and ')}`;
}

function placeText(asked: Asked | null): string {
  return asked === null || asked.namespace === null ? 'in the whole cluster' : `in namespace ${asked.namespace}`;
}

/** What there is in the place of what is needed. */
function whyNot(rbac: Rbac, account: Account, asked: Asked): string {
  const bound = bindingsOf(rbac, account, asked.namespace).filter(({ subjects }) => subjects.some(({ kind }) => kind !== 'Group'));
  const missing = bound.filter((binding) => roleBehind(rbac, binding) === null);
  if (missing.length > 0)
    return listed(missing.map(({ kind, name, role }) => `${kind} ${name} names ${role.kind} ${role.name}, which does not exist`));
  if (bound.length > 0)
    return `it is bound to ${listed(bound.map(({ role }) => `${role.kind} ${role.name}`))}, and no rule there lets it ${asked.verb} ${asked.resource}`;
  const elsewhere = rbac.bindings.find(({ subjects }) =>
    subjects.some(({ kind, name }) => kind === 'ServiceAccount' && name === account.name),
  );
  if (elsewhere === undefined) return 'no binding names it';
  const { kind, name, namespace, subjects } = elsewhere;
  const where = subjects.find((subject) => subject.name === account.name)?.namespace ?? namespace;
  if (where !== account.namespace) return `${kind} ${name} names ${account.name} of namespace ${where}`;
  return `${kind} ${name} holds in namespace ${namespace} alone`;
}
