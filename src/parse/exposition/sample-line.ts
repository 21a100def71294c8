import { type Block, noLabels } from './block.ts';
import { readBlock } from './block-read.ts';
import { readRepeated } from './block-repeated.ts';
import {
  braceClose,
  braceOpen,
  comma,
  equals,
  hash,
  isLabelPart,
  isLabelStart,
  isMetricPart,
  isMetricStart,
  newline,
  quote,
  space,
} from './bytes.ts';
import { readMilliseconds, readNumber, readSeconds } from './number.ts';
import { closingQuote, fail, requireUtf8, type Scan, skipBlanks } from './scan.ts';

/** Reads one sample that begins at `at` into `labels` and scan.value, and returns where its line ends. */
export function readSample(scan: Scan, labels: Block, at: number): number {
  const next = readRepeated(scan, labels, at) ?? readSeries(scan, labels, at);
  return scan.strict ? readOpenMetricsSuffix(scan, next) : readTextSuffix(scan, next);
}

/** The name and the labels. */
function readSeries(scan: Scan, labels: Block, at: number): number {
  labels.metric = null;
  const name = scan.buf[at] === braceOpen ? at : skipBlanks(scan, metricNameEnd(scan, labels, at));
  const next = scan.buf[name] === braceOpen ? readBlock(scan, labels, name + 1) : noLabels(labels, name);
  if (labels.metric === null) fail(scan, at, 'the metric has no name');
  return next;
}

function metricNameEnd(scan: Scan, labels: Block, at: number): number {
  const { buf } = scan;
  if (!isMetricStart(buf[at])) fail(scan, at, 'expected a metric name');
  let sum = buf[at] ?? 0;
  let end = at + 1;
  for (let byte = buf[end]; isMetricPart(byte); byte = buf[end]) {
    sum = (Math.imul(sum, 31) + (byte ?? 0)) | 0;
    end += 1;
  }
  labels.metric = labels.names(scan, at, end, sum, false);
  return end;
}

/** value [milliseconds] */
function readTextSuffix(scan: Scan, at: number): number {
  const value = readNumber(scan, skipBlanks(scan, at));
  if (scan.buf[value] === newline) return value;
  const next = skipBlanks(scan, value);
  if (scan.buf[next] === newline) return next;
  const end = skipBlanks(scan, readMilliseconds(scan, next));
  if (scan.buf[end] !== newline) fail(scan, end, 'expected the end of the line after the timestamp');
  return end;
}

/** value [seconds] [# {exemplar} value [seconds]], each after exactly one space. */
function readOpenMetricsSuffix(scan: Scan, at: number): number {
  let next = readNumber(scan, past(scan, at, space, 'expected one space before the value'));
  if (scan.buf[next] === space && !isExemplar(scan.buf, next)) next = readSeconds(scan, next + 1);
  const value = scan.value;
  if (isExemplar(scan.buf, next)) next = readExemplar(scan, next + 4);
  scan.value = value;
  if (scan.buf[next] !== newline) fail(scan, next, 'expected the end of the line');
  return next;
}

const isExemplar = (buf: Buffer, at: number): boolean =>
  buf[at] === space && buf[at + 1] === hash && buf[at + 2] === space && buf[at + 3] === braceOpen;

function past(scan: Scan, at: number, byte: number, problem: string): number {
  if (scan.buf[at] !== byte) fail(scan, at, problem);
  return at + 1;
}

function readExemplar(scan: Scan, at: number): number {
  let next = at;
  while (scan.buf[next] !== braceClose) next = readExemplarLabel(scan, next);
  next = readNumber(scan, past(scan, next + 1, space, 'expected one space before the value of the exemplar'));
  return scan.buf[next] === space ? readSeconds(scan, next + 1) : next;
}

function readExemplarLabel(scan: Scan, at: number): number {
  const equal = past(scan, exemplarNameEnd(scan, at), equals, 'expected "=" after the label name of the exemplar');
  const open = past(scan, equal, quote, 'expected a quoted label value in the exemplar');
  const end = closingQuote(scan, open);
  requireUtf8(scan, open, end, 'a label value of the exemplar');
  if (scan.buf[end + 1] === comma) return end + 2;
  if (scan.buf[end + 1] !== braceClose) fail(scan, end + 1, 'expected "," or "}" in the exemplar');
  return end + 1;
}

function exemplarNameEnd(scan: Scan, at: number): number {
  if (scan.buf[at] === quote) return closingQuote(scan, at + 1) + 1;
  if (!isLabelStart(scan.buf[at])) fail(scan, at, 'expected a label name in the exemplar');
  let end = at + 1;
  while (isLabelPart(scan.buf[end])) end += 1;
  return end;
}
