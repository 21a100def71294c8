import { createHash } from 'node:crypto';
import type { Editable } from '../../world.ts';
import { nameOf } from './present.ts';

/** A limit of a policy on its way to Limitador. */
export interface Named {
  /** "tokenlimit.free__cca14490". */
  readonly identifier: string;
  readonly name: string;
  readonly rates: readonly { readonly limit: number; readonly window: string }[];
  readonly predicates: readonly string[];
  readonly counters: readonly string[];
}

/** The limits of a TokenRateLimitPolicy, their identifiers as in kuadrant-operator internal/controller/ratelimit_workflow_helpers.go, TokenLimitNameToLimitadorIdentifier. */
export function namedLimits(policy: Editable): readonly Named[] {
  const common = predicatesOf(policy.spec);
  return Object.entries<Editable>(policy.spec.limits ?? {}).map(([name, limit]) => {
    const hash = createHash('sha256')
      .update(`${nameOf(policy)}/${name}`)
      .digest('hex')
      .slice(0, 8);
    const counters = (limit.counters ?? []).map(({ expression }: Editable) => expression);
    return {
      identifier: `tokenlimit.${name.replace(/\W/g, '_')}__${hash}`,
      name,
      rates: limit.rates ?? [],
      predicates: [...common, ...predicatesOf(limit)],
      counters,
    };
  });
}

const predicatesOf = ({ when = [] }: Editable): readonly string[] => when.map(({ predicate }: Editable) => predicate);

/** Entries of Limitador's list: one a rate, for the route as its namespace. */
export function limitsOf(policy: Editable, route: Editable): readonly Editable[] {
  return namedLimits(policy).flatMap(({ identifier, name, rates, counters }) =>
    rates.map(({ limit, window }) => ({
      name,
      namespace: nameOf(route),
      max_value: limit,
      seconds: secondsOf(window),
      conditions: [`descriptors[0]["${identifier}"] == "1"`],
      variables: counters.map((expression) => `descriptors[0]["${expression}"]`),
    })),
  );
}

const units: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600 };

function secondsOf(window: string): number {
  const parts = [...window.matchAll(/(\d+)([smh])/g)];
  return parts.reduce((sum, [, count, unit = '']) => sum + Number(count) * (units[unit] ?? 0), 0);
}
