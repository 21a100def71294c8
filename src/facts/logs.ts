import type { Reader } from '../model/fact.ts';
import type { Access, Reply, Source, Unread } from '../model/source.ts';
import { type LogFinds, logFinds } from '../parse/log-lines.ts';
import { readOr } from './read-or.ts';

/** The permission to read the logs of pods: declared by facts that do, and granted by `tokmeter rbac --logs` alone. */
export const readingLogs: Access = { verb: 'get', group: '', resource: 'pods/log', optIn: 'logs' };

/** Why a check about logs is skipped. */
export const logsNotAsked = 'logs are not read without --logs';

/** A container whose log is looked at. */
export interface LogPlace {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
}

/** What patterns found in the last lines of one container's log. */
export interface PodLog extends LogPlace, LogFinds {}

/** The logs of several containers, those that could not be read beside them; not asked for without --logs. */
export type PodLogs =
  | { readonly status: 'not-asked' }
  | { readonly status: 'asked'; readonly read: readonly PodLog[]; readonly unread: readonly Unread[] };

/** The last so many lines are looked at, within 256 kB. */
const tailLines = 500;

/**
 * How often each pattern is found in the last 500 lines of a running container. A pattern has no flags, names the words of the program it is about,
 * looks at nothing around them (no ^, $ or lookaround), and spans other text by at most {0,99}: only what it finds is kept. Throws ReadError.
 */
export async function logMatches(source: Source, place: LogPlace, patterns: readonly RegExp[]): Promise<PodLog> {
  const { namespace, pod, container } = place;
  const keep = patterns.map(sourceOf);
  const reply = await source.get({ at: 'logs', namespace, pod, container, tailLines }, { path: '/log', keep });
  return { namespace, pod, container, ...logFinds(await wholeText(reply), keep) };
}

/** The same of several containers, when the user asked for logs. */
export async function podLogs(
  { source, options }: Pick<Reader, 'source' | 'options'>,
  places: readonly LogPlace[],
  patterns: readonly RegExp[],
): Promise<PodLogs> {
  if (options.logs !== true) return { status: 'not-asked' };
  const unread: Unread[] = [];
  const read = await Promise.all(places.map((place) => readOr(async () => [await logMatches(source, place, patterns)], [], unread)));
  return { status: 'asked', read: read.flat(), unread };
}

function sourceOf({ source, flags }: RegExp): string {
  if (flags !== '') throw new Error(`a log pattern has no flags: /${source}/${flags}`);
  return source;
}

async function wholeText({ body }: Reply): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of body) text += decoder.decode(chunk, { stream: true });
  return text + decoder.decode();
}
