import { asAsked } from '../model/metadata-only.ts';
import {
  getKey,
  inOrder,
  listKey,
  questionOf,
  type RecordedBody,
  type RecordedGet,
  type RecordedList,
  type RecordedReply,
  type Refusal,
  type Snapshot,
} from '../model/snapshot.ts';
import {
  type Endpoint,
  type Kind,
  type KubeObject,
  ReadError,
  type Reply,
  type Request,
  type Scope,
  type Source,
} from '../model/source.ts';
import { redact } from '../parse/redact.ts';
import { withoutSecrets, withoutSecretText } from '../parse/secrets.ts';
import { withoutRawLog } from './kept-log.ts';
import { pageSize } from './listing.ts';
import { answered, refused } from './replay.ts';

/** A source that remembers, and what it remembers so far. */
export interface Recorder {
  readonly source: Source;
  snapshot(): Snapshot;
}

/** Remembers answers and refusals, and hands out exactly what a replay would: redacted, each question asked once. One recorder records one run at one moment. */
export function record(source: Source, options: { readonly server?: string | null } = {}): Recorder {
  const lists = new Map<string, RecordedList>();
  const gets = new Map<string, RecordedGet>();
  const listOnce = once<readonly KubeObject[]>();
  const getOnce = once<RecordedReply>();
  // What the same run without a recorder would have asked again.
  const asked = new Set<string>();
  const spared = { kubernetes: 0, prometheus: 0 };
  const requests = (): Source['requests'] => ({
    kubernetes: source.requests.kubernetes + spared.kubernetes,
    tunnels: source.requests.tunnels,
    prometheus: source.requests.prometheus + spared.prometheus,
  });

  async function list(kind: Kind, scope: Scope = {}): Promise<readonly KubeObject[]> {
    const key = listKey(kind, scope);
    const again = asked.has(key);
    asked.add(key);
    return listOnce(key, async () => {
      const answer = await attempt(async () => ({
        status: 'objects' as const,
        objects: asAsked(kind, scope, await source.list(kind, scope)).map((object) => withoutSecrets(redact(object))),
      }));
      lists.set(key, { kind, scope, answer });
      if (answer.status === 'refused') throw refused(answer.refusal);
      return answer.objects;
    }).finally(() => {
      const answer = lists.get(key)?.answer;
      if (again && answer !== undefined) spared.kubernetes += pagesOf(answer);
    });
  }

  async function get(endpoint: Endpoint, request: Request): Promise<Reply> {
    const question = questionOf(request);
    const key = getKey(endpoint, question);
    if (asked.has(key) && request.peer === 'prometheus') spared.prometheus += 1;
    if (asked.has(key) && endpoint.at === 'logs') spared.kubernetes += 1;
    asked.add(key);
    const reply = await getOnce(key, async () => {
      const said = await attempt(async () => recorded(await source.get(endpoint, request)));
      const answer = withoutRawLog(endpoint, question.keep, said);
      gets.set(key, { endpoint: withoutCredentials(endpoint), question, answer });
      if (answer.status === 'refused') throw refused(answer.refusal);
      return answer;
    });
    return answered(reply);
  }

  return {
    source: {
      origin: source.origin,
      now: source.now,
      get requests() {
        return requests();
      },
      list,
      get,
    },
    snapshot: () =>
      inOrder({
        format: 1,
        origin: source.origin,
        now: source.now.toISOString(),
        server: options.server ?? null,
        requests: requests(),
        lists: [...lists.values()],
        gets: [...gets.values()],
      }),
  };
}

/** A kind that is not served is known from discovery, which is asked once. */
function pagesOf(answer: RecordedList['answer']): number {
  if (answer.status === 'refused') return answer.refusal.reason === 'absent' ? 0 : 1;
  return Math.max(1, Math.ceil(answer.objects.length / pageSize));
}

function once<T>(): (key: string, read: () => Promise<T>) => Promise<T> {
  const asked = new Map<string, Promise<T>>();
  return (key, read) => {
    const before = asked.get(key);
    if (before !== undefined) return before;
    const now = read();
    asked.set(key, now);
    return now;
  };
}

/** A refusal becomes data; anything but a ReadError is a bug of ours and is not recorded. */
async function attempt<T>(read: () => Promise<T>): Promise<T | { readonly status: 'refused'; readonly refusal: Refusal }> {
  try {
    return await read();
  } catch (error) {
    return { status: 'refused', refusal: refusalOf(error) };
  }
}

function refusalOf(error: unknown): Refusal {
  if (!(error instanceof ReadError)) throw error;
  return { reason: error.reason, what: error.what, message: error.message, needs: error.needs, fault: error.fault };
}

async function recorded(reply: Reply): Promise<RecordedReply> {
  const { bytes, cut } = await drained(reply.body);
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

async function drained(body: AsyncIterable<Uint8Array>): Promise<{ readonly bytes: Buffer; readonly cut: Refusal | null }> {
  const chunks: Uint8Array[] = [];
  try {
    for await (const chunk of body) chunks.push(chunk);
  } catch (error) {
    return { bytes: Buffer.concat(chunks), cut: refusalOf(error) };
  }
  return { bytes: Buffer.concat(chunks), cut: null };
}

function bodyOf(bytes: Buffer): RecordedBody {
  const text = bytes.toString('utf8');
  return Buffer.from(text, 'utf8').equals(bytes) ? { text: withoutSecretText(text) } : { base64: bytes.toString('base64') };
}

function withoutCredentials(endpoint: Endpoint): Endpoint {
  return endpoint.at === 'url' ? { at: 'url', url: endpoint.url.replace(/^([a-z]+:\/\/)[^/@]*@/i, '$1') } : endpoint;
}
