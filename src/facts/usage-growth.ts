import type { UsageWindow } from '../model/usage.ts';
import type { RangeSeries } from '../parse/matrix.ts';
import type { Figure } from './usage-figure.ts';
import type { Point, RowSum } from './usage-rows.ts';

/** What one group counted of one type, by the time at which a piece ends: in seconds, and in tokens or requests. */
export interface Growth {
  readonly values: readonly string[];
  readonly type: string;
  readonly points: readonly (readonly [seconds: number, amount: number])[];
}

/** What one figure counted. */
export interface Grown {
  readonly figure: Figure;
  readonly growth: readonly Growth[];
}

/** How many pieces a window has. */
export function piecesOf({ start, end, step }: UsageWindow): number {
  return Math.max(1, Math.round((end - start) / step));
}

/** Which piece a value belongs to that stands at the end of one, or of a part of it. Timestamps are rounded to milliseconds. */
export function pieceAt(at: number, window: UsageWindow): number {
  return Math.min(piecesOf(window) - 1, Math.max(0, Math.ceil((at - window.start) / window.step - 0.01) - 1));
}

/** Series by group and type, those with a sign of -1 taken off and those of 0 left out: one group may be stored under several spellings. */
export function netted(figure: Figure, series: readonly RangeSeries[], sign: (series: RangeSeries) => number): readonly Growth[] {
  const groups = new Map<string, Omit<Growth, 'points'> & { readonly amounts: Map<number, number> }>();
  for (const each of series) {
    const times = sign(each);
    if (times === 0) continue;
    const [values, type] = [figure.valuesOf(each), figure.typeOf(each)];
    const key = JSON.stringify([values, type]);
    const { amounts } = groups.get(key) ?? put(groups, key, { values, type, amounts: new Map<number, number>() });
    for (const [at, amount] of each.points) amounts.set(at, (amounts.get(at) ?? 0) + times * amount);
  }
  return [...groups.values()].map(({ values, type, amounts }) => ({ values, type, points: [...amounts] }));
}

function put<T>(map: Map<string, T>, key: string, value: T): T {
  map.set(key, value);
  return value;
}

/** Adds what was counted to the rows, in pieces of the window; nothing can be counted less than not at all. */
export function addGrowth(sum: RowSum, window: UsageWindow, { figure: { of }, growth }: Grown): void {
  for (const { values, type, points } of growth) {
    const grown = points.map(([at, amount]): Point => [pieceAt(at, window), Math.max(0, amount)]);
    if (of === 'requests') sum.addRequests(values, grown);
    else {
      sum.add(values, type, totalOf(grown));
      for (const point of grown) sum.addPoint(values, type, point);
    }
  }
}

const totalOf = (points: readonly Point[]): number => points.reduce((all, [, amount]) => all + amount, 0);
