import type { Attempt } from '../../model/fact.ts';
import type { GatewayRef } from './facts/gateways.ts';
import type { Policies, TelemetryPolicy } from './facts/policies.ts';
import { exposedLabel, sameName } from './names.ts';
import { labelKeys } from './phrases.ts';

/** A label that a TelemetryPolicy asks for. */
export interface TelemetryLabel {
  readonly policy: TelemetryPolicy;
  /** As written. */
  readonly name: string;
  /** As exposed. */
  readonly label: string;
  readonly expression: string;
}

/** The labels that TelemetryPolicies put on what is counted at a Gateway. */
export function labelsAt(gateway: GatewayRef, policies: readonly TelemetryPolicy[]): readonly TelemetryLabel[] {
  return policies.filter((policy) => targets(policy, gateway)).flatMap(labelsOf);
}

/** Whether it is about this Gateway: only one of its own namespace can be. */
export function targets({ namespace, target }: TelemetryPolicy, gateway: GatewayRef): boolean {
  return target.kind === 'Gateway' && sameName({ namespace, name: target.name }, gateway);
}

export function labelsOf(policy: TelemetryPolicy): readonly TelemetryLabel[] {
  return Object.entries(policy.labels).map(([name, expression]) => ({ policy, name, label: exposedLabel(name), expression }));
}

/** The keys of the labels at a Gateway, for what leaves all of them empty. */
export function labelKeysAt(gateway: GatewayRef, policies: Attempt<Policies<TelemetryPolicy>>): readonly string[] {
  const known = policies.status === 'read' ? policies.value.policies : [];
  return labelKeys(labelsAt(gateway, known).map(({ label }) => label));
}

/** Of expressions that say who a caller is, the one that tells callers apart best: many are of one group or tier. */
export function callerOf(expressions: readonly string[]): string {
  const personal = expressions.find((each) => /user|client|consumer|e-?mail|name|\bsub\b/i.test(each.replaceAll('auth.identity', '')));
  return personal ?? expressions[0] ?? 'auth.identity.userid';
}
