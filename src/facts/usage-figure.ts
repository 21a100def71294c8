import type { RangeSeries } from '../parse/matrix.ts';
import type { Asked } from './usage-asked.ts';
import type { Grouping } from './usage-labels.ts';
import type { Groups, StoredFamily } from './usage-query.ts';
import type { AskedShard } from './usage-replicas.ts';
import { storedAs, usageSelector } from './usage-selector.ts';

/** One stored name of the family on one shard. */
export type ShardFamily = StoredFamily & { readonly shard: AskedShard };

/** One number of the rows as one stored name counts it. */
export interface Figure {
  readonly of: 'tokens' | 'requests';
  readonly family: ShardFamily;
  readonly selector: string;
  readonly groups: Groups;
  valuesOf(series: RangeSeries): readonly string[];
  typeOf(series: RangeSeries): string;
}

/** Figures of the same counters: what happens to the first, a histogram's sum, happens to the others, its count. */
export interface Kin {
  readonly first: Figure;
  readonly others: readonly Figure[];
}

/** A question in the spelling of one stored name. */
export function kinsOf({ nouns, question, traits }: Asked, family: ShardFamily, { by, identity }: Grouping): readonly Kin[] {
  const named = (label: string): readonly string[] => storedAs(label, family.labels, identity.has(label));
  const total = nouns.family.total?.label ?? null;
  const types = total === null ? [] : storedAs(total, family.labels, false);
  const groups = by.map(named);
  const matches = question.where.map((match) => ({ ...match, stored: named(match.label)[0] ?? match.label }));
  const spelled = {
    groups: { labels: groups.flat(), types },
    valuesOf: (series: RangeSeries) => groups.map((names) => coalesced(series, names)),
    typeOf: (series: RangeSeries) => (total === null ? 'total' : coalesced(series, types) || 'untyped'),
  };
  const tokens: Figure = { of: 'tokens', family, selector: usageSelector(family, types[0] ?? null, matches), ...spelled };
  const name = question.requests ? traits.requestsOf(family.name) : null;
  if (name === null) return [{ first: tokens, others: [] }];
  // Requests are observations of the first type, of which every metered request makes one.
  const [type] = types;
  const first = nouns.family.total?.values[0];
  const untyped = type === undefined || first === undefined || traits.ownRequests === true;
  const own = untyped ? [] : [{ label: type, op: '=' as const, value: first, stored: type }];
  const counting = { ...family, name };
  const requests: Figure = { of: 'requests', family: counting, selector: usageSelector(counting, null, [...matches, ...own]), ...spelled };
  return traits.ownRequests === true
    ? [tokens, requests].map((figure) => ({ first: figure, others: [] }))
    : [{ first: tokens, others: [requests] }];
}

function coalesced({ labels }: RangeSeries, names: readonly string[]): string {
  return names.map((name) => labels[name] ?? '').find((value) => value !== '') ?? '';
}
