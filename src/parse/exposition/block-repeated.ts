import { type Block, setBound } from './block.ts';
import { braceClose, comma, equals, quote } from './bytes.ts';
import { closingQuote, requireUtf8, type Scan } from './scan.ts';

/** Reads the name and the labels of a line at `at` that begins as the last one did, byte for byte; null when it does not. */
export function readRepeated(scan: Scan, labels: Block, at: number): number | null {
  const { lead, length } = labels.base;
  if (length === 0 || !isRepeated(scan, labels, at, lead + length)) return null;
  return readAfterBase(scan, labels, at + lead);
}

/** The buckets, the sum and the count of a histogram share their labels but for `le`: when the bytes are the last line's, they are read already. */
export function readRepeatedLabels(scan: Scan, labels: Block, at: number): number | null {
  if (labels.base.length === 0 || !isRepeated(scan, labels, at, labels.base.length)) return null;
  return readAfterBase(scan, labels, at);
}

/** The `length` bytes at `at` are those that end the last base, and the labels may end after them. */
export function isRepeated(scan: Scan, labels: Block, at: number, length: number): boolean {
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

export function boundName(buf: Buffer, at: number, end = buf.length): 'le' | 'quantile' | null {
  if (buf[at] === 108) return end - at >= 2 && buf[at + 1] === 101 ? 'le' : null;
  return buf[at] === 113 && buf.compare(boundNames.quantile, 0, 8, at, Math.min(at + 8, end)) === 0 ? 'quantile' : null;
}
