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
  const { names, values } = labels.texts;
  for (let slot = 0; slot < labels.count; slot += 1) {
    const name = names[slot] ?? nameAt(scan, labels, slot * stride);
    const value = values[slot] ?? intern(valueAt(scan, labels, slot * stride));
    names[slot] = name;
    values[slot] = value;
    record[name] = value;
  }
  return record;
}

function valueAt(scan: Scan, { at, start }: Block, place: number): string {
  const escaped = ((at[place + 4] ?? 0) & valueEscaped) !== 0;
  return decodeQuoted(scan, start + (at[place + 2] ?? 0), start + (at[place + 3] ?? 0), escaped);
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
