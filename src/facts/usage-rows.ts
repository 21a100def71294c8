import type { UsageRow } from '../model/usage.ts';

/** Adds up what belongs to the same group and the same type of token, whatever it was stored as. */
export interface RowSum {
  add(values: readonly string[], type: string, tokens: number): void;
  addPoint(values: readonly string[], piece: number, tokens: number): void;
  addRequests(values: readonly string[], requests: number): void;
  /** The largest first; groups in which nothing was counted are left out. */
  rows(counted: readonly string[]): readonly UsageRow[];
}

interface Entry {
  readonly values: readonly string[];
  readonly tokens: Record<string, number>;
  readonly points: number[];
  requests: number;
}

/** An empty sum; `pieces` is how many points a row has. */
export function rowSum(pieces: number, withRequests: boolean): RowSum {
  const entries = new Map<string, Entry>();
  const entry = (values: readonly string[]): Entry => {
    const key = JSON.stringify(values);
    const known = entries.get(key) ?? { values, tokens: {}, points: new Array<number>(pieces).fill(0), requests: 0 };
    entries.set(key, known);
    return known;
  };
  return {
    add: (values, type, tokens) => {
      const { tokens: sums } = entry(values);
      sums[type] = (sums[type] ?? 0) + tokens;
    },
    addPoint: (values, piece, tokens) => {
      const { points } = entry(values);
      points[piece] = (points[piece] ?? 0) + tokens;
    },
    addRequests: (values, requests) => {
      entry(values).requests += requests;
    },
    rows: (counted) => {
      const total = ({ tokens }: Entry): number => counted.reduce((sum, type) => sum + (tokens[type] ?? 0), 0);
      return [...entries.values()]
        .filter(({ tokens, requests }) => requests > 0 || Object.values(tokens).some((sum) => sum > 0))
        .sort((a, b) => total(b) - total(a) || (a.values.join('\0') < b.values.join('\0') ? -1 : 1))
        .map(({ requests, ...row }) => ({ ...row, requests: withRequests ? requests : null }));
    },
  };
}
