import { isUtf8 } from 'node:buffer';
import { record } from '../parse/fields.ts';
import { lateText } from './late-text.ts';

// As archive.ts writes it. In valid JSON these bytes stand nowhere else: inside a string a backslash would stand before each quote.
const opening = Buffer.from('"body": {\n    "text": "');
const space = 0x20;
const quote = 0x22;
const backslash = 0x5c;
const letterU = 0x75;
const pieceSize = 4096;
/** RFC 8259 §7: the byte that stands for another after a backslash; 0: none. */
const escapes = new Uint8Array(256);
for (const [letter, said] of Object.entries({ '"': '"', '\\': '\\', '/': '/', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' }))
  escapes[letter.charCodeAt(0)] = said.charCodeAt(0);

/**
 * What JSON.parse says of a file of answers, but that texts of bodies, nearly all of it, stay bytes: they are unescaped where they stand, so that
 * no string is made of them. Half of the time and a third of the memory. The bytes are the caller's no more.
 */
export function answersIn(bytes: Buffer): unknown {
  // What is no UTF-8 is mended by decoding it.
  if (!isUtf8(bytes)) return JSON.parse(bytes.toString('utf8'));
  const texts: Buffer[] = [];
  let rest = '';
  let from = 0;
  for (let at = bytes.indexOf(opening); at >= 0; at = bytes.indexOf(opening, from)) {
    const start = at + opening.length;
    rest += `${bytes.toString('utf8', from, start - 1)}${texts.length}`;
    const cursor = { at: start, to: start };
    unescapeText(bytes, cursor);
    texts.push(bytes.subarray(start, cursor.to));
    from = cursor.at + 1;
  }
  return JSON.parse(rest + bytes.toString('utf8', from), (key, value) => (key === 'body' ? bodyOf(value, texts) : value));
}

function bodyOf(value: unknown, texts: readonly Buffer[]): unknown {
  const { text: index } = record(value);
  const text = typeof index === 'number' ? texts[index] : undefined;
  return text === undefined ? value : lateText(text);
}

/** Where a JSON string is read, and where what it says is written: in the same bytes. */
interface Cursor {
  at: number;
  to: number;
}

/** Unescapes the string from just past its opening quote to its closing one. Throws SyntaxError where JSON.parse does. */
function unescapeText(bytes: Buffer, cursor: Cursor): void {
  while (bytes[cursor.at] !== quote) {
    if (unescapePiece(bytes, cursor) > 0) continue;
    const start = cursor.at;
    // Two escapes in a row may be one character.
    while (bytes[cursor.at] === backslash && bytes[cursor.at + 1] === letterU) cursor.at += 6;
    if (cursor.at === start) throw new SyntaxError('a text that is not closed, or holds what should be escaped');
    cursor.to += bytes.write(JSON.parse(`"${bytes.toString('latin1', start, cursor.at)}"`), cursor.to);
  }
}

/** Some kB up to the closing quote or to what is not as plain: V8 makes fast code of a function that ends now and then, not of one that never did. */
function unescapePiece(bytes: Buffer, cursor: Cursor): number {
  const { at: start } = cursor;
  let { at, to } = cursor;
  while (at < start + pieceSize) {
    let byte = bytes[at] ?? 0;
    while (byte >= space && byte !== quote && byte !== backslash) {
      bytes[to] = byte;
      to += 1;
      at += 1;
      byte = bytes[at] ?? 0;
    }
    const said = byte === backslash ? (escapes[bytes[at + 1] ?? 0] ?? 0) : 0;
    if (said === 0) break;
    bytes[to] = said;
    to += 1;
    at += 2;
  }
  cursor.at = at;
  cursor.to = to;
  return at - start;
}
