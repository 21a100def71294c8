import { asAsked } from '../model/metadata-only.ts';
import {
  getKey,
  inOrder,
  listKey,
  questionOf,
  type RecordedGet,
  type RecordedList,
  type RecordedReply,
  type Refusal,
  type Snapshot,
} from '../model/snapshot.ts';
import type { Endpoint, Kind, KubeObject, Reply, Request, Scope, Source } from '../model/source.ts';
import { redact } from '../parse/redact.ts';
import { withoutSecrets } from '../parse/secrets.ts';
import { withoutRawLog } from './kept-log.ts';
import { pageSize } from './listing.ts';
import { type Limited, type Limits, limited, limitedBy } from './record-limit.ts';
import { recordedReply, refusalOf } from './record-reply.ts';
import { answered, refused } from './replay.ts';

/** A source that remembers, and what it remembers so far. */
export interface Recorder {
  readonly source: Source;
  snapshot(): Snapshot;
  /** Limits what is asked from here on. What is not answered when the signal is aborted, or is longer, is recorded as refused. */
  limit(limits: Limits): void;
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
  let limits: Limited | null = null;
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
      const said = await attempt(() =>
        limited(async () => recordedReply(await source.get(endpoint, request), limits?.largest ?? Number.POSITIVE_INFINITY), limits),
      );
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
    limit: (given) => {
      limits = limitedBy(given);
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

function withoutCredentials(endpoint: Endpoint): Endpoint {
  return endpoint.at === 'url' ? { at: 'url', url: endpoint.url.replace(/^([a-z]+:\/\/)[^/@]*@/i, '$1') } : endpoint;
}
