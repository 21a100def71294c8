import { listed } from '../../../checks/phrases.ts';
import { type SecretNames, secretNames } from '../../../facts/secret-names.ts';
import { defineCheck, type Finding, type Remedy, verdict } from '../../../model/check.ts';
import type { Attempt } from '../../../model/fact.ts';
import { identityKeys } from '../expressions.ts';
import { emissions } from '../facts/emissions.ts';
import { emitters } from '../facts/emitters.ts';
import { type AuthPolicy, authPolicies, telemetryPolicies } from '../facts/policies.ts';
import { attached, type Path, scene } from '../facts/scene.ts';
import { routeKey } from '../names.ts';
import { labelKeys, merging, podKeys, show, underRules } from '../phrases.ts';
import { isOverridden } from '../status.ts';
import { labelsAt, type TelemetryLabel } from '../telemetry.ts';
import { trafficOf } from '../traffic.ts';

/** What an AuthPolicy keeps to itself of the caller, and others ask for. */
export const identityUnexposed = defineCheck({
  id: 'identity-unexposed',
  title: 'every key of auth.identity that is asked for is exposed by an AuthPolicy',
  hop: 'configure',
  severity: 'error',
  inObjects: true,
  why: 'Of the caller only what stands in the filter identity of the response is known to the proxy. An expression that asks for anything else fails, and with it the label or the whole count.',
  fix: 'Add the property to `spec.rules.response.success.filters.identity.json.properties` of the AuthPolicy.',
  follows: ['auth-unenforced'],
  needs: { scene, authPolicies, telemetryPolicies },
  wants: { emitters, emissions, secretNames },
  judge: ({ scene, authPolicies, telemetryPolicies, emitters, emissions, secretNames }) => {
    if (scene.paths.length === 0)
      return scene.unread.length > 0
        ? { status: 'unknown', unread: scene.unread }
        : { status: 'skip', because: 'no route has token limits' };
    const seen = emissions.status === 'read' ? emissions.value.read : [];
    const pods = podKeys(emitters);
    const findings = scene.paths.flatMap((path) => {
      const policies = responsible(authPolicies.policies.filter((policy) => attached(policy, path)));
      const { series } = trafficOf(seen, path.route);
      const labels = labelsAt(path.gateway, telemetryPolicies.policies).filter(({ label }) =>
        series.every((entry) => (entry.labels[label] ?? '') === ''),
      );
      return policies.length === 0 ? [] : missingOf(path, policies, { labels, pods, secrets: secretNames });
    });
    return verdict(distinct(findings), scene.unread);
  },
});

/** Those that are not replaced by another on the same path. */
function responsible(policies: readonly AuthPolicy[]): readonly AuthPolicy[] {
  const own = policies.filter((policy) => !isOverridden(policy));
  return own.length > 0 ? own : policies;
}

interface Wanted {
  readonly labels: readonly TelemetryLabel[];
  readonly pods: readonly string[];
  readonly secrets: Attempt<SecretNames>;
}

function missingOf(path: Path, policies: readonly AuthPolicy[], { labels, pods, secrets }: Wanted): readonly Finding[] {
  const filters = policies.flatMap(({ exposes }) => exposes).filter(({ filter }) => filter === 'identity');
  if (filters.some(({ properties }) => properties === null)) return [];
  const exposed = new Set(filters.flatMap(({ properties }) => properties ?? []));
  const lacks = (expression: string): readonly string[] => identityKeys(expression).filter((key) => !exposed.has(key));
  const lost = labels.filter(({ expression }) => lacks(expression).length > 0);
  const limits = path.limits.flatMap((policy) =>
    policy.limits.map((limit) => ({ policy, keys: [...limit.counters, ...limit.predicates].flatMap(lacks) })),
  );
  const failing = limits.filter(({ keys }) => keys.length > 0);
  const keys = [...new Set([...lost.flatMap(({ expression }) => lacks(expression)), ...failing.flatMap((each) => each.keys)])];
  const [policy] = policies as readonly [AuthPolicy];
  if (keys.length === 0) return [];
  const askers = [...new Set([...lost.map((each) => each.policy.subject), ...failing.map((each) => each.policy.subject)])];
  const about = [...labelKeys(lost.map(({ label }) => label)), routeKey(path.route), ...(failing.length > 0 ? pods : [])];
  return [finding(policy, { keys, askers, exposed: filters.length === 0 ? null : [...exposed], about, secrets })];
}

interface Missing {
  readonly keys: readonly string[];
  readonly askers: readonly string[];
  /** Null: there is no filter identity. */
  readonly exposed: readonly string[] | null;
  readonly about: readonly string[];
  readonly secrets: Attempt<SecretNames>;
}

function finding(policy: AuthPolicy, { keys, askers, exposed, about, secrets }: Missing): Finding {
  const none = exposed === null;
  return {
    subject: policy.subject,
    message: `${none ? 'it has no response.success.filters.identity' : `its filter identity has no ${listed(keys)}`}, and ${listed(askers)} ask${askers.length === 1 ? 's' : ''} for auth.identity.${keys[0]}`,
    evidence: {
      saw: none ? 'response.success.filters: no identity' : `identity properties: ${exposed.join(', ') || 'none'}`,
      run: show('authpolicy', policy),
    },
    remedy: remedyFor(policy, keys, secrets),
    about,
  };
}

/** Of an API key its annotations are known, of a token its claims. */
function remedyFor(policy: AuthPolicy, keys: readonly string[], secrets: Attempt<SecretNames>): Remedy {
  const source = (key: string): unknown =>
    policy.keys.length > 0
      ? { selector: `auth.identity.metadata.annotations.${annotationFor(key, policy, secrets).replaceAll('.', '\\.')}` }
      : { expression: `auth.identity.${key}` };
  const filters = { identity: { json: { properties: Object.fromEntries(keys.map((key) => [key, source(key)])) } } };
  const patch = { spec: underRules(policy.rulesAt, { response: { success: { filters } } }) };
  const at = `spec.${policy.rulesAt}.response.success.filters.identity.json.properties`;
  return {
    text: `add ${listed(keys)} to ${at}, from where it is known of the caller`,
    command: merging(policy.resource, policy, patch),
    patch,
  };
}

/** The annotation of its API keys that is called like the property; where their names are not read, the one of the guide: kuadrant.io, token rate limiting. */
function annotationFor(key: string, { keys }: AuthPolicy, secrets: Attempt<SecretNames>): string {
  const all = secrets.status === 'read' && secrets.value.status === 'asked' ? secrets.value.secrets : [];
  const own = all.filter(({ labels }) =>
    keys.some(({ matchLabels }) => Object.entries(matchLabels).every(([name, value]) => labels[name] === value)),
  );
  const plain = (text: string): string => text.replace(/[^a-z0-9]/gi, '').toLowerCase();
  const names = own.flatMap(({ annotations }) => Object.keys(annotations));
  const like = names.find((name) => plain(name.slice(name.indexOf('/') + 1)) === plain(key));
  return like ?? `kuadrant.io/${plain(key) === 'userid' ? 'user-id' : key}`;
}

/** One AuthPolicy on several routes of one Gateway lacks the same. */
function distinct(findings: readonly Finding[]): readonly Finding[] {
  const merged = new Map<string, Finding>();
  for (const each of findings) {
    const key = `${each.subject} ${each.message}`;
    const before = merged.get(key);
    merged.set(key, before === undefined ? each : { ...before, about: [...new Set([...(before.about ?? []), ...(each.about ?? [])])] });
  }
  return [...merged.values()];
}
