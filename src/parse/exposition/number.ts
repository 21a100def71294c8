import { braceOpen, isDigit, newline, space, tab } from './bytes.ts';
import { fail, type Scan } from './scan.ts';

// What strconv.ParseFloat reads once "pP_" are refused (prometheus/prometheus model/textparse/promparse.go, parseFloat):
// no hexadecimal, no underscores, infinities and NaN in any case, no sign before NaN.
const decimal = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/;
const infinity = /^([+-]?)inf(?:inity)?$/i;
const notANumber = /^nan$/i;

/** The value that Go's float parser gives to a token, or null where it gives an error. */
export function goFloat(token: string): number | null {
  if (decimal.test(token)) {
    const value = Number(token);
    return Number.isFinite(value) ? value : null;
  }
  const sign = infinity.exec(token)?.[1];
  if (sign !== undefined) return sign === '-' ? -Infinity : Infinity;
  return notANumber.test(token) ? Number.NaN : null;
}

const endsNumber = (byte: number | undefined): boolean => byte === newline || byte === space;

/** Reads the value that begins at `at` into scan.value and returns where it ends. */
export function readNumber(scan: Scan, at: number): number {
  const { buf } = scan;
  let value = 0;
  let next = at;
  for (let byte = buf[next]; byte !== undefined && byte >= 48 && byte <= 57; byte = buf[next]) {
    value = value * 10 + byte - 48;
    next += 1;
  }
  // Up to 15 digits are exact; everything else is rare enough for the long way.
  if (next === at || next - at > 15 || !endsNumber(buf[next])) return readToken(scan, at);
  scan.value = value;
  return next;
}

function readToken(scan: Scan, at: number): number {
  const end = tokenEnd(scan, at);
  if (end === at) fail(scan, at, 'expected a value');
  const value = goFloat(scan.buf.toString('latin1', at, end));
  if (value === null) fail(scan, at, 'the value is not a number');
  scan.value = value ?? 0;
  return end;
}

function tokenEnd(scan: Scan, at: number): number {
  let end = at;
  for (let byte = scan.buf[end]; byte !== newline && byte !== space; byte = scan.buf[end]) {
    if (!scan.strict && (byte === tab || byte === braceOpen)) break;
    end += 1;
  }
  return end;
}

const greatestTimestamp = 2n ** 63n - 1n;

/** Past the milliseconds of the text format: digits only, as model/textparse/promlex.l has them. */
export function readMilliseconds(scan: Scan, at: number): number {
  let end = at;
  while (isDigit(scan.buf[end])) end += 1;
  if (end === at) fail(scan, at, 'expected a timestamp or the end of the line');
  if (end - at > 18 && BigInt(scan.buf.toString('latin1', at, end)) > greatestTimestamp) fail(scan, at, 'the timestamp is out of range');
  return end;
}

/** Past the seconds of OpenMetrics: any finite number. */
export function readSeconds(scan: Scan, at: number): number {
  const end = tokenEnd(scan, at);
  const seconds = goFloat(scan.buf.toString('latin1', at, end));
  if (seconds === null || !Number.isFinite(seconds)) fail(scan, at, 'the timestamp is not a number');
  return end;
}
