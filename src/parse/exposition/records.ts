import { type Block, stride, valueEscaped } from './block.ts';
import { nameAt } from './duplicates.ts';
import { decodeQuoted, type Scan } from './scan.ts';

/** Label names and values; nothing is inherited, so that a label named `__proto__` is a label like any other. */
export type Labels = Readonly<Record<string, string>>;

/** Gives the labels of the line in hand as a record. Lines whose labels are equal may be given the same record. */
export type Recorder = (scan: Scan, labels: Block) => Labels;

const most = 4096;

export function recorder(): Recorder {
  let base: Record<string, string> = empty();
  const intern = interner();
  return (scan, labels) => {
    if (labels.fresh) base = baseRecord(scan, labels, intern);
    labels.fresh = false;
    const { bound } = labels;
    if (bound.name === null) return base;
    const record = Object.assign(empty(), base);
    record[bound.name] = intern(decodeQuoted(scan, bound.start, bound.end, bound.escaped));
    return record;
  };
}

// An object that Object.create(null) makes is a hash table to V8, ten times as slow to copy as one that a constructor makes.
const Bare = Object.assign(function bare() {}, { prototype: Object.create(null) }) as unknown as new () => Record<string, string>;
const empty = (): Record<string, string> => new Bare();

function baseRecord(scan: Scan, labels: Block, intern: (text: string) => string): Record<string, string> {
  const record = empty();
  const { at, start } = labels;
  for (let slot = 0; slot < labels.count * stride; slot += stride) {
    const escaped = (at[slot + 4] ?? 0) >= valueEscaped;
    record[nameAt(scan, labels, slot)] = intern(decodeQuoted(scan, start + (at[slot + 2] ?? 0), start + (at[slot + 3] ?? 0), escaped));
  }
  return record;
}

/** One string for equal strings: a body repeats its few values thousands of times, and whoever keeps samples keeps them. */
function interner(): (text: string) => string {
  const known = new Map<string, string>();
  return (text) => {
    const met = known.get(text);
    if (met !== undefined) return met;
    if (known.size >= most) known.clear();
    known.set(text, text);
    return text;
  };
}
