import { type Endpoint, ReadError, type Reply, type Request } from '../model/source.ts';
import { keptOfLog } from '../parse/log-lines.ts';
import { queryText } from './address.ts';
import type { Api } from './api.ts';
import { placeOf } from './endpoint.ts';
import { quotable, refusal } from './refusal.ts';
import { statusOf } from './status.ts';

type LogEndpoint = Extract<Endpoint, { at: 'logs' }>;

const limits = { lines: 500, bytes: 256 * 1024 };

/** What a request keeps of the last lines of a container's log; the lines themselves end here. Throws ReadError. */
export async function podLog(api: Api, endpoint: LogEndpoint, { keep = [] }: Request): Promise<Reply> {
  const from = placeOf(endpoint);
  const what = `get ${from}`;
  // As kubectl: the log comes as text/plain whatever is accepted, and an error as a Status.
  const answer = await api.read({ what, path: pathOf(endpoint), headers: { accept: 'application/json, */*' }, own: true });
  const permission = { verbs: ['get'], resource: 'pods/log', namespace: endpoint.namespace };
  if (answer.status === 404) throw gone(what, from, statusOf(answer.text)?.message ?? 'not found');
  if (answer.status !== 200) throw refusal(api.name, what, quotable(answer), permission);
  const headers = { 'content-type': 'text/plain; charset=utf-8' };
  return { status: 200, headers, body: oneChunk(keptOfLog(answer.text.slice(0, limits.bytes), keep)), via: 'proxy' };
}

function pathOf({ namespace, pod, container, tailLines }: LogEndpoint): string {
  const lines = Math.min(limits.lines, Math.max(1, Math.floor(tailLines)));
  const query = queryText([
    ['container', container],
    ['tailLines', String(lines)],
    ['limitBytes', String(limits.bytes)],
  ]);
  return `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(pod)}/log${query}`;
}

function gone(what: string, from: string, said: string): ReadError {
  return new ReadError('unreachable', what, `${from} cannot be read: ${said}`);
}

async function* oneChunk(text: string): AsyncIterable<Uint8Array> {
  if (text !== '') yield Buffer.from(text, 'utf8');
}
