import type { Emission } from '../../../facts/emitters.ts';
import { defineCheck, type Finding, verdict } from '../../../model/check.ts';
import { type Carrier, type Carriers, carriers } from '../facts/carriers.ts';
import { emissions } from '../facts/emissions.ts';
import { emitters } from '../facts/emitters.ts';
import { type Gateway, gateways } from '../facts/gateways.ts';
import { type Operator, operators } from '../facts/operator.ts';
import { telemetryPolicies } from '../facts/policies.ts';
import { type Path, scene } from '../facts/scene.ts';
import { sameName } from '../names.ts';
import { labelKeys, listed, pathKeys, podKeys, show } from '../phrases.ts';
import { printed, restart, said } from '../status.ts';
import { labelsAt, type TelemetryLabel } from '../telemetry.ts';
import { trafficOf } from '../traffic.ts';

/** Proxies without the filter that reads tokens from responses. */
export const wasmMissing = defineCheck({
  id: 'wasm-missing',
  title: 'every Gateway with token limits has the filter that reads tokens',
  hop: 'configure',
  severity: 'error',
  why: 'A filter in the proxy reads the usage from each response and reports it. Where it is missing or was configured without it, requests are answered and nothing is counted.',
  fix: 'See that the policies are accepted, then `kubectl -n kuadrant-system rollout restart deployment/kuadrant-operator-controller-manager`.',
  follows: [
    'crds-missing',
    'kuadrant-unready',
    'extensions-disabled',
    'provider-unknown',
    'gateway-unready',
    'auth-unenforced',
    'limits-unenforced',
    'telemetry-unenforced',
  ],
  needs: { scene, gateways, carriers },
  wants: { telemetryPolicies, operators, emissions, emitters },
  judge: ({ scene, gateways, carriers, telemetryPolicies, operators, emissions, emitters }) => {
    const served = gateways.filter((gateway) => scene.paths.some((path) => sameName(path.gateway, gateway)));
    if (served.length === 0)
      return scene.unread.length > 0
        ? { status: 'unknown', unread: scene.unread }
        : { status: 'skip', because: 'no Gateway has token limits' };
    if (carriers.served.length === 0 && carriers.unread.length === 0)
      return { status: 'skip', because: 'the API server knows none of the kinds that carry the filter' };
    const world: World = {
      carriers,
      operators: operators.status === 'read' ? operators.value : [],
      emissions: emissions.status === 'read' ? emissions.value.read : [],
      pods: podKeys(emitters),
    };
    const policies = telemetryPolicies.status === 'read' ? telemetryPolicies.value.policies : [];
    const findings = served.flatMap((gateway) => {
      const paths = scene.paths.filter((path) => sameName(path.gateway, gateway));
      return findingsOf({ gateway, paths, labels: labelsAt(gateway, policies) }, world);
    });
    const seen = served.every((gateway) => filtersOf(gateway, carriers).length > 0);
    return verdict(findings, findings.length > 0 || seen ? [] : carriers.unread);
  },
});

interface World {
  readonly carriers: Carriers;
  readonly operators: readonly Operator[];
  readonly emissions: readonly Emission[];
  readonly pods: readonly string[];
}

interface Place {
  readonly gateway: Gateway;
  readonly paths: readonly Path[];
  readonly labels: readonly TelemetryLabel[];
}

function findingsOf(place: Place, world: World): readonly Finding[] {
  const { gateway, paths, labels } = place;
  const about = [...new Set([gateway.key, ...pathKeys(paths), ...world.pods])];
  const here = world.carriers.objects.filter(({ namespace }) => namespace === gateway.namespace);
  const filters = filtersOf(gateway, world.carriers);
  const refused = here.filter(({ name }) => name.endsWith(`-${gateway.name}`)).flatMap((carrier) => refusal(carrier, about));
  if (filters.length === 0) return isExcused(place, world) ? refused : [absent(gateway, world, about)];
  const config = filters.map((filter) => filter.config).join('\n');
  if (!config.includes('total_tokens')) return [...refused, blind(filters, about, world)];
  return [...refused, ...unlabelled(filters, config, { labels, world })];
}

