import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { gunzipped } from '../../../src/sources/gunzip.ts';

const text = (length: number): Buffer => Buffer.from(Array.from({ length }, (_, at) => `tokens{user="u${at}"} ${at * 7919}\n`).join(''));
const cut = (packed: Buffer, size: number): Readable =>
  Readable.from(Array.from({ length: Math.ceil(packed.length / size) }, (_, at) => packed.subarray(at * size, (at + 1) * size)));

async function whole(body: Readable): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of gunzipped(body)) chunks.push(chunk as Uint8Array);
  return Buffer.concat(chunks);
}

describe('a gzip body', () => {
  it.each([
    ['empty', 0],
    ['small', 100],
    ['large', 200_000],
  ])('is unpacked when it is %s, however it is cut', async (_, lines) => {
    for (const size of [1000, 70_000]) expect((await whole(cut(gzipSync(text(lines)), size))).equals(text(lines))).toBe(true);
  });

  it('is unpacked in pieces where a little expands to much', async () => {
    const zeros = gzipSync(Buffer.alloc(20 * 1024 * 1024));
    let [pieces, bytes] = [0, 0];
    for await (const chunk of gunzipped(Readable.from([zeros]))) {
      pieces += 1;
      bytes += (chunk as Uint8Array).length;
    }
    expect(bytes).toBe(20 * 1024 * 1024);
    expect(pieces).toBeGreaterThan(100);
  });

  it.each([
    ['small', 100],
    ['large', 200_000],
  ])('that is %s and ends early is an error, after what came', async (_, lines) => {
    const packed = gzipSync(text(lines));
    await expect(whole(cut(packed.subarray(0, packed.length - 20), 1000))).rejects.toThrow(/unexpected end of file/);
  });

  it('that is none is an error', async () => {
    await expect(whole(Readable.from([Buffer.from('no gzip')]))).rejects.toThrow(/incorrect header check/);
  });

  it('may be left before its end', async () => {
    const body = cut(gzipSync(text(200_000)), 1000);
    for await (const chunk of gunzipped(body)) {
      expect((chunk as Uint8Array).length).toBeGreaterThan(0);
      break;
    }
  });

  it('whose connection breaks says so', async () => {
    async function* breaking(): AsyncGenerator<Buffer> {
      yield gzipSync(text(100)).subarray(0, 50);
      throw new Error('connection reset');
    }
    await expect(whole(Readable.from(breaking()))).rejects.toThrow('connection reset');
  });
});
