import { Readable } from 'node:stream';
import { createGunzip, gunzipSync } from 'node:zlib';

const chunkSize = 64 * 1024;
// The metrics of a proxy with a few hundred series are some kB: at once they take a tenth of the time that a stream of zlib takes to set up.
const small = 64 * 1024;
/** Text compresses twentyfold; what expands further is unpacked piece by piece, so that its reader can stop. */
const mostAtOnce = 4 * 1024 * 1024;

/** A gzip body unpacked: a small one at once, a larger one in pieces. Destroying it does not destroy the body. */
export function gunzipped(body: Readable): Readable {
  return Readable.from(pieces(body), { objectMode: false, highWaterMark: chunkSize });
}

async function* pieces(body: Readable): AsyncGenerator<Uint8Array> {
  const source: AsyncIterator<Uint8Array> = body[Symbol.asyncIterator]();
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  while (bytes <= small) {
    const { done, value } = await source.next();
    if (done === true) {
      const whole = atOnce(chunks);
      if (whole === null) yield* streamed(chunks, null);
      else yield whole;
      return;
    }
    chunks.push(value);
    bytes += value.length;
  }
  yield* streamed(chunks, source);
}

/** Null: it is no whole gzip, or expands too far; unpacked piece by piece it says how far it went. */
function atOnce(chunks: readonly Uint8Array[]): Uint8Array | null {
  try {
    return gunzipSync(Buffer.concat(chunks), { maxOutputLength: mostAtOnce });
  } catch {
    return null;
  }
}

async function* streamed(chunks: readonly Uint8Array[], rest: AsyncIterator<Uint8Array> | null): AsyncGenerator<Uint8Array> {
  const gunzip = createGunzip({ chunkSize });
  const packed = Readable.from(joined(chunks, rest), { objectMode: false });
  packed.on('error', (error) => gunzip.destroy(error));
  try {
    yield* packed.pipe(gunzip);
  } finally {
    packed.destroy();
    gunzip.destroy();
  }
}

async function* joined(chunks: readonly Uint8Array[], rest: AsyncIterator<Uint8Array> | null): AsyncGenerator<Uint8Array> {
  yield* chunks;
  if (rest === null) return;
  for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value;
}
