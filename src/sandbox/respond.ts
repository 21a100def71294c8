import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import type { Trouble } from './faults.ts';

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  /** The connection ends before the body is whole. */
  readonly cut?: boolean;
}

export interface Manner {
  /** The Date header. */
  readonly now: Date;
  /** Bodies of more bytes are gzipped for those who ask. */
  readonly gzipAbove: number;
}

/** Sends an answer, or what the trouble makes of it. */
export async function respond(request: IncomingMessage, response: ServerResponse, answer: Answer, trouble: Trouble | null, manner: Manner) {
  if (trouble !== null && 'hang' in trouble) return;
  if (trouble !== null && 'reset' in trouble) return void response.socket?.destroy();
  if (trouble !== null && 'garbage' in trouble) return void response.socket?.end('SSH-2.0-not-http\r\n');
  if (trouble !== null && 'delayMs' in trouble) await sleep(trouble.delayMs, undefined, { ref: false });
  const { status, headers, body } = trouble !== null && 'status' in trouble ? instead(trouble) : answer;
  const packed = packedBody(request, headers, body, manner);
  response.sendDate = false;
  const about = packed === body ? headers : { ...headers, 'content-encoding': 'gzip', vary: 'Accept-Encoding' };
  // One byte more than comes, where the end is missing.
  const length = answer.cut ? packed.length + 1 : packed.length;
  response.writeHead(status, { ...about, 'content-length': length, date: manner.now.toUTCString() });
  if (request.method === 'HEAD') return void response.end();
  if (trouble !== null && 'truncate' in trouble) return cutShort(response, packed.subarray(0, trouble.truncate));
  if (trouble !== null && 'dripMs' in trouble) return drip(response, packed, trouble.dripMs);
  if (answer.cut) return cutShort(response, packed);
  response.end(packed);
}

function instead({ status, headers, body }: Extract<Trouble, { readonly status: number }>): Answer {
  const bytes = typeof body === 'string' ? Buffer.from(body, 'utf8') : (body ?? Buffer.alloc(0));
  return { status, headers: headers ?? { 'content-type': 'text/plain; charset=utf-8' }, body: bytes };
}

function packedBody(request: IncomingMessage, headers: Answer['headers'], body: Uint8Array, { gzipAbove }: Manner): Uint8Array {
  const asked = /\bgzip\b/.test(String(request.headers['accept-encoding'] ?? ''));
  return asked && body.length > gzipAbove && !('content-encoding' in headers) ? gzipSync(body, { level: 1 }) : body;
}

function cutShort(response: ServerResponse, bytes: Uint8Array): void {
  response.flushHeaders();
  response.write(bytes, () => setImmediate(() => response.socket?.destroy()));
}

async function drip(response: ServerResponse, bytes: Uint8Array, everyMs: number): Promise<void> {
  for (const byte of bytes) {
    if (response.destroyed || response.socket?.destroyed) return;
    response.write(Buffer.from([byte]));
    await sleep(everyMs, undefined, { ref: false });
  }
  response.end();
}
