import type { Source } from '../model/source.ts';
import type { UsageWindow } from '../model/usage.ts';
import { grouped } from '../parse/grouped.ts';
import type { RangeSeries } from '../parse/matrix.ts';
import type { Figure, Kin } from './usage-figure.ts';
import { type Growth, netted, piecesOf } from './usage-growth.ts';
import { countedQuery, everQuery, markIn, resetCounts, unmarked, valueQuery } from './usage-query.ts';
import { type Ranged, ranged } from './usage-range.ts';

/** What a first look at the counters of a name told. */
export interface Glance {
  readonly kin: Kin;
  readonly window: UsageWindow;
  /** By how much the values of each group differ between the ends of each piece; by figure, the first of the kin first. */
  readonly growth: readonly (readonly Growth[])[];
  /** Whether that is what was counted: no counter began, went away, was reset, or was not scraped at the end of a piece. */
  readonly quiet: boolean;
  readonly targets: readonly TargetCount[];
  /** How many series there were at most at one time, each copy for itself. */
  readonly series: number;
  readonly warnings: readonly string[];
}

/** How many series one target has, each copy for itself. */
export interface TargetCount {
  /** Its labels. */
  readonly labels: Readonly<Record<string, string>>;
  /** In the window, or alive before it. */
  readonly ever: number;
  readonly reset: boolean;
  /** At each end of a piece, that of the window's start first. */
  readonly alive: readonly number[];
}

/**
 * One query a figure, for its values at the ends of the pieces, and one for how many counters each target ever had and whether they were reset. Where
 * that is how many there are at each end, they are the same throughout and never fell, so that the growth of a group is the difference of its sums.
 * They are asked at once: each takes Prometheus about as long as an `increase` over the window.
 */
export async function glanceAt(source: Source, kin: Kin, window: UsageWindow): Promise<Glance> {
  const { first, others } = kin;
  const { family, selector, groups } = first;
  const whole = { ...window, step: window.end - window.start };
  const ends = { ...window, start: window.start - window.step };
  const ask = (query: string, within: UsageWindow): Promise<Ranged> => ranged(source, family.shard, query, within);
  const answers = await Promise.all([
    ask(everQuery(family, selector, whole), whole),
    ask(countedQuery(family, selector, groups), ends),
    ...others.map((other) => ask(valueQuery(other.family, other.selector, other.groups), ends)),
  ]);
  const [ever = [], ...values] = answers.map(({ series }) => series);
  const targets = targetsIn(ever, values[0] ?? [], window);
  const perEnd = Array.from({ length: piecesOf(window) + 1 }, (_, at) => targets.reduce((sum, { alive }) => sum + (alive[at] ?? 0), 0));
  return {
    kin,
    window,
    growth: [first, ...others].map((figure, at) => differences(figure, values[at] ?? [], window)),
    quiet: targets.every((target) => !target.reset && target.alive.every((count) => count === target.ever)),
    targets,
    series: Math.max(...perEnd),
    warnings: answers.flatMap(({ warnings }) => warnings),
  };
}

function targetsIn(ever: readonly RangeSeries[], values: readonly RangeSeries[], window: UsageWindow): readonly TargetCount[] {
  const counted = values.filter(({ labels }) => markIn(labels) === 'alive');
  const keys = new Map([...ever, ...counted].map(({ labels }) => [targetKey(labels), unmarked(labels)]));
  const [evers, alives] = [pointsByTarget(ever), pointsByTarget(counted)];
  return [...keys].map(([key, labels]) => {
    const answer = (evers.get(key) ?? []).reduce((sum, [, value]) => sum + value, 0);
    return { labels, ever: answer % resetCounts, reset: answer >= resetCounts, alive: atEnds(alives.get(key) ?? [], window) };
  });
}

function pointsByTarget(series: readonly RangeSeries[]): ReadonlyMap<string, Growth['points']> {
  const byKey = grouped(series, ({ labels }) => targetKey(labels));
  return new Map([...byKey].map(([key, group]) => [key, group.flatMap(({ points }) => points)]));
}

/** A target by its labels, whatever else an answer is marked with. */
export function targetKey(labels: TargetCount['labels']): string {
  return JSON.stringify(Object.entries(unmarked(labels)).sort(([left], [right]) => (left < right ? -1 : 1)));
}

/** Values by the end of a piece that they stand at; 0: none. */
function atEnds(points: Growth['points'], window: UsageWindow): readonly number[] {
  const values = Array.from({ length: piecesOf(window) + 1 }, () => 0);
  for (const [at, value] of points) {
    const place = Math.round((at - window.start) / window.step);
    values[place] = (values[place] ?? 0) + value;
  }
  return values;
}

/** What was counted between each value and the one before it. */
function differences(figure: Figure, series: readonly RangeSeries[], window: UsageWindow): readonly Growth[] {
  return netted(figure, series, ({ labels }) => (markIn(labels) === null ? 1 : 0)).map((growth) => {
    const [first = 0, ...values] = atEnds(growth.points, window);
    const points = values.map(
      (value, at) => [window.start + (at + 1) * window.step, value - (at === 0 ? first : (values[at - 1] ?? 0))] as const,
    );
    return { ...growth, points };
  });
}
