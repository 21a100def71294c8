import { listed } from '../../checks/phrases.ts';
import type { Finding } from '../../model/check.ts';
import type { Carrier, Carriers } from './facts/carriers.ts';
import type { Gateway } from './facts/gateways.ts';
import type { Operator } from './facts/operator.ts';
import { labelKeys, show } from './phrases.ts';
import { printed, restart, said } from './status.ts';
import type { TelemetryLabel } from './telemetry.ts';

/** What is known of how the filter gets into the proxies. */
export interface FilterWorld {
  readonly carriers: Carriers;
  readonly operators: readonly Operator[];
}

/** No object brings the filter. */
export function absent(gateway: Gateway, { carriers, operators }: FilterWorld, about: readonly string[]): Finding {
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

/** One brings it without what it has to read. */
export function blind(filters: readonly Carrier[], about: readonly string[], { operators }: FilterWorld): Finding {
  const [first] = filters as readonly [Carrier];
  return {
    subject: first.subject,
    message: 'its configuration does not mention usage/total_tokens: the filter reads no tokens from responses',
    evidence: { saw: 'no "/usage/total_tokens"', run: show(first.kind.toLowerCase(), first) },
    remedy: { text: 'let the operator write it anew', command: restart(operators) },
    about,
  };
}

/** One brings it without labels that are asked for. */
export function unlabelled(
  filters: readonly Carrier[],
  config: string,
  { labels, world }: { readonly labels: readonly TelemetryLabel[]; readonly world: FilterWorld },
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
export function refusal(carrier: Carrier, about: readonly string[]): readonly Finding[] {
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
