import type { Readable } from 'node:stream';
import { ReadError } from '../model/source.ts';
import type { Deadline } from './deadline.ts';
import { gunzipped } from './gunzip.ts';
import type { Answer } from './http.ts';

/** How a body is read: who sent it, how long it may take, and what to do at its end, however it ends. */
export interface Reading {
  /** "read /metrics from port 1064 of pod ns/name". */
  readonly what: string;
  /** "port 1064 of pod ns/name". */
  readonly from: string;
  readonly deadline: Deadline;
  /** Called once, at the end, at an error and when the reader stops early. */
  readonly done: () => void;
  /** Whether a body cut short is the endpoint's own fault, or only keeps us from looking. */
  readonly blame: boolean;
  /** What an error of the connection means; null: the body was cut short by its sender. */
  readonly trouble?: (error: unknown) => ReadError | null;
}

/** A body that is read once; destroying it closes the connection. */
export interface Body extends AsyncIterable<Uint8Array> {
  destroy(): void;
}

// Ten times the largest /metrics we know of (5,000 token sets: 49 MB); a gzip bomb expands a thousandfold.
const maxBytes = 512 * 1024 * 1024;

/** The gunzipped body of an answer, in bounded memory. Iterating throws ReadError when it is cut short, late or endless. */
export function decodedBody(answer: Answer, reading: Reading): Body {
  const stream = unpacked(answer);
  const iterator: AsyncIterator<Uint8Array> = stream[Symbol.asyncIterator]();
  let bytes = 0;
  let over = false;
  const finish = () => {
    if (over) return;
    over = true;
    reading.deadline.end();
    reading.done();
  };
  // Also when nobody ever reads it, and its time is over.
  stream.once('close', finish);
  const destroy = () => {
    stream.destroy();
    answer.body.destroy();
    finish();
  };
  const next = async (): Promise<IteratorResult<Uint8Array>> => {
    reading.deadline.resume();
    try {
      const result = await iterator.next();
      bytes += result.done === true ? 0 : result.value.length;
      if (bytes > maxBytes) throw endless(reading);
      if (result.done === true) finish();
      return result;
    } catch (error) {
      const trouble = bodyTrouble(error, bytes, reading);
      destroy();
      throw trouble;
    } finally {
      reading.deadline.pause();
    }
  };
  const stop = async (): Promise<IteratorResult<Uint8Array>> => {
    destroy();
    return { done: true, value: undefined };
  };
  return { destroy, [Symbol.asyncIterator]: () => ({ next, return: stop }) };
}

function unpacked({ headers, body }: Answer): Readable {
  // A destroyed body reports to whoever iterates; before and after that nobody listens.
  body.on('error', () => {});
  if (headers['content-encoding'] !== 'gzip' && headers['content-encoding'] !== 'x-gzip') return body;
  const stream = gunzipped(body);
  stream.on('error', () => body.destroy());
  // Also when nobody reads it.
  body.on('error', (error) => stream.destroy(error));
  return stream;
}

function bodyTrouble(error: unknown, bytes: number, reading: Reading): ReadError {
  if (error instanceof ReadError) return error;
  const { aborted, reason } = reading.deadline.signal;
  if (aborted && reason instanceof ReadError) return reason;
  const known = reading.trouble?.(error);
  if (known !== undefined && known !== null) return known;
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const cause = reading.blame ? ({ cause: error, fault: 'truncated' } as const) : { cause: error };
  // Z_BUF_ERROR is zlib's "unexpected end of file"; anything else of zlib is a body that is no gzip.
  if (code.startsWith('Z_') && code !== 'Z_BUF_ERROR')
    return new ReadError(
      'malformed',
      reading.what,
      `the answer of ${reading.from} says it is gzip and is not, after ${bytes} bytes`,
      cause,
    );
  return new ReadError(
    'malformed',
    reading.what,
    `the answer of ${reading.from} ended after ${bytes} bytes, before it was complete`,
    cause,
  );
}

function endless({ what, from }: Reading): ReadError {
  const message = `the answer of ${from} is larger than ${maxBytes / 1024 / 1024} MiB and was not read to its end`;
  return new ReadError('malformed', what, message);
}

/** A body in one piece. */
export async function wholeText(body: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

/** The first bytes of a body whose rest is of no interest, and nothing of one that cannot be read. */
export async function beginningOf(body: Body, limit = 64 * 1024): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  try {
    for await (const chunk of body) {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes >= limit) break;
    }
  } catch (error) {
    // What came before is all there is to tell; being interrupted is not about this body.
    if (error instanceof ReadError && error.reason === 'interrupted') throw error;
  }
  return Buffer.concat(chunks).toString('utf8', 0, limit);
}
