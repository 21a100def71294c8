import { type Block, nameEscaped, stride, valueEscaped } from './block.ts';
import { braceClose, comma, equals, isLabelPart, isLabelStart, quote } from './bytes.ts';
import { hashOf } from './names.ts';
import { closingQuote, fail, requireName, requireUtf8, type Scan, skipBlanks } from './scan.ts';

/** One label, or a quoted metric name among them, with the comma that may follow. */
export function readLabel(scan: Scan, labels: Block, at: number): number {
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
  return pastLabel(scan, end + 1);
}

/** From the end of a label past the comma that may follow. */
export function pastLabel(scan: Scan, at: number): number {
  const next = skipBlanks(scan, at);
  if (scan.buf[next] === comma) return skipBlanks(scan, next + 1);
  if (scan.strict && scan.buf[next] !== braceClose) fail(scan, next, 'expected "," or "}" after the label value');
  return next;
}
