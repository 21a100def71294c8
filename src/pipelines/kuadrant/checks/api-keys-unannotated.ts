import { listed } from '../../../checks/phrases.ts';
import { type SecretName, secretNames, secretsNotAsked } from '../../../facts/secret-names.ts';
import { defineCheck, type Finding, type Remedy, verdict } from '../../../model/check.ts';
import { shellWord } from '../../../parse/shell-word.ts';
import { kuadrants } from '../facts/kuadrants.ts';
import { type AuthPolicy, authPolicies, type KeySource, telemetryPolicies } from '../facts/policies.ts';
import { attached, scene } from '../facts/scene.ts';
import { routeKey } from '../names.ts';
import { merging, nameOf, underRules } from '../phrases.ts';
import { labelKeysAt } from '../telemetry.ts';

/** API keys that say nothing of whose they are. Names, labels and annotations of Secrets are all that is looked at. */
export const apiKeysUnannotated = defineCheck({
  id: 'api-keys-unannotated',
  title: 'every API key says whose it is',
  hop: 'configure',
  severity: 'error',
  why: 'The identity of a caller with an API key is what is annotated on its Secret. A key without the annotation counts its tokens for nobody, and one without the label does not work at all.',
  fix: 'Label the Secret `authorino.kuadrant.io/managed-by=authorino` and annotate it with what the AuthPolicy selects: `kubectl annotate secret NAME kuadrant.io/user-id=WHO --overwrite`.',
  follows: ['auth-unenforced'],
  needs: { scene, authPolicies, secretNames },
  wants: { kuadrants, telemetryPolicies },
  judge: ({ scene, authPolicies, secretNames, kuadrants, telemetryPolicies }) => {
    if (secretNames.status === 'not-asked') return { status: 'skip', because: secretsNotAsked };
    const used = authPolicies.policies.flatMap((policy) => {
      const paths = scene.paths.filter((path) => attached(policy, path));
      const about = paths.flatMap(({ route, gateway }) => [routeKey(route), ...labelKeysAt(gateway, telemetryPolicies)]);
      return paths.length === 0 || policy.keys.length === 0 ? [] : [{ policy, about: [...new Set(about)] }];
    });
    if (used.length === 0) return { status: 'skip', because: 'no AuthPolicy of a route with token limits takes API keys' };
    const homes = kuadrants.status === 'read' ? kuadrants.value.objects.map(({ namespace }) => namespace) : [];
    return verdict(
      used.flatMap(({ policy, about }) =>
        policy.keys.flatMap((source) => findingsOf(policy, source, { secrets: secretNames.secrets, homes, about })),
      ),
      scene.unread,
    );
  },
});

/** Authorino looks at Secrets with this label alone: --secret-label-selector of its server. */
const managed = 'authorino.kuadrant.io/managed-by';

interface Where {
  readonly secrets: readonly SecretName[];
  /** Namespaces of Kuadrant objects, in which AuthConfigs stand: internal/controller/authconfigs_reconciler.go. */
  readonly homes: readonly string[];
  readonly about: readonly string[];
}

function findingsOf(policy: AuthPolicy, source: KeySource, { secrets, homes, about }: Where): readonly Finding[] {
  const wanted = Object.entries(source.matchLabels);
  const selector = wanted.map(([name, value]) => `${name}=${value}`).join(',');
  const run = `kubectl get secrets -A -l ${shellWord(selector)} --show-labels`;
  const matching = secrets.filter(({ labels }) => wanted.every(([name, value]) => labels[name] === value));
  const reachable = source.allNamespaces || homes.length === 0 ? matching : matching.filter(({ namespace }) => homes.includes(namespace));
  const subject = policy.subject;
  if (matching.length === 0)
    return [
      {
        subject,
        message: `no Secret has the labels ${selector} of its API keys ${source.name}`,
        evidence: { saw: '0 Secrets', run },
        remedy: { text: 'label the Secrets of the keys so' },
        about,
      },
    ];
  if (reachable.length === 0)
    return [
      {
        subject,
        message: `its API keys ${source.name} are in namespace ${listed([...new Set(matching.map(({ namespace }) => namespace))])} and it looks in ${listed(homes)} alone`,
        evidence: { saw: `${matching.length} Secrets elsewhere, allNamespaces is not set`, run },
        remedy: everywhere(policy, source),
        about,
      },
    ];
  const unmanaged = reachable.filter(({ labels }) => labels[managed] !== 'authorino');
  return [...unlabelled(unmanaged, { run, about }), ...bare(reachable, policy, { run, about })];
}

interface Shown {
  readonly run: string;
  readonly about: readonly string[];
}

function unlabelled(secrets: readonly SecretName[], { run, about }: Shown): readonly Finding[] {
  const [first] = secrets;
  if (first === undefined) return [];
  return [
    {
      subject: `Secret ${nameOf(first)}`,
      message: `label ${managed} is not on ${listed(secrets.map(nameOf))}: the key does not work`,
      evidence: { saw: `labels: ${Object.keys(first.labels).join(', ')}`, run },
      remedy: {
        text: 'add the label',
        command: secrets.map((secret) => setting('label', secret, `${managed}=authorino`)).join('\n'),
      },
      about,
    },
  ];
}

function bare(secrets: readonly SecretName[], { annotations }: AuthPolicy, { run, about }: Shown): readonly Finding[] {
  return annotations.flatMap((annotation) => {
    const without = secrets.filter((secret) => (secret.annotations[annotation] ?? '') === '');
    const [first] = without;
    if (first === undefined) return [];
    return [
      {
        subject: `Secret ${nameOf(first)}`,
        message: `${without.length} of ${secrets.length} API keys (${listed(without.map(nameOf))}) have no annotation ${annotation}: their tokens are nobody's`,
        evidence: { saw: `annotations: ${Object.keys(first.annotations).join(', ') || 'none'}`, run },
        remedy: owning(without, annotation),
        ...(without.length === secrets.length ? {} : { severity: 'warning' as const }),
        about,
      },
    ];
  });
}

function everywhere(policy: AuthPolicy, { name }: KeySource): Remedy {
  const rule = { authentication: { [name]: { apiKey: { allNamespaces: true } } } };
  const patch = { spec: underRules(policy.rulesAt, rule) };
  const text = `set spec.${policy.rulesAt}.authentication.${name}.apiKey.allNamespaces: true`;
  return { text, command: merging(policy.resource, policy, patch), patch };
}

/** Who has a key is not known here, and the name of its Secret is as good as any that is its own. What group or tier it is in nothing can stand for. */
function owning(secrets: readonly SecretName[], annotation: string): Remedy {
  if (!/user|client|consumer|owner|name|id$/i.test(annotation.slice(annotation.indexOf('/') + 1)))
    return { text: `annotate each with ${annotation}` };
  return {
    text: 'say on each whose key it is; the name of its Secret tells it from the others until somebody knows better',
    command: secrets.map((secret) => setting('annotate', secret, `${annotation}=${secret.name}`)).join('\n'),
  };
}

/** One that is there and empty, or says something else, is not set without --overwrite. */
function setting(verb: 'label' | 'annotate', { namespace, name }: SecretName, pair: string): string {
  return `kubectl -n ${shellWord(namespace)} ${verb} secret ${shellWord(name)} --overwrite ${shellWord(pair)}`;
}
