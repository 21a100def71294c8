import type { RecordedBody, RecordedReply, Refusal } from '../model/snapshot.ts';
import { ReadError, type Reply } from '../model/source.ts';
import { withoutSecretText } from '../parse/secrets.ts';

/** A reply as it is kept, read to its end. Throws ReadError when its body is larger than so many bytes. */
export async function recordedReply(reply: Reply, largest: number): Promise<RecordedReply> {
  const { bytes, cut } = await drained(reply.body, largest);
  const headers = Object.fromEntries(Object.entries(reply.headers).filter(([name]) => !perConnection.has(name)));
  return { status: 'reply', code: reply.status, headers, body: bodyOf(bytes), cut, via: reply.via };
}

// True of one transfer only, or somebody's session.
const perConnection: ReadonlySet<string> = new Set([
  'date',
  'content-length',
  'content-encoding',
  'transfer-encoding',
  'connection',
  'keep-alive',
  'vary',
  'cache-control',
  'audit-id',
  'set-cookie',
  'x-kubernetes-pf-flowschema-uid',
  'x-kubernetes-pf-prioritylevel-uid',
]);

async function drained(
  body: AsyncIterable<Uint8Array>,
  largest: number,
): Promise<{ readonly bytes: Buffer; readonly cut: Refusal | null }> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of body) {
      chunks.push(chunk);
      size += chunk.length;
      if (size > largest) break;
    }
  } catch (error) {
    return { bytes: Buffer.concat(chunks), cut: refusalOf(error) };
  }
  if (size > largest) throw new ReadError('malformed', 'record', `an answer of more than ${largest / 1024 / 1024} MB is not kept`);
  return { bytes: Buffer.concat(chunks), cut: null };
}

function bodyOf(bytes: Buffer): RecordedBody {
  const text = bytes.toString('utf8');
  return Buffer.from(text, 'utf8').equals(bytes) ? { text: withoutSecretText(text) } : { base64: bytes.toString('base64') };
}

/** A ReadError as data; anything else is a bug of ours and is thrown again. */
export function refusalOf(error: unknown): Refusal {
  if (!(error instanceof ReadError)) throw error;
  return { reason: error.reason, what: error.what, message: error.message, needs: error.needs, fault: error.fault };
}
