import { listed } from '../../../checks/phrases.ts';
import type { Emission } from '../../../facts/emitters.ts';
import { defineCheck, type Finding } from '../../../model/check.ts';
import { emissions } from '../facts/emissions.ts';
import { identity } from '../facts/identity.ts';
import { telemetryPolicies } from '../facts/policies.ts';
import { scene } from '../facts/scene.ts';
import { holderOf, type Labelled, labelVerdict, tokensOf } from '../labelled.ts';
import { routeLabel } from '../meter.ts';
import { labelKey } from '../names.ts';
import { showMetrics } from '../phrases.ts';

/** An identity label that no token series carries. */
export const identityAbsent = defineCheck({
  id: 'identity-absent',
  title: 'every identity label is on the token series',
  hop: 'emit',
  severity: 'error',
  why: 'The tokens are counted without saying whose they are. They cannot be attributed later, whatever the dashboards ask.',
  fix: 'See that the TelemetryPolicy of the Gateway is in force, that a limit mentions auth, and that the limiter runs with `--metric-labels-default descriptors[1]`.',
  follows: [
    'extensions-disabled',
    'labels-default-missing',
    'auth-unenforced',
    'identity-unexposed',
    'api-keys-unannotated',
    'auth-unreferenced',
    'telemetry-unenforced',
    'telemetry-hazard',
    'wasm-missing',
  ],
  needs: { emissions, identity },
  wants: { scene, telemetryPolicies },
  judge: (known) => labelVerdict(known, findingOf),
});

/** Where some series carry it, the others are of before it was asked for: Limitador keeps a series until it ends. */
function findingOf({ identity: { label, attribute }, series }: Labelled, emissions: readonly Emission[]): readonly Finding[] {
  if (series.length === 0 || series.some(({ labels }) => label in labels)) return [];
  const holder = holderOf(emissions, series);
  if (holder === undefined) return [];
  const routes = [...new Set(series.map(({ labels }) => labels[routeLabel] ?? ''))].filter((name) => name !== '');
  const present = [...new Set(series.flatMap(({ labels }) => Object.keys(labels)))].sort();
  return [
    {
      subject: holder.emitter.subject,
      message: `label ${label} is on no token series of ${routes.length === 0 ? 'any route' : listed(routes)}: ${tokensOf(series)} tokens are nobody's`,
      evidence: { saw: `labels: ${present.join(', ')}`, run: showMetrics(holder.emitter, 'authorized_hits') },
      remedy: {
        text: `see that the label ${attribute} reaches Limitador: the TelemetryPolicy in force, a limit that mentions auth, the label's expression without error in the log of the proxy`,
      },
      about: [labelKey(label)],
    },
  ];
}
