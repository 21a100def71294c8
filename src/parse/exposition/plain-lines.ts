import type { Block } from './block.ts';
import { setBound } from './block.ts';
import { backslash, braceClose, comma, equals, newline, quote, space } from './bytes.ts';
import type { Scan } from './scan.ts';

const [letterL, letterE] = [108, 101];

/**
 * Reads one line that differs from the last only in `le` and in a count: `…,le="0.5"} 17`, nine lines of ten in a body of histograms.
 * Returns where the next line begins; null, and nothing has changed, when the line is not as plain as that.
 * It says nothing that the long way would not say, only sooner: one small function is fast long before twenty are.
 */
export function readPlainLine(scan: Scan, labels: Block, at: number): number | null {
  const { buf, end } = scan;
  const { base } = labels;
  const bound = at + base.lead + base.length;
  if (base.length === 0 || bound + 5 >= end || buf[bound] !== comma || buf[bound + 1] !== letterL || buf[bound + 2] !== letterE)
    return null;
  if (buf[bound + 3] !== equals || buf[bound + 4] !== quote) return null;
  if (base.buf.compare(buf, at, bound, base.start - base.lead, base.start + base.length) !== 0) return null;
  let close = bound + 5;
  for (let byte = buf[close] ?? 0; byte > quote && byte < 127 && byte !== backslash; byte = buf[close] ?? 0) close += 1;
  if (buf[close] !== quote || buf[close + 1] !== braceClose || buf[close + 2] !== space) return null;
  let value = 0;
  let next = close + 3;
  for (let byte = buf[next] ?? 0; byte >= 48 && byte <= 57; byte = buf[next] ?? 0) {
    value = value * 10 + byte - 48;
    next += 1;
  }
  // Up to 15 digits are exact.
  if (buf[next] !== newline || next === close + 3 || next > close + 18) return null;
  setBound(labels, 'le', bound + 5, close, false);
  labels.start = at + base.lead;
  base.buf = buf;
  base.start = labels.start;
  scan.value = value;
  return next + 1;
}
