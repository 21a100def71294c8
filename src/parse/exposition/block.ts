import { braceClose, comma, equals, isLabelPart, isLabelStart, quote } from './bytes.ts';
import { duplicateNames } from './duplicates.ts';
import { hashOf, type MetricName, type NameTable } from './names.ts';
import { closingQuote, fail, requireName, requireUtf8, type Scan, skipBlanks } from './scan.ts';

/** The numbers kept for one label: where its name and value stand, relative to the start of the block, and which of them hold escapes. */
export const stride = 5;
export const nameEscaped = 1;
export const valueEscaped = 2;

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
  /** The labels changed since they were last turned into a record. */
  fresh: boolean;
  /** The last `le` or `quantile`, which is not part of the base. */
  bound: { name: 'le' | 'quantile' | null; start: number; end: number; escaped: boolean };
  /** Names that stand more than once in the base, or in the base and as its bound. */
  readonly twice: { base: readonly string[]; le: boolean; quantile: boolean };
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
    fresh: true,
    bound: { name: null, start: 0, end: 0, escaped: false },
    twice: { base: [], le: false, quantile: false },
    base: { buf: Buffer.alloc(0), start: 0, length: 0, lead: 0 },
  };
}

/** Reads the labels from just past the opening brace and returns the place past the closing one. */
export function readBlock(scan: Scan, labels: Block, at: number): number {
  let next = skipBlanks(scan, at);
  if (labels.metric === null && scan.buf[next] === quote) {
    next = leadingName(scan, labels, next);
    if (scan.buf[next - 1] === braceClose) return noLabels(labels, next);
  }
  return readSharedBlock(scan, labels, next) ?? readWholeBlock(scan, labels, next);
}

/** A line without braces has no labels. */
export function noLabels(labels: Block, next: number): number {
  labels.count = 0;
  labels.base.length = 0;
  labels.bound.name = null;
  labels.fresh = true;
  labels.twice.base = [];
  return next;
}

/** A quoted string that a comma or the brace follows is the metric's name; anything else is left for the labels to read. */
function leadingName(scan: Scan, labels: Block, at: number): number {
  const close = closingQuote(scan, at + 1, true);
  const escaped = scan.escaped;
  const next = skipBlanks(scan, close + 1);
  const follows = scan.buf[next];
  if (follows !== comma && follows !== braceClose) return at;
  requireName(scan, at + 1, close, 'the metric name');
  labels.metric = labels.names(scan, at + 1, close, hashOf(scan.buf, at + 1, close), escaped);
  return next + 1;
}

/** Reads the name and the labels of a line at `at` that begins as the last one did, byte for byte; null when it does not. */
export function readRepeated(scan: Scan, labels: Block, at: number): number | null {
  const { lead, length } = labels.base;
  if (length === 0 || !isRepeated(scan, labels, at, lead + length)) return null;
  return readAfterBase(scan, labels, at + lead);
}

/** The buckets, the sum and the count of a histogram share their labels but for `le`: when the bytes are the last line's, they are read already. */
function readSharedBlock(scan: Scan, labels: Block, at: number): number | null {
  if (labels.base.length === 0 || !isRepeated(scan, labels, at, labels.base.length)) return null;
  return readAfterBase(scan, labels, at);
}

/** The `length` bytes at `at` are those that end the last base, and the labels may end after them. */
function isRepeated(scan: Scan, labels: Block, at: number, length: number): boolean {
  const { base } = labels;
  const end = at + length;
  if (end >= scan.end) return false;
  const follows = scan.buf[end];
  if (follows !== braceClose && follows !== comma) return false;
  const baseEnd = base.start + base.length;
  return base.buf.compare(scan.buf, at, end, baseEnd - length, baseEnd) === 0;
}

/** What follows a base that begins at `start`: nothing, or the bound. */
function readAfterBase(scan: Scan, labels: Block, start: number): number | null {
  const { base } = labels;
  const end = start + base.length;
  const { newlines } = scan;
  const next = scan.buf[end] === braceClose ? end + 1 : readBound(scan, labels, end + 1);
  if (next === null) scan.newlines = newlines;
  if (next === null) return null;
  if (scan.buf[end] === braceClose) labels.bound.name = null;
  labels.start = start;
  base.buf = scan.buf;
  base.start = start;
  base.lead = start - scan.contentStart;
  return next;
}

/** Reads `le="…"}` or `quantile="…"}`; null when something else stands there. */
function readBound(scan: Scan, labels: Block, at: number): number | null {
  const name = boundName(scan.buf, at);
  if (name === null) return null;
  const start = at + name.length + 2;
  if (scan.buf[start - 2] !== equals || scan.buf[start - 1] !== quote) return null;
  const end = closingQuote(scan, start);
  if (scan.buf[end + 1] !== braceClose) return null;
  requireUtf8(scan, start, end, 'a label value');
  setBound(labels, name, start, end, scan.escaped);
  return end + 2;
}

