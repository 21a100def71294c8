/** Snappy's block format, unpacked: google/snappy format_description.txt. */
export function unframed(packed: Buffer): Buffer {
  let at = 0;
  let length = 0;
  for (let unit = 1; ; unit *= 128) {
    const byte = packed[at++] ?? 0;
    length += (byte % 128) * unit;
    if (byte < 128) break;
  }
  const out = Buffer.alloc(length);
  let end = 0;
  while (at < packed.length) {
    const tag = packed[at++] ?? 0;
    if ((tag & 3) === 0) {
      const extra = Math.max(0, (tag >> 2) - 59);
      const size = (extra === 0 ? tag >> 2 : packed.readUIntLE(at, extra)) + 1;
      at += extra;
      end += packed.copy(out, end, at, at + size);
      at += size;
      continue;
    }
    const { size, offset, next } = copyOf(packed, tag, at);
    at = next;
    // byte by byte: a copy may reach into what it writes
    for (let index = 0; index < size; index++) out[end + index] = out[end + index - offset] ?? 0;
    end += size;
  }
  return out;
}

function copyOf(packed: Buffer, tag: number, at: number): { readonly size: number; readonly offset: number; readonly next: number } {
  const kind = tag & 3;
  if (kind === 1) return { size: ((tag >> 2) & 7) + 4, offset: ((tag >> 5) << 8) + (packed[at] ?? 0), next: at + 1 };
  const bytes = kind === 2 ? 2 : 4;
  return { size: (tag >> 2) + 1, offset: packed.readUIntLE(at, bytes), next: at + bytes };
}

/** The same bytes in snappy's block format, as literals alone. */
export function framed(plain: Buffer): Buffer {
  const parts: Buffer[] = [];
  let rest = plain.length;
  const head: number[] = [];
  for (; rest >= 128; rest = Math.floor(rest / 128)) head.push((rest % 128) + 128);
  head.push(rest);
  parts.push(Buffer.from(head));
  for (let at = 0; at < plain.length; at += 65_536) {
    const piece = plain.subarray(at, at + 65_536);
    const size = Buffer.alloc(3);
    size[0] = 61 << 2;
    size.writeUInt16LE(piece.length - 1, 1);
    parts.push(size, piece);
  }
  return Buffer.concat(parts);
}
