import { isUtf8 } from 'node:buffer';
import { backslash, isBlank, newline, quote, stopsQuoted } from './bytes.ts';
import { ExpositionError, type ExpositionFault, excerptOf } from './fault.ts';

/** Where the parser stands: a run of whole lines and the line in hand. Mutable, and shared by the functions that read one line. */
export interface Scan {
  /** OpenMetrics: single blanks, no empty lines, no newline inside a value. */
  readonly strict: boolean;
  buf: Buffer;
  /** One past the newline that ends the run. */
  end: number;
  /** The run is plain ASCII: bytes are characters. */
  ascii: boolean;
  /** The run is valid UTF-8 as a whole, so that no part of it needs looking at. */
  valid: boolean;
  line: number;
  lineStart: number;
  /** Where the line in hand begins, blanks left out. */
  contentStart: number;
  /** Newlines met inside label values of the line in hand. */
  newlines: number;
  /** The last quoted string held a backslash. */
  escaped: boolean;
  /** The last number read. */
  value: number;
}

export function fail(scan: Scan, at: number, problem: string, reason: ExpositionFault = 'syntax'): never {
  throw new ExpositionError(reason, scan.line, excerptOf(scan.buf, scan.lineStart, at, scan.end), problem);
}

/** Past blanks and tabs; in OpenMetrics there are none to pass. */
export function skipBlanks(scan: Scan, at: number): number {
  let next = at;
  if (!scan.strict) while (isBlank(scan.buf[next])) next += 1;
  return next;
}

/** From just past an opening quote to its closing quote. Sets `escaped`. A value of OpenMetrics may hold no raw newline; all else may. */
export function closingQuote(scan: Scan, at: number, newlines = !scan.strict): number {
  const { buf } = scan;
  scan.escaped = false;
  for (let next = at; ; next += 1) {
    const byte = buf[next];
    if (!stopsQuoted(byte)) continue;
    if (byte === quote) return next;
    if (byte === backslash) next = pastEscape(scan, next);
    else pastNewline(scan, next, at, newlines);
  }
}

function pastEscape(scan: Scan, at: number): number {
  scan.escaped = true;
  if (scan.buf[at + 1] === newline) fail(scan, at, 'a backslash before the end of the line');
  return at + 1;
}

// Prometheus takes raw newlines inside quoted strings: model/textparse/promlex.l, sLValue; openmetricslex.l, sLabels.
function pastNewline(scan: Scan, at: number, open: number, allowed: boolean): void {
  if (!allowed) fail(scan, open, 'a quoted string is not closed on its line');
  if (at + 1 >= scan.end) fail(scan, open, 'a quoted string is not closed', 'unclosed');
  scan.newlines += 1;
}

/** The characters of buf[start, end). */
export function decode(scan: Scan, start: number, end: number): string {
  return scan.buf.toString(scan.ascii ? 'latin1' : 'utf8', start, end);
}

const escapes = /\\(["\\n])/g;

/** The characters of a quoted string: \\, \" and \n are escapes, any other backslash stands for itself. */
export function decodeQuoted(scan: Scan, start: number, end: number, escaped: boolean): string {
  const text = decode(scan, start, end);
  return escaped ? text.replace(escapes, (_, byte: string) => (byte === 'n' ? '\n' : byte)) : text;
}

/** Prometheus refuses a scrape whose names, label values or help texts are not UTF-8: model/textparse/promparse.go, parseLVals. */
export function requireUtf8(scan: Scan, start: number, end: number, what: string): void {
  if (!scan.valid && !isUtf8(scan.buf.subarray(start, end))) fail(scan, start, `${what} is not valid UTF-8`);
}

/** A quoted name: the parser of Prometheus lets an empty one pass, its scrape refuses it (scrape/scrape.go, "invalid metric name or label names"). */
export function requireName(scan: Scan, start: number, end: number, what: string): void {
  if (start === end) fail(scan, start, `${what} is empty`);
  requireUtf8(scan, start, end, what);
}
