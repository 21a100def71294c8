import { listed } from '../../../checks/phrases.ts';
import { defineCheck, type Finding, type Remedy, verdict } from '../../../model/check.ts';
import { list } from '../../../parse/fields.ts';
import { conjuncts, pathsOf } from '../conditions.ts';
import { asksResponse, asksResponseBody } from '../expressions.ts';
import type { Limit, LimitPolicy } from '../facts/policies.ts';
import { attached, scene } from '../facts/scene.ts';
import { merging, show } from '../phrases.ts';
import { isOverridden } from '../status.ts';

/**
 * Limits that one request meets together. Each limit has an action of its own that reports the tokens (kuadrant-operator internal/controller/ratelimit_workflow_helpers.go, wasmActionSpecsFromTokenLimit;
 * check and report alternate, and only neighbours of one service are merged), and each report adds them to authorized_hits (limitador-server src/envoy_rls/kuadrant_service.rs, report).
 * Of two with one condition the stricter is not enforced either: Kuadrant/limitador#513.
 */
export const limitsOverlapping = defineCheck({
  id: 'limits-overlapping',
  title: 'no request meets two token limits at once',
  hop: 'configure',
  severity: 'warning',
  inObjects: true,
  why: 'Every limit that a request meets reports its tokens, and every report adds them to the same counter. Sums over the counter are then a multiple of what was used, and so are bills.',
  fix: 'Write several windows as `rates` of one limit, and give other limits `when` conditions of which a request meets one.',
  follows: ['limits-unenforced', 'predicate-hazard'],
  needs: { scene },
  judge: ({ scene }) => {
    const own = scene.policies.filter((policy) => !isOverridden(policy));
    if (own.length === 0) return { status: 'skip', because: 'there is no TokenRateLimitPolicy' };
    return verdict(own.flatMap((policy) => findingsOf(policy, aboutOf(policy, scene.paths))));
  },
});

/** Routes alone: their tokens are counted, and too often. */
function aboutOf(policy: LimitPolicy, paths: readonly Parameters<typeof attached>[1][]): readonly string[] {
  const routes = paths.filter((path) => attached(policy, path)).map(({ route }) => `route ${route.namespace}/${route.name}`);
  return [...new Set([`policy ${policy.namespace}/${policy.name}`, ...routes])];
}

function findingsOf(policy: LimitPolicy, about: readonly string[]): readonly Finding[] {
  const together = overlapIn(policy.limits);
  if (together.length === 0) return [];
  const times = together.length === 2 ? 'twice' : `${together.length} times`;
  return [
    {
      subject: policy.subject,
      message: `limits ${listed(together.map(({ name }) => name))} apply to the same requests, and each reports their tokens: authorized_hits grows ${times} by what was used`,
      evidence: { saw: together.map(whenOf).join('; '), run: show('tokenratelimitpolicy', policy) },
      remedy: remedyFor(policy, together),
      about,
    },
  ];
}

/** The limit that meets most others, and those that every request under it meets as well; none: no two meet. */
function overlapIn(limits: readonly Limit[]): readonly Limit[] {
  const judged = limits
    .filter(isMet)
    .map((limit) => ({ limit, asked: conjuncts(limit.predicates), known: new Set(conjuncts(limit.predicates)) }));
  const wider = (known: ReadonlySet<string>) => judged.filter(({ asked }) => asked.every((each) => known.has(each)));
  const [worst] = judged.map(({ known }) => ({ known, count: wider(known).length })).toSorted((a, b) => b.count - a.count);
  return worst === undefined || worst.count < 2 ? [] : wider(worst.known).map(({ limit }) => limit);
}

/** Whether some request can meet it: `false` turns a limit off, and what asks for an answer is asked too early. */
function isMet({ predicates }: Limit): boolean {
  const never = conjuncts(predicates).includes('false') || pathsOf(predicates)?.length === 0;
  return !never && !predicates.some((each) => asksResponse(each) || asksResponseBody(each));
}

const whenOf = ({ name, predicates }: Limit): string =>
  `${name}: ${predicates.length === 0 ? 'no when' : `when ${predicates.map((each) => each.trim()).join(' && ')}`}`;

const joinable = new Set(['rates', 'when', 'counters']);

/** Limits that differ in their rates alone are one limit; others are for a human to tell apart. */
function remedyFor(policy: LimitPolicy, together: readonly Limit[]): Remedy {
  const [first, ...others] = together as readonly [Limit, ...Limit[]];
  const alike = others.every((other) => other.at === first.at && sameSet(other.counters, first.counters) && sameConditions(other, first));
  const plain = together.every(({ raw }) => Object.keys(raw).every((key) => joinable.has(key)));
  if (!alike || !plain)
    return {
      text: `keep one of them, or add to ${first.name} and ${listed(others.map(({ name }) => name))} a condition that tells their requests apart`,
    };
  const gone = Object.fromEntries(others.map(({ name }) => [name, null]));
  const limits = { [first.name]: { rates: together.flatMap(({ raw }) => list(raw.rates)) }, ...gone };
  const [outer = '', inner] = first.at.split('.');
  const patch = { spec: inner === undefined ? { [outer]: limits } : { [outer]: { [inner]: limits } } };
  return {
    text: `make their rates the rates of ${first.name}: several rates of one limit are reported once`,
    command: merging('tokenratelimitpolicy', policy, patch),
  };
}

const sameConditions = (one: Limit, other: Limit): boolean => sameSet(conjuncts(one.predicates), conjuncts(other.predicates));

function sameSet(one: readonly string[], other: readonly string[]): boolean {
  return new Set(one).size === new Set(other).size && one.every((each) => other.includes(each));
}
