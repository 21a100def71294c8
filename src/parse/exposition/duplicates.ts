import { type Block, nameEscaped, nothingTwice, stride, type Twice } from './block.ts';
import { decodeQuoted, type Scan } from './scan.ts';

/** The names that repeat among the labels of the base. */
export function twiceIn(scan: Scan, labels: Block): Twice {
  if (!mayRepeat(scan, labels)) return nothingTwice;
  const seen = new Set<string>(['__name__']);
  const twice = new Set<string>();
  for (let slot = 0; slot < labels.count * stride; slot += stride) {
    const name = nameAt(scan, labels, slot);
    if (seen.has(name)) twice.add(name);
    seen.add(name);
  }
  return { base: [...twice], le: seen.has('le'), quantile: seen.has('quantile') };
}

/** The name of the label whose numbers begin at `slot`. */
export function nameAt(scan: Scan, labels: Block, slot: number): string {
  const { at, start } = labels;
  const escaped = ((at[slot + 4] ?? 0) & nameEscaped) !== 0;
  return decodeQuoted(scan, start + (at[slot] ?? 0), start + (at[slot + 1] ?? 0), escaped);
}

// Names in ascending order of their bytes, as client_golang writes them, cannot repeat: no need to decode them.
// A lone le or quantile, and __name__, have to be decoded though.
function mayRepeat(scan: Scan, labels: Block): boolean {
  for (let slot = 0; slot < labels.count * stride; slot += stride) {
    if (((labels.at[slot + 4] ?? 0) & nameEscaped) !== 0 || isSpecial(scan, labels, slot)) return true;
    if (slot > 0 && !ascends(scan, labels, slot)) return true;
  }
  return false;
}

function isSpecial(scan: Scan, labels: Block, slot: number): boolean {
  const from = labels.start + (labels.at[slot] ?? 0);
  const length = (labels.at[slot + 1] ?? 0) - (labels.at[slot] ?? 0);
  return (length === 2 && scan.buf[from] === 108) || (length === 8 && (scan.buf[from] === 113 || scan.buf[from] === 95));
}

function ascends(scan: Scan, labels: Block, slot: number): boolean {
  const { buf } = scan;
  const { at, start } = labels;
  const right = start + (at[slot] ?? 0);
  const left = start + (at[slot - stride] ?? 0);
  const leftLength = (at[slot - stride + 1] ?? 0) - (at[slot - stride] ?? 0);
  const rightLength = (at[slot + 1] ?? 0) - (at[slot] ?? 0);
  for (let index = 0; index < rightLength; index += 1) {
    if (index === leftLength) return true;
    const difference = (buf[right + index] ?? 0) - (buf[left + index] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return false;
}
