import type { RecordedBody } from '../model/snapshot.ts';

const unread = new WeakMap<object, Buffer>();

/**
 * A recorded body whose text is made of its bytes only when somebody asks for the text. What reads an answer reads bytes: to decode and encode
 * the pages of 300 proxies again takes as long as to parse them.
 */
export function lateText(bytes: Buffer): RecordedBody {
  const body = {
    get text(): string {
      return bytes.toString('utf8');
    },
  };
  unread.set(body, bytes);
  return body;
}

/** Whether its text is a text, without making it. */
export function isLate(body: object): boolean {
  return unread.has(body);
}

/** The bytes of a recorded body; not to be written to. */
export function bytesOf(body: RecordedBody): Buffer {
  if (!('text' in body)) return Buffer.from(body.base64, 'base64');
  return unread.get(body) ?? Buffer.from(body.text, 'utf8');
}
