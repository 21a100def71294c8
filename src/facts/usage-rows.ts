import { ReadError } from '../model/source.ts';
import type { UsagePiece, UsageRow } from '../model/usage.ts';

/** Adds up what belongs to the same group and the same type of token, whatever it was stored as. */
export interface RowSum {
  add(values: readonly string[], type: string, tokens: number): void;
  addPoint(values: readonly string[], type: string, point: Point): void;
  addRequests(values: readonly string[], points: readonly Point[]): void;
  /** The largest first; groups in which nothing was counted are left out. */
  rows(): readonly UsageRow[];
}

/** What was counted in one piece of the window. */
export type Point = readonly [piece: number, amount: number];

/** What a sum is made for. */
export interface Shape {
  /** How many points a row has; 0: none. */
  readonly pieces: number;
  /** Whether the pieces are kept with their types and requests. */
  readonly apart: boolean;
  readonly requests: boolean;
  /** Types whose sum is the total. */
  readonly counted: readonly string[];
}

interface Entry {
  readonly values: readonly string[];
  readonly tokens: Record<string, number>;
  readonly points: number[];
  readonly pieces: Map<number, { readonly tokens: Record<string, number>; requests: number }>;
  requests: number;
}

/** What a run keeps at most: 160 MB of points, or some 300 MB of pieces with their types. */
const most = { points: 20_000_000, apart: 1_000_000 };

/** An empty sum. Throws ReadError when more is added than memory should hold. */
export function rowSum(shape: Shape): RowSum {
  const entries = new Map<string, Entry>();
  const limit = limitOf(shape);
  const entry = (values: readonly string[]): Entry => {
    const key = JSON.stringify(values);
    const known = entries.get(key);
    if (known !== undefined) return known;
    limit.group();
    const points = new Array<number>(shape.pieces).fill(0);
    const made: Entry = { values, tokens: {}, points, pieces: new Map(), requests: 0 };
    entries.set(key, made);
    return made;
  };
  const piece = ({ pieces }: Entry, at: number): { readonly tokens: Record<string, number>; requests: number } => {
    const known = pieces.get(at);
    if (known !== undefined) return known;
    limit.piece();
    const made = { tokens: {}, requests: 0 };
    pieces.set(at, made);
    return made;
  };
  return {
    add: (values, type, tokens) => increase(entry(values).tokens, type, tokens),
    addPoint: (values, type, [at, tokens]) => {
      const own = entry(values);
      if (shape.counted.includes(type)) own.points[at] = (own.points[at] ?? 0) + tokens;
      if (shape.apart && tokens > 0) increase(piece(own, at).tokens, type, tokens);
    },
    addRequests: (values, points) => {
      const own = entry(values);
      for (const [at, requests] of points) {
        own.requests += requests;
        if (shape.apart && requests > 0) piece(own, at).requests += requests;
      }
    },
    rows: () => sorted([...entries.values()], shape),
  };
}

function increase(sums: Record<string, number>, type: string, tokens: number): void {
  sums[type] = (sums[type] ?? 0) + tokens;
}

function limitOf({ pieces, apart }: Shape): { group(): void; piece(): void } {
  const counts = { points: 0, apart: 0 };
  const refuse = (): never => {
    const message = `the groups and pieces of the window are more than ${apart ? '1,000,000' : '20,000,000'} numbers, which is too much to hold; a longer --step, or fewer labels of --by, asks for less`;
    throw new ReadError('malformed', 'usage', message);
  };
  return {
    group: () => {
      counts.points += pieces;
      if (counts.points > most.points) refuse();
    },
    piece: () => {
      counts.apart += 1;
      if (counts.apart > most.apart) refuse();
    },
  };
}

/** The order of rows, by what they count in all. */
export function largestFirst(counted: readonly string[]): (a: Row, b: Row) => number {
  const total = ({ tokens }: Row): number => counted.reduce((sum, type) => sum + (tokens[type] ?? 0), 0);
  return (a, b) => total(b) - total(a) || (a.values.join('\0') < b.values.join('\0') ? -1 : 1);
}

type Row = Pick<UsageRow, 'tokens' | 'values'>;

function sorted(entries: readonly Entry[], { requests: wanted, counted }: Shape): readonly UsageRow[] {
  return entries
    .filter(({ tokens, requests }) => requests > 0 || Object.values(tokens).some((sum) => sum > 0))
    .sort(largestFirst(counted))
    .map(({ values, tokens, points, pieces, requests }) => ({
      values,
      tokens,
      points,
      pieces: [...pieces]
        .sort(([a], [b]) => a - b)
        .map(([at, piece]): UsagePiece => ({ at, tokens: piece.tokens, requests: wanted ? piece.requests : null })),
      requests: wanted ? requests : null,
    }));
}
