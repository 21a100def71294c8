import type { Emission } from '../../../facts/emitters.ts';
import { defineCheck, type Finding, verdict } from '../../../model/check.ts';
import { type Carrier, type Carriers, carriers } from '../facts/carriers.ts';
import { emissions } from '../facts/emissions.ts';
import { emitters } from '../facts/emitters.ts';
import { type Gateway, gateways } from '../facts/gateways.ts';
import { operators } from '../facts/operator.ts';
import { telemetryPolicies } from '../facts/policies.ts';
import { type Path, scene } from '../facts/scene.ts';
import { absent, blind, type FilterWorld, refusal, unlabelled } from '../filter.ts';
import { sameName } from '../names.ts';
import { pathKeys, podKeys } from '../phrases.ts';
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

interface World extends FilterWorld {
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
