import type { RangeSeries } from '../parse/matrix.ts';
import { type Asked, countedOf } from './usage-asked.ts';
import { pieceAt, type Span, spansOf } from './usage-events.ts';
import type { Grouping } from './usage-labels.ts';
import { type Groups, type StoredFamily, usageQueries } from './usage-query.ts';
import { type Ranged, ranged } from './usage-range.ts';
import type { AskedShard } from './usage-replicas.ts';
import type { Point, RowSum } from './usage-rows.ts';
import { storedAs, usageSelector } from './usage-selector.ts';

/** One stored name of the family on one shard. */
export type ShardFamily = StoredFamily & { readonly shard: AskedShard };

/** What one stored name brought. */
export interface Brought {
  /** Whether it had series in the window. */
  readonly counted: boolean;
  readonly unsure: number;
  /** What the server said is wrong with its answers. */
  readonly warnings: readonly string[];
}

/** Adds the tokens of one stored name: a few range queries a figure, whose answers have a series a group. Nothing is asked tenant by tenant. */
export async function addFamily(asked: Asked, family: ShardFamily, grouping: Grouping, sum: RowSum): Promise<Brought> {
  const spelled = spellingOf(asked, family, grouping);
  const { spans, warnings } = await spansOf(asked, family, spelled.selector);
  const parts = await Promise.all(spans.map((span) => addSpan(asked, { family, spelled, span }, sum)));
  return {
    counted: parts.some((part) => part.counted),
    unsure: parts.reduce((total, part) => total + part.unsure, 0),
    warnings: [...warnings, ...parts.flatMap((part) => part.warnings)],
  };
}

interface Part {
  readonly family: ShardFamily;
  readonly spelled: Spelled;
  readonly span: Span;
}

async function addSpan(asked: Asked, part: Part, sum: RowSum): Promise<Brought> {
  const { family, spelled, span } = part;
  const { window } = asked.question;
  const { value, unsure } = usageQueries(family, spelled.selector, { ...spelled.groups, events: span.events }, window);
  const nothing: Ranged = { series: [], warnings: [] };
  const ask = (query: string | null): Promise<Ranged> =>
    query === null ? Promise.resolve(nothing) : ranged(asked.reader.source, family.shard, query, span);
  const answers = await Promise.all([ask(value), ask(span.events.births ? unsure : null), ask(requestsOf(asked, part))]);
  const [values, doubts, requested] = answers.map(({ series }) => series);
  const counted = countedOf(asked.nouns, asked.question);
  const pointsOf = ({ points }: RangeSeries): readonly Point[] => points.map(([at, amount]) => [pieceAt(at, window), amount]);
  for (const series of values ?? []) {
    const [group, type] = [spelled.valuesOf(series), spelled.typeOf(series)];
    sum.add(group, type, amount(series));
    for (const point of pointsOf(series)) sum.addPoint(group, type, point);
  }
  for (const series of requested ?? []) sum.addRequests(spelled.valuesOf(series), pointsOf(series));
  const doubtful = (doubts ?? []).filter((series) => counted.includes(spelled.typeOf(series)));
  return {
    counted: (values ?? []).length > 0,
    unsure: doubtful.reduce((all, series) => all + amount(series), 0),
    warnings: answers.flatMap((answer) => answer.warnings),
  };
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
function requestsOf({ nouns, question, traits }: Asked, { family, spelled, span }: Part): string | null {
  const name = question.requests ? traits.requestsOf(family.name) : null;
  if (name === null) return null;
  const { matches, groups } = spelled;
  const [type] = groups.types;
  const first = nouns.family.total?.values[0];
  const untyped = type === undefined || first === undefined || traits.ownRequests === true;
  const own = untyped ? [] : [{ label: type, op: '=' as const, value: first, stored: type }];
  // What happens to the tokens of a histogram happens to its count.
  const happens = traits.ownRequests === true ? {} : { events: span.events };
  const selector = usageSelector({ ...family, name }, null, [...matches, ...own]);
  return usageQueries(family, selector, { ...groups, ...happens }, question.window).value;
}

function coalesced({ labels }: RangeSeries, names: readonly string[]): string {
  return names.map((name) => labels[name] ?? '').find((value) => value !== '') ?? '';
}

const amount = ({ points }: RangeSeries): number => points.reduce((sum, [, value]) => sum + value, 0);
