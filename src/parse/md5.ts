const shifts = [7, 12, 17, 22, 5, 9, 14, 20, 4, 11, 16, 23, 6, 10, 15, 21];
const sines = Array.from({ length: 64 }, (_, index) => Math.floor(Math.abs(Math.sin(index + 1)) * 2 ** 32) >>> 0);

/** The last eight bytes of the MD5 of a text, as a big-endian number: what the `hashmod` action divides (model/relabel/relabel.go). RFC 1321; no import of node:crypto, because parsing is pure. */
export function md5Tail(text: string): bigint {
  const state = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476];
  const words = padded(new TextEncoder().encode(text));
  for (let block = 0; block < words.length; block += 16) round(state, words.subarray(block, block + 16));
  const bytes = new DataView(new ArrayBuffer(16));
  state.forEach((value, index) => {
    bytes.setUint32(index * 4, value >>> 0, true);
  });
  return bytes.getBigUint64(8, false);
}

function padded(bytes: Uint8Array): Uint32Array {
  const length = (((bytes.length + 8) >> 6) + 1) * 64;
  const view = new DataView(new ArrayBuffer(length));
  bytes.forEach((byte, index) => {
    view.setUint8(index, byte);
  });
  view.setUint8(bytes.length, 0x80);
  view.setBigUint64(length - 8, BigInt(bytes.length) * 8n, true);
  return Uint32Array.from({ length: length / 4 }, (_, index) => view.getUint32(index * 4, true));
}

function round(state: number[], words: Uint32Array): void {
  let [a = 0, b = 0, c = 0, d = 0] = state;
  for (let index = 0; index < 64; index++) {
    const [mixed, word] = mix(index, b, c, d);
    const sum = (a + mixed + (sines[index] ?? 0) + (words[word] ?? 0)) >>> 0;
    const shift = shifts[(index >> 4) * 4 + (index % 4)] ?? 0;
    [a, d, c, b] = [d, c, b, (b + ((sum << shift) | (sum >>> (32 - shift)))) >>> 0];
  }
  [a, b, c, d].forEach((value, index) => {
    state[index] = ((state[index] ?? 0) + value) >>> 0;
  });
}

function mix(index: number, b: number, c: number, d: number): readonly [mixed: number, word: number] {
  if (index < 16) return [(b & c) | (~b & d), index];
  if (index < 32) return [(d & b) | (~d & c), (5 * index + 1) % 16];
  if (index < 48) return [b ^ c ^ d, (3 * index + 5) % 16];
  return [c ^ (b | ~d), (7 * index) % 16];
}
