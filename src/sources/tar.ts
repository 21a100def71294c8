import { ReadError } from '../model/source.ts';

/** One file of an archive. */
export interface Entry {
  /** With slashes, relative, at most 100 bytes. */
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** What is accepted of an archive that a stranger made. */
export interface Limits {
  readonly files: number;
  /** Of all files together. */
  readonly bytes: number;
  /** The only names there may be. */
  readonly name: RegExp;
}

// POSIX.1-1988 ustar: blocks of 512 bytes, a header before each file, two blocks of zeros at the end.
const block = 512;
const field = {
  name: [0, 100],
  size: [124, 12],
  checksum: [148, 8],
  type: [156, 1],
  magic: [257, 5],
  prefix: [345, 155],
} as const;

/** An archive of plain files; the same files are the same bytes, whoever packs them when and where. */
export function tarOf(entries: readonly Entry[]): Buffer {
  const parts = entries.flatMap(({ name, bytes }) => [headerOf(name, bytes.length), bytes, Buffer.alloc(padding(bytes.length))]);
  return Buffer.concat([...parts, Buffer.alloc(2 * block)]);
}

function headerOf(name: string, size: number): Buffer {
  const header = Buffer.alloc(block);
  header.write(name, 0, 100, 'utf8');
  header.write('0000644\0', 100);
  header.write('0000000\0', 108);
  header.write('0000000\0', 116);
  header.write(`${size.toString(8).padStart(11, '0')}\0`, field.size[0]);
  header.write('00000000000\0', 136);
  header.write('0', field.type[0]);
  header.write('ustar\x0000', field.magic[0]);
  header.write(`${sumOf(header).toString(8).padStart(6, '0')}\0 `, field.checksum[0]);
  return header;
}

const padding = (size: number): number => (block - (size % block)) % block;

/** The sum of a header's bytes, its own field taken for spaces. */
function sumOf(header: Uint8Array): number {
  const [from, length] = field.checksum;
  let sum = 32 * length;
  for (let at = 0; at < header.length; at++) if (at < from || at >= from + length) sum += header[at] ?? 0;
  return sum;
}

/** The files of an archive as they come, no more than the limits allow. Throws ReadError `malformed` with what is wrong with it. */
export async function* untar(chunks: AsyncIterable<Uint8Array>, limits: Limits): AsyncGenerator<Entry> {
  const reader = readerOf(chunks);
  const names = new Set<string>();
  let total = 0;
  try {
    for (;;) {
      const header = await reader.take(block);
      if (header === null) throw hostile('it ends in the middle');
      if (header.every((byte) => byte === 0)) break;
      const { name, size } = checked(header, limits);
      total += size;
      if (total > limits.bytes) throw hostile(`it holds more than ${limits.bytes / 1024 / 1024} MB`);
      if (names.size >= limits.files) throw hostile(`it holds more than ${limits.files} files`);
      if (names.has(name)) throw hostile(`it holds ${JSON.stringify(name)} twice`);
      const bytes = await reader.take(size);
      const rest = await reader.take(padding(size));
      if (bytes === null || rest === null) throw hostile('it ends in the middle');
      names.add(name);
      yield { name, bytes };
    }
    await reader.end(20 * block);
  } finally {
    await reader.close();
  }
}

function checked(header: Buffer, { name: allowed }: Limits): { readonly name: string; readonly size: number } {
  const text = ([from, length]: readonly [number, number]): string => {
    const bytes = header.subarray(from, from + length);
    const end = bytes.indexOf(0);
    return bytes.subarray(0, end < 0 ? length : end).toString('utf8');
  };
  if (text(field.magic) !== 'ustar') throw hostile('what it holds is no archive');
  if (Number.parseInt(text(field.checksum), 8) !== sumOf(header)) throw hostile('a header in it is damaged');
  const name = text(field.prefix) === '' ? text(field.name) : `${text(field.prefix)}/${text(field.name)}`;
  const type = text(field.type);
  if (type !== '0' && type !== '') throw hostile(`${JSON.stringify(name.slice(0, 100))} in it is ${kindOf(type)}`);
  if (!allowed.test(name)) throw hostile(`it holds ${JSON.stringify(name.slice(0, 100))}, which no bundle has`);
  const size = text(field.size).trim();
  if (!/^[0-7]+$/.test(size)) throw hostile(`the size of ${JSON.stringify(name)} in it is no number`);
  return { name, size: Number.parseInt(size, 8) };
}

function kindOf(type: string): string {
  const kinds: Readonly<Record<string, string>> = { 1: 'a hard link', 2: 'a symbolic link', 3: 'a device', 4: 'a device', 5: 'a folder' };
  return kinds[type] ?? 'no plain file';
}

function hostile(why: string): ReadError {
  return new ReadError('malformed', 'read the archive', why);
}

interface ByteReader {
  /** So many bytes; null when there are not as many. */
  take(count: number): Promise<Buffer | null>;
  /** Reads on to the end: zeros alone, and only so many. */
  end(most: number): Promise<void>;
  /** Stops whatever makes the bytes. */
  close(): Promise<void>;
}

function readerOf(chunks: AsyncIterable<Uint8Array>): ByteReader {
  const iterator = chunks[Symbol.asyncIterator]();
  let held: Uint8Array[] = [];
  let length = 0;
  const more = async (): Promise<boolean> => {
    const { done, value } = await iterator.next();
    if (done) return false;
    held.push(value);
    length += value.length;
    return true;
  };
  return {
    take: async (count) => {
      while (length < count) if (!(await more())) return null;
      length -= count;
      const [first] = held;
      if (first !== undefined && first.length >= count) {
        held[0] = first.subarray(count);
        return Buffer.from(first.buffer, first.byteOffset, count);
      }
      // Only what spans chunks is copied: their ends are a hundredth of them.
      const all = Buffer.concat(held, count);
      held = after(held, count);
      return all;
    },
    end: async (most) => {
      let seen = 0;
      do {
        if (held.some((chunk) => chunk.some((byte) => byte !== 0))) throw hostile('something follows its end');
        seen += length;
        if (seen > most) throw hostile('it does not end where it should');
        held = [];
        length = 0;
      } while (await more());
    },
    close: async () => {
      await iterator.return?.();
    },
  };
}

/** What follows so many bytes of the chunks. */
function after(chunks: readonly Uint8Array[], count: number): Uint8Array[] {
  let left = count;
  const first = chunks.findIndex((chunk) => {
    if (chunk.length > left) return true;
    left -= chunk.length;
    return false;
  });
  return first < 0 ? [] : chunks.slice(first).map((chunk, index) => (index === 0 ? chunk.subarray(left) : chunk));
}
