import { isUtf8 } from 'node:buffer';
import { isMetricPart, isMetricStart, newline, quote } from './bytes.ts';
import { closingQuote, fail, type Scan, skipBlanks } from './scan.ts';

// The types each format knows: prometheus/prometheus model/textparse/promparse.go and openmetricsparse.go, Next.
const textTypes: ReadonlySet<string> = new Set(['counter', 'gauge', 'histogram', 'summary', 'untyped']);
const openMetricsTypes: ReadonlySet<string> = new Set([
  'counter',
  'gauge',
  'histogram',
  'gaugehistogram',
  'summary',
  'info',
  'stateset',
  'unknown',
]);

/** Checks a line of the text format that begins with "#" and returns where it ends. Anything but HELP and TYPE is a comment. */
export function readComment(scan: Scan, at: number): number {
  const end = scan.buf.indexOf(newline, at);
  const word = skipBlanks(scan, at + 1);
  if (word === at + 1) return end;
  const keyword = scan.buf.toString('latin1', word, word + 4);
  const name = skipBlanks(scan, word + 4);
  if (name === word + 4 || (keyword !== 'HELP' && keyword !== 'TYPE')) return end;
  const rest = metadataName(scan, name);
  const text = scan.buf.subarray(rest, scan.buf.indexOf(newline, rest));
  if (keyword === 'HELP') requireHelp(scan, rest, text);
  else requireType(scan, rest, textTypes, skipBlanks(scan, rest) === rest + text.length ? '' : text.toString('latin1', 1));
  return rest + text.length;
}

/** Checks a line of OpenMetrics that begins with "#" and returns where it ends; `ended`: it was "# EOF". */
export function readDescriptor(scan: Scan, at: number): { end: number; ended: boolean } {
  const keyword = scan.buf.toString('latin1', at, at + 7);
  if (keyword.startsWith('# EOF')) return { end: endOfBody(scan, at + 5), ended: true };
  if (keyword !== '# HELP ' && keyword !== '# TYPE ' && keyword !== '# UNIT ') fail(scan, at, 'expected # HELP, # TYPE, # UNIT or # EOF');
  const rest = metadataName(scan, at + 7);
  const end = scan.buf.indexOf(newline, rest);
  if (scan.buf[rest] !== 32) fail(scan, rest, 'expected a blank after the metric name');
  const text = scan.buf.subarray(rest, end);
  if (keyword === '# HELP ') requireHelp(scan, rest, text);
  else if (keyword === '# TYPE ') requireType(scan, rest, openMetricsTypes, text.toString('latin1', 1));
  else requireUnit(scan, rest, scan.buf.toString('latin1', at + 7, rest).replace(/^"|"$/g, ''), text.toString('latin1', 1));
  return { end, ended: false };
}

function endOfBody(scan: Scan, at: number): number {
  if (scan.buf[at] !== newline) fail(scan, at, 'unexpected text after # EOF');
  return at;
}

/** Past the metric name of a HELP, TYPE or UNIT line. */
function metadataName(scan: Scan, at: number): number {
  if (scan.buf[at] === quote) return closingQuote(scan, at + 1, true) + 1;
  if (!isMetricStart(scan.buf[at])) fail(scan, at, 'expected a metric name');
  let end = at + 1;
  while (isMetricPart(scan.buf[end])) end += 1;
  return end;
}

// promparse.go, Next: the text is what follows the byte after the name, whatever that byte is.
function requireHelp(scan: Scan, at: number, text: Buffer): void {
  if (!scan.ascii && !isUtf8(text.subarray(1))) fail(scan, at, 'the help text is not valid UTF-8');
}

function requireType(scan: Scan, at: number, known: ReadonlySet<string>, type: string): void {
  if (!known.has(type)) fail(scan, at, `${JSON.stringify(type.slice(0, 40))} is no metric type`);
}

// openmetricsparse.go: the unit is the last word of the name.
function requireUnit(scan: Scan, at: number, name: string, unit: string): void {
  if (unit !== '' && !name.endsWith(`_${unit}`)) fail(scan, at, 'the unit is not the end of the metric name');
}