function filtersOf({ namespace, name }: Gateway, { objects }: Carriers): readonly Carrier[] {
  return objects.filter((each) => each.namespace === namespace && each.name === `kuadrant-${name}` && each.kind !== 'EnvoyPatchPolicy');
}

/** Without carriers a release may bring its filter in otherwise: then only what it counts shows it. Up to 1.5 there always is one. */
function isExcused({ paths }: Place, { carriers, operators, emissions }: World): boolean {
  if (carriers.unread.length > 0) return true;
  const version = operators[0]?.version ?? null;
  const bound = version !== null && version.major === 1 && version.minor <= 5;
  const others = carriers.objects.some(({ kind }) => kind !== 'EnvoyPatchPolicy');
  return !bound && !others && paths.some(({ route }) => trafficOf(emissions, route).hits > 0);
}

function absent(gateway: Gateway, { carriers, operators }: World, about: readonly string[]): Finding {
  const kinds = carriers.served.filter((kind) => kind !== 'EnvoyPatchPolicy');
  const resources = kinds.map((kind) => `${kind.toLowerCase()}s`.replace('policys', 'policies')).join(',');
  return {
    subject: gateway.subject,
    message: `no ${kinds.join(' or ')} kuadrant-${gateway.name} brings the filter into its proxies`,
    evidence: { saw: `no object kuadrant-${gateway.name}`, run: `kubectl -n ${gateway.namespace} get ${resources}` },
    remedy: { text: 'let the operator make it anew', command: restart(operators) },
    about,
  };
}

function blind(filters: readonly Carrier[], about: readonly string[], { operators }: World): Finding {
  const [first] = filters as readonly [Carrier];
  return {
    subject: first.subject,
    message: 'its configuration does not mention usage/total_tokens: the filter reads no tokens from responses',
    evidence: { saw: 'no "/usage/total_tokens"', run: show(first.kind.toLowerCase(), first) },
    remedy: { text: 'let the operator write it anew', command: restart(operators) },
    about,
  };
}

function unlabelled(
  filters: readonly Carrier[],
  config: string,
  { labels, world }: { readonly labels: readonly TelemetryLabel[]; readonly world: World },
): readonly Finding[] {
  const [first] = filters as readonly [Carrier];
  const lost = labels.filter(({ name }) => !config.includes(`metrics.labels.${name}`) && !config.includes(`"${name}"`));
  if (lost.length === 0) return [];
  const names = [...new Set(lost.map(({ name }) => name))];
  return [
    {
      subject: first.subject,
      message: `its configuration does not mention label ${listed(names)} of ${lost[0]?.policy.subject}`,
      evidence: { saw: `no "metrics.labels.${names[0]}"`, run: show(first.kind.toLowerCase(), first) },
      remedy: { text: 'let the operator write it anew', command: restart(world.operators) },
      about: labelKeys(lost.map(({ label }) => label)),
    },
  ];
}

/** What Envoy Gateway says of a carrier: EnvoyPatchPolicies are refused unless it was started with them enabled. */
function refusal(carrier: Carrier, about: readonly string[]): readonly Finding[] {
  const wrong = carrier.conditions.find(({ type, status }) => (type === 'Accepted' || type === 'Programmed') && status === 'False');
  if (wrong === undefined) return [];
  const disabled = carrier.kind === 'EnvoyPatchPolicy' && /disabled/i.test(said(wrong));
  return [
    {
      subject: carrier.subject,
      message: `it is not in force: ${said(wrong)}`,
      evidence: { saw: printed(wrong), run: show(carrier.kind.toLowerCase(), carrier) },
      remedy: {
        text: disabled
          ? 'set extensionApis.enableEnvoyPatchPolicy: true in the configuration of Envoy Gateway, and restart it'
          : 'correct what the condition names',
      },
      about,
    },
  ];
}
