import { expect, it } from 'vitest';
import { tarOf, untar } from '../../../src/sources/tar.ts';

const files = [0, 1, 511, 512, 513, 3000].map((size) => ({ name: `${size}.json`, bytes: Buffer.alloc(size, String(size)) }));
const limits = { files: 10, bytes: 10_000, name: /json$/ };

async function* cut(whole: Buffer, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < whole.length; at += size) yield whole.subarray(at, at + size);
}

it.each([1, 7, 511, 512, 513, 1024, 4000, 100_000])('an archive that comes in pieces of %i bytes holds what was packed', async (size) => {
  const read = [];
  for await (const { name, bytes } of untar(cut(tarOf(files), size), limits)) read.push({ name, bytes: Buffer.from(bytes) });
  expect(read).toEqual(files);
});