const boundNames = { le: Buffer.from('le'), quantile: Buffer.from('quantile') } as const;

function boundName(buf: Buffer, at: number, end = buf.length): 'le' | 'quantile' | null {
  if (buf[at] === 108) return end - at >= 2 && buf[at + 1] === 101 ? 'le' : null;
  return buf[at] === 113 && buf.compare(boundNames.quantile, 0, 8, at, Math.min(at + 8, end)) === 0 ? 'quantile' : null;
}

function setBound(labels: Block, name: 'le' | 'quantile', start: number, end: number, escaped: boolean): void {
  labels.bound.name = name;
  labels.bound.start = start;
  labels.bound.end = end;
  labels.bound.escaped = escaped;
}

function readWholeBlock(scan: Scan, labels: Block, at: number): number {
  labels.start = at;
  labels.count = 0;
  labels.base.length = 0;
  const named = labels.metric !== null;
  let next = skipBlanks(scan, at);
  while (scan.buf[next] !== braceClose) next = readLabel(scan, labels, next);
  settle(scan, labels, named === (labels.metric !== null));
  return next + 1;
}

/** One label, or a quoted metric name among them, with the comma that may follow. */
function readLabel(scan: Scan, labels: Block, at: number): number {
  const quoted = scan.buf[at] === quote;
  const nameEnd = quoted ? closingQuote(scan, at + 1, true) : labelNameEnd(scan, at);
  const escapedName = quoted && scan.escaped;
  const nameStart = quoted ? at + 1 : at;
  const next = skipBlanks(scan, quoted ? nameEnd + 1 : nameEnd);
  const follows = scan.buf[next];
  if (quoted && (follows === comma || follows === braceClose)) return readInnerName(scan, labels, nameStart, nameEnd, next);
  if (follows !== equals) fail(scan, next, 'expected "=" after the label name');
  if (quoted) requireName(scan, nameStart, nameEnd, 'a label name');
  return readValue(scan, labels, nameStart, nameEnd, escapedName, skipBlanks(scan, next + 1));
}

function labelNameEnd(scan: Scan, at: number): number {
  const { buf } = scan;
  if (!isLabelStart(buf[at])) fail(scan, at, 'expected a label name or "}"');
  let end = at + 1;
  while (isLabelPart(buf[end])) end += 1;
  return end;
}

function readInnerName(scan: Scan, labels: Block, start: number, end: number, next: number): number {
  if (labels.metric !== null) fail(scan, start, 'a second metric name');
  requireName(scan, start, end, 'the metric name');
  labels.metric = labels.names(scan, start, end, hashOf(scan.buf, start, end), scan.escaped);
  return scan.buf[next] === comma ? skipBlanks(scan, next + 1) : next;
}

function readValue(scan: Scan, labels: Block, nameStart: number, nameEnd: number, escapedName: boolean, at: number): number {
  if (scan.buf[at] !== quote) fail(scan, at, 'expected a quoted label value');
  const end = closingQuote(scan, at + 1);
  requireUtf8(scan, at + 1, end, 'a label value');
  const slot = labels.count * stride;
  labels.at[slot] = nameStart - labels.start;
  labels.at[slot + 1] = nameEnd - labels.start;
  labels.at[slot + 2] = at + 1 - labels.start;
  labels.at[slot + 3] = end - labels.start;
  labels.at[slot + 4] = (escapedName ? nameEscaped : 0) | (scan.escaped ? valueEscaped : 0);
  labels.count += 1;
  const next = skipBlanks(scan, end + 1);
  if (scan.buf[next] === comma) return skipBlanks(scan, next + 1);
  if (scan.strict && scan.buf[next] !== braceClose) fail(scan, next, 'expected "," or "}" after the label value');
  return next;
}

/** Splits the labels just read into the base and its bound, and looks for names that stand twice. `shareable`: no metric name among them. */
function settle(scan: Scan, labels: Block, shareable: boolean): void {
  const { at, start } = labels;
  labels.fresh = true;
  labels.bound.name = null;
  const last = (labels.count - 1) * stride;
  if (labels.count > 0) {
    const from = start + (at[last] ?? 0);
    const to = start + (at[last + 1] ?? 0);
    const name = at[last + 4] === nameEscaped || at[last + 4] === 3 ? null : boundName(scan.buf, from, to);
    if (name !== null && to - from === name.length) {
      setBound(labels, name, start + (at[last + 2] ?? 0), start + (at[last + 3] ?? 0), (at[last + 4] ?? 0) >= valueEscaped);
      labels.count -= 1;
    }
  }
  const names = duplicateNames(scan, labels);
  labels.twice.base = names.twice;
  labels.twice.le = names.le;
  labels.twice.quantile = names.quantile;
  if (!shareable || labels.count === 0 || labels.start !== start) return;
  labels.base.buf = scan.buf;
  labels.base.start = start;
  labels.base.length = (at[labels.count * stride - 2] ?? 0) + 1;
  labels.base.lead = start - scan.contentStart;
}
