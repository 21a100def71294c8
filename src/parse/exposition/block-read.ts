import { type Block, endOf, nameEscaped, noLabels, setBound, stride, valueEscaped } from './block.ts';
import { boundName, isRepeated, readRepeatedLabels } from './block-repeated.ts';
import { braceClose, comma, quote } from './bytes.ts';
import { twiceIn } from './duplicates.ts';
import { pastLabel, readLabel } from './label.ts';
import { hashOf } from './names.ts';
import { closingQuote, requireName, type Scan, skipBlanks } from './scan.ts';

/** Reads the labels from just past the opening brace and returns the place past the closing one. */
export function readBlock(scan: Scan, labels: Block, at: number): number {
  let next = skipBlanks(scan, at);
  if (labels.metric === null && scan.buf[next] === quote) {
    next = leadingName(scan, labels, next);
    if (scan.buf[next - 1] === braceClose) return noLabels(labels, next);
  }
  return readRepeatedLabels(scan, labels, next) ?? readChangedBlock(scan, labels, next);
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

/** Reads labels that differ from the last base, going over those at its beginning and its end that do not. */
function readChangedBlock(scan: Scan, labels: Block, at: number): number {
  const before = labels.base.length === 0 ? 0 : labels.count;
  const named = labels.metric !== null;
  const shared = sharedLabels(scan, labels, at, before);
  labels.start = at;
  labels.count = shared;
  let next = shared === 0 ? skipBlanks(scan, at) : pastLabel(scan, at + endOf(labels, shared - 1));
  let renamed = false;
  let rest = before;
  while (scan.buf[next] !== braceClose) {
    const slot = labels.count;
    const old = slot < rest ? oldLabel(labels, slot) : null;
    next = readLabel(scan, labels, next);
    if (labels.count === slot) continue;
    renamed = forget(scan, labels, slot, old) || renamed;
    if (old === null || !endsAlike(scan, labels, slot, old)) continue;
    moveRest(labels, slot, old, before);
    next = pastLabel(scan, labels.start + endOf(labels, before - 1));
    rest = 0;
  }
  settle(scan, labels, named === (labels.metric !== null), renamed || before === 0 ? -1 : before);
  return next + 1;
}

/** How many labels at the beginning of the base stand at `at` too, byte for byte. */
function sharedLabels(scan: Scan, labels: Block, at: number, count: number): number {
  const { base } = labels;
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    const length = endOf(labels, middle - 1);
    const same = at + length < scan.end && base.buf.compare(scan.buf, at, at + length, base.start, base.start + length) === 0;
    if (same) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** Where a label of the base stood before it was read anew, from the start of the block. */
interface OldLabel {
  readonly nameStart: number;
  readonly nameEnd: number;
  readonly end: number;
}

function oldLabel(labels: Block, slot: number): OldLabel {
  return { nameStart: labels.at[slot * stride] ?? 0, nameEnd: labels.at[slot * stride + 1] ?? 0, end: endOf(labels, slot) };
}

/** Drops the texts of a label that was read anew; true when its name is another one. */
function forget(scan: Scan, labels: Block, slot: number, old: OldLabel | null): boolean {
  labels.texts.values[slot] = null;
  const same = old !== null && sameName(scan, labels, slot, old);
  if (!same) labels.texts.names[slot] = null;
  return !same && old !== null;
}

function sameName(scan: Scan, { at, start, base }: Block, slot: number, old: OldLabel): boolean {
  const from = start + (at[slot * stride] ?? 0);
  const to = start + (at[slot * stride + 1] ?? 0);
  if (to - from !== old.nameEnd - old.nameStart) return false;
  return base.buf.compare(scan.buf, from, to, base.start + old.nameStart, base.start + old.nameEnd) === 0;
}

/** What follows the label just read is what followed it in the base. */
function endsAlike(scan: Scan, labels: Block, slot: number, old: OldLabel): boolean {
  return isRepeated(scan, labels, labels.start + endOf(labels, slot), labels.base.length - old.end);
}

/** Moves the labels after `slot`, which are those of the base, to where they stand now. */
function moveRest(labels: Block, slot: number, old: OldLabel, count: number): void {
  const by = endOf(labels, slot) - old.end;
  for (let place = (slot + 1) * stride; place < count * stride; place += 1) {
    if (place % stride < 4) labels.at[place] = (labels.at[place] ?? 0) + by;
  }
  labels.count = count;
}

/** Splits the labels just read into the base and its bound. `shareable`: no metric name among them. `before`: as many labels of the same names were there before. */
function settle(scan: Scan, labels: Block, shareable: boolean, before: number): void {
  labels.fresh = true;
  labels.bound.name = null;
  splitBound(scan, labels);
  if (labels.count !== before) labels.twice = twiceIn(scan, labels);
  const { base } = labels;
  base.length = shareable && labels.count > 0 ? endOf(labels, labels.count - 1) : 0;
  base.buf = scan.buf;
  base.start = labels.start;
  base.lead = labels.start - scan.contentStart;
}

function splitBound(scan: Scan, labels: Block): void {
  const { at, start } = labels;
  const last = (labels.count - 1) * stride;
  if (labels.count === 0 || ((at[last + 4] ?? 0) & nameEscaped) !== 0) return;
  const from = start + (at[last] ?? 0);
  const to = start + (at[last + 1] ?? 0);
  const name = boundName(scan.buf, from, to);
  if (name === null || to - from !== name.length) return;
  setBound(labels, name, start + (at[last + 2] ?? 0), start + (at[last + 3] ?? 0), ((at[last + 4] ?? 0) & valueEscaped) !== 0);
  labels.count -= 1;
}
