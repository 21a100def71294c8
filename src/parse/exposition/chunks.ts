import { type Body, longestLine, readLines } from './body.ts';
import { lessThan, newline } from './bytes.ts';
import { ExpositionError, excerptOf } from './fault.ts';

/** What came in and is no whole line yet. Mutable, one per parser. */
export interface Rest {
  pieces: Buffer[];
  length: number;
  /** A quoted string is open at the end of a line: read again when there is this much. Doubled each time, so that no line is read often. */
  enough: number;
  /** Some byte came in at all. */
  any: boolean;
}

export function openRest(): Rest {
  return { pieces: [], length: 0, enough: 0, any: false };
}

/** Reads all lines that are whole once `chunk` has come. */
export function push(body: Body, rest: Rest, chunk: Uint8Array): void {
  if (chunk.length === 0) return;
  rest.any = true;
  const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
  const whole = rest.length + bytes.length >= rest.enough;
  const first = rest.length === 0 || rest.enough > 0 || !whole ? -1 : bytes.indexOf(newline);
  // Only the line that was cut is put together; the others are read where they lie.
  if (first >= 0 && first + 1 < bytes.length) {
    readWhole(body, rest, bytes.subarray(0, first + 1));
    push(body, rest, bytes.subarray(first + 1));
  } else if (whole && bytes.includes(newline)) readWhole(body, rest, bytes);
  else keep(rest, Buffer.from(bytes));
  refuseTooLong(body, rest);
}

function refuseTooLong(body: Body, rest: Rest): void {
  if (rest.length <= longestLine) return;
  if (rest.enough > 0) throw faultAtEnd(body, rest, 'syntax', 'a quoted string is not closed');
  throw faultAtEnd(body, rest, 'too-long', 'the line is longer than 1 MiB');
}

function readWhole(body: Body, rest: Rest, bytes: Buffer): void {
  const buf = rest.length === 0 ? bytes : Buffer.concat([...rest.pieces, bytes]);
  const end = buf.lastIndexOf(newline) + 1;
  const read = readLines(body, buf, end);
  keepBase(body);
  rest.pieces = [];
  rest.length = 0;
  rest.enough = read === end ? 0 : 2 * (buf.length - read);
  if (read < buf.length) keep(rest, Buffer.from(buf.subarray(read)));
}

function keep(rest: Rest, bytes: Buffer): void {
  rest.pieces.push(bytes);
  rest.length += bytes.length;
}

/** The last line's labels outlive its chunk, whose bytes are the caller's. */
function keepBase(body: Body): void {
  const { base } = body.labels;
  base.buf = Buffer.from(base.buf.subarray(base.start - base.lead, base.start + base.length));
  base.start = base.lead;
}

/** Throws unless the body, now complete, ends as it must. */
export function readEnd(body: Body, rest: Rest): void {
  if (!rest.any) return;
  if (rest.enough > 0) readWhole(body, rest, Buffer.alloc(0));
  if (body.scan.strict && !body.ended && Buffer.concat(rest.pieces).toString('latin1') === '# EOF') body.ended = true;
  else if (rest.length > 0) throw endFault(body, rest);
  if (body.scan.strict && !body.ended) throw faultAtEnd(body, rest, 'truncated', 'the body does not end with # EOF: it was cut short');
}

function endFault(body: Body, rest: Rest): ExpositionError {
  if (rest.enough > 0) return faultAtEnd(body, rest, 'truncated', 'a quoted string is not closed');
  if (body.ended) return faultAtEnd(body, rest, 'syntax', 'unexpected text after # EOF');
  const html = body.counts.samples === 0 && Buffer.concat(rest.pieces).find((byte) => byte > 32) === lessThan;
  if (html) return faultAtEnd(body, rest, 'html', 'this is an HTML page, not metrics');
  return faultAtEnd(body, rest, 'truncated', 'the last line does not end: the body was cut short');
}

function faultAtEnd(body: Body, rest: Rest, reason: ExpositionError['reason'], problem: string): ExpositionError {
  const text = Buffer.concat(rest.pieces);
  return new ExpositionError(reason, body.scan.line, excerptOf(text, 0, 0, text.length), problem);
}
