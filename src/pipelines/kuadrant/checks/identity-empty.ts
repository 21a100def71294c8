import type { Emission } from '../../../facts/emitters.ts';
import { defineCheck, type Finding } from '../../../model/check.ts';
import { emissions } from '../facts/emissions.ts';
import { identity } from '../facts/identity.ts';
import { telemetryPolicies } from '../facts/policies.ts';
import { scene } from '../facts/scene.ts';
import { holderOf, type Labelled, labelVerdict, tokensOf } from '../labelled.ts';
import { labelKey } from '../names.ts';
import { showMetrics } from '../phrases.ts';

/** An identity label that is there and says nothing: for Prometheus the same as none, and dashboards leave it out. */
export const identityEmpty = defineCheck({
  id: 'identity-empty',
  title: 'no token series has an empty identity label',
  hop: 'emit',
  severity: 'error',
  why: 'Prometheus stores an empty label as none: such tokens are mixed with those of nobody. A dashboard that asks for user!="" leaves them out and shows zeros.',
  fix: 'Let the property that the label is made of have a value for every caller: an annotation on each API key, a claim in each token.',
  follows: ['auth-unenforced', 'identity-unexposed', 'api-keys-unannotated', 'telemetry-hazard', 'identity-absent'],
  needs: { emissions, identity },
  wants: { scene, telemetryPolicies },
  judge: (known) => labelVerdict(known, findingOf),
});

/** Less than this share of the tokens is not worth a word. */
const noise = 0.001;

function findingOf({ identity: { label, attribute }, series }: Labelled, emissions: readonly Emission[]): readonly Finding[] {
  const carrying = series.filter(({ labels }) => label in labels);
  const empty = carrying.filter(({ labels }) => labels[label] === '');
  const holder = holderOf(emissions, empty);
  const [lost, all] = [tokensOf(empty), tokensOf(carrying)];
  if (holder === undefined || lost / all < noise) return [];
  const whole = empty.length === carrying.length;
  return [
    {
      subject: holder.emitter.subject,
      message: whole
        ? `label ${label} is empty on every token series: ${lost} tokens are nobody's`
        : `label ${label} is empty for ${lost} of ${all} tokens`,
      evidence: { saw: `${label}="" on ${empty.length} of ${carrying.length} series`, run: showMetrics(holder.emitter, `${label}=""`) },
      remedy: {
        text: `see what ${attribute} is made of, and that every caller has it: the annotations of the API keys, the claims of the tokens`,
        command: 'kubectl get authpolicies,telemetrypolicies -A -o yaml',
      },
      ...(whole ? {} : { severity: 'warning' as const }),
      about: [labelKey(label)],
    },
  ];
}
