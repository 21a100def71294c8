import { type PricedPiece, type PricedRow, totalOf } from '../model/usage.ts';
import { instant, none, type Shown, type Totals, topRows, totals } from './usage-figures.ts';

/** One line of a table: what a group used in the window, or in one piece of it. */
export interface Line {
  /** When the piece begins and ends; null: the whole window. */
  readonly piece: { readonly start: number; readonly end: number } | null;
  /** One value a label; empty for a line of others. */
  readonly values: readonly string[];
  /** How many groups it stands for; null: the one of its values. */
  readonly others: number | null;
  readonly sum: Totals;
}

/** The lines of a table, by time where the pieces are apart, and the largest group first. */
export function linesOf(usage: Shown, top: number | null): readonly Line[] {
  const { first, rest, others } = topRows(usage, top);
  if (usage.apart) return piecesApart(usage, first, usage.rows.slice(first.length));
  const lines = first.map((row): Line => ({ piece: null, values: row.values, others: null, sum: sumOf(row, usage) }));
  return rest === null ? lines : [...lines, { piece: null, values: [], others, sum: rest }];
}

function piecesApart(usage: Shown, first: readonly PricedRow[], rest: readonly PricedRow[]): readonly Line[] {
  const own = first.flatMap(({ values, pieces }) => pieces.map((piece) => ({ at: piece.at, line: lineOf(usage, piece, values) })));
  const more = byPiece(rest, usage).map(({ at, groups, sum }) => ({
    at,
    line: { piece: spanOf(usage, at), values: [], others: groups, sum },
  }));
  return [...own, ...more].sort((a, b) => a.at - b.at).map(({ line }) => line);
}

const lineOf = (usage: Shown, piece: PricedPiece, values: readonly string[]): Line => ({
  piece: spanOf(usage, piece.at),
  values,
  others: null,
  sum: sumOf(piece, usage),
});

/** What rows come to in each piece in which any of them used something. */
export function byPiece(
  rows: readonly PricedRow[],
  { counted }: Shown,
): readonly { readonly at: number; readonly groups: number; readonly sum: Totals }[] {
  const pieces = new Map<number, PricedPiece[]>();
  for (const piece of rows.flatMap((row) => row.pieces)) {
    const known = pieces.get(piece.at);
    if (known === undefined) pieces.set(piece.at, [piece]);
    else known.push(piece);
  }
  return [...pieces].sort(([a], [b]) => a - b).map(([at, members]) => ({ at, groups: members.length, sum: totals(members, counted) }));
}

/** When a piece of the window begins and ends. */
export function spanOf({ window }: Shown, at: number): { readonly start: number; readonly end: number } {
  const { start, step } = window ?? { start: 0, step: 0 };
  return { start: start + at * step, end: start + (at + 1) * step };
}

/** The amounts of a row or a piece with their total. */
export function sumOf(row: Pick<PricedRow, 'tokens' | 'requests' | 'cost'>, { counted }: Pick<Shown, 'counted'>): Totals {
  return { tokens: totalOf(row, counted), byType: row.tokens, requests: row.requests, cost: row.cost };
}

/** The columns that say which line it is. */
export function labelHeads({ apart, by }: Shown): readonly string[] {
  return apart ? ['start', ...by] : by;
}

/** What stands in them. */
export function labelCells({ piece, values, others }: Line, { by }: Shown): readonly string[] {
  const own = others === null ? values.map((value) => value || none) : firstCell(`(${others} more)`, by.length);
  return piece === null ? own : [instant(piece.start), ...own];
}

/** One text in the first of so many cells. */
export function firstCell(text: string, cells: number): readonly string[] {
  return Array.from({ length: cells }, (_, at) => (at === 0 ? text : ''));
}
