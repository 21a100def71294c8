import type { UsageWindow } from '../model/usage.ts';
import type { RangeSeries } from '../parse/matrix.ts';
import type { Shard } from './prometheus.ts';
import { type Asked, countedOf } from './usage-asked.ts';
import type { Grouping } from './usage-labels.ts';
import { type Groups, type StoredFamily, storedAs, usageQueries, usageSelector } from './usage-query.ts';
import { ranged } from './usage-range.ts';
import type { Point, RowSum } from './usage-rows.ts';

/** One stored name of the family on one shard. */
export type ShardFamily = StoredFamily & { readonly shard: Shard };

/** What one stored name brought. */
export interface Brought {
  /** Whether it had series in the window. */
  readonly counted: boolean;
  readonly unsure: number;
  /** What the server said is wrong with its answers. */
  readonly warnings: readonly string[];
}

/** Adds the tokens of one stored name: one range query a figure, whose answer has a series a group. Nothing is asked tenant by tenant. */
export async function addFamily(asked: Asked, family: ShardFamily, grouping: Grouping, sum: RowSum): Promise<Brought> {
  const spelled = spellingOf(asked, family, grouping);
  const { window } = asked.question;
  const { value, unsure } = usageQueries(family, spelled.selector, spelled.groups, window);
  const warnings: string[] = [];
  const ask = async (query: string): Promise<readonly RangeSeries[]> => {
    const answer = await ranged(asked.reader.source, family.shard, query, window);
    warnings.push(...answer.warnings);
    return answer.series;
  };
  const requests = requestsOf(asked, family, spelled);
  const [values, doubts, requested] = await Promise.all([ask(value), ask(unsure), requests === null ? [] : ask(requests)]);
  const counted = countedOf(asked.nouns, asked.question);
  const pointsOf = ({ points }: RangeSeries): readonly Point[] => points.map(([at, value]) => [pieceOf(at, window), value]);
  for (const series of values) {
    const [group, type] = [spelled.valuesOf(series), spelled.typeOf(series)];
    sum.add(group, type, amount(series));
    for (const point of pointsOf(series)) sum.addPoint(group, type, point);
  }
  for (const series of requested) sum.addRequests(spelled.valuesOf(series), pointsOf(series));
  const doubtful = doubts.filter((series) => counted.includes(spelled.typeOf(series)));
  return { counted: values.length > 0, unsure: doubtful.reduce((all, series) => all + amount(series), 0), warnings };
}

/** A question in the spelling of one stored name. */
interface Spelled {
  readonly selector: string;
  /** The same without a type. */
  readonly matches: Parameters<typeof usageSelector>[2];
  readonly groups: Groups;
  valuesOf(series: RangeSeries): readonly string[];
  typeOf(series: RangeSeries): string;
}

function spellingOf({ nouns, question }: Asked, family: ShardFamily, { by, identity }: Grouping): Spelled {
  const named = (label: string): readonly string[] => storedAs(label, family.labels, identity.has(label));
  const total = nouns.family.total?.label ?? null;
  const types = total === null ? [] : storedAs(total, family.labels, false);
  const groups = by.map(named);
  const matches = question.where.map((match) => ({ ...match, stored: named(match.label)[0] ?? match.label }));
  return {
    selector: usageSelector(family, types[0] ?? null, matches),
    matches,
    groups: { labels: groups.flat(), types },
    valuesOf: (series) => groups.map((names) => coalesced(series, names)),
    typeOf: (series) => (total === null ? 'total' : coalesced(series, types) || 'untyped'),
  };
}

/** The query of requests: observations of the first type, of which every metered request makes one. */
function requestsOf({ nouns, question, traits }: Asked, family: ShardFamily, { matches, groups }: Spelled): string | null {
  const name = question.requests ? traits.requestsOf(family.name) : null;
  if (name === null) return null;
  const [type] = groups.types;
  const first = nouns.family.total?.values[0];
  const untyped = type === undefined || first === undefined || traits.ownRequests === true;
  const own = untyped ? [] : [{ label: type, op: '=' as const, value: first, stored: type }];
  return usageQueries(family, usageSelector({ ...family, name }, null, [...matches, ...own]), groups, question.window).value;
}

function coalesced({ labels }: RangeSeries, names: readonly string[]): string {
  return names.map((name) => labels[name] ?? '').find((value) => value !== '') ?? '';
}

const amount = ({ points }: RangeSeries): number => points.reduce((sum, [, value]) => sum + value, 0);

/** How many pieces a window has. */
export function piecesOf({ start, end, step }: UsageWindow): number {
  return Math.max(1, Math.round((end - start) / step));
}

/** Each value stands at the end of its piece. */
function pieceOf(at: number, window: UsageWindow): number {
  return Math.min(piecesOf(window) - 1, Math.max(0, Math.round((at - window.start) / window.step) - 1));
}
