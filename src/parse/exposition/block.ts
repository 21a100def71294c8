import type { MetricName, NameTable } from './names.ts';

/** The numbers kept for one label: where its name and value stand, relative to the start of the block, and which of them hold escapes. */
export const stride = 5;
export const nameEscaped = 1;
export const valueEscaped = 2;

/** Which label names repeat. */
export interface Twice {
  readonly base: readonly string[];
  readonly le: boolean;
  readonly quantile: boolean;
}

export const nothingTwice: Twice = { base: [], le: false, quantile: false };

/** What stands between the braces of the line in hand, and what of it the next line may share. Mutable, one per parser. */
export interface Block {
  readonly names: NameTable;
  /** The metric name, written before the braces or quoted inside them. */
  metric: MetricName | null;
  /** Where the labels begin in scan.buf. */
  start: number;
  /** `stride` numbers for each label of the base: all labels, but a last `le` or `quantile`. */
  readonly at: number[];
  count: number;
  /** The base's names and values as text, for those that were asked for since they last changed. */
  readonly texts: { readonly names: (string | null)[]; readonly values: (string | null)[] };
  /** The base changed since it was last turned into a record. */
  fresh: boolean;
  /** The last `le` or `quantile`, which is not part of the base. */
  bound: { name: 'le' | 'quantile' | null; start: number; end: number; escaped: boolean };
  /** Names that stand more than once in the base, and whether a bound would be the second of its name. */
  twice: Twice;
  /** The bytes of the base, for comparison with the next line; length 0: nothing to compare. `lead` bytes before it hold the name and the brace. */
  base: { buf: Buffer; start: number; length: number; lead: number };
}

export function block(names: NameTable): Block {
  return {
    names,
    metric: null,
    start: 0,
    at: [],
    count: 0,
    texts: { names: [], values: [] },
    fresh: true,
    bound: { name: null, start: 0, end: 0, escaped: false },
    twice: nothingTwice,
    base: { buf: Buffer.alloc(0), start: 0, length: 0, lead: 0 },
  };
}

/** A line without braces has no labels. */
export function noLabels(labels: Block, next: number): number {
  labels.count = 0;
  labels.base.length = 0;
  labels.bound.name = null;
  labels.fresh = true;
  labels.twice = nothingTwice;
  return next;
}

/** Where the label in a slot ends, its closing quote included, from the start of the block. */
export function endOf(labels: Block, slot: number): number {
  return (labels.at[slot * stride + 3] ?? 0) + 1;
}

export function setBound(labels: Block, name: 'le' | 'quantile', start: number, end: number, escaped: boolean): void {
  labels.bound.name = name;
  labels.bound.start = start;
  labels.bound.end = end;
  labels.bound.escaped = escaped;
}
