import type { UsageAnswer } from '../model/usage.ts';
import { takesValue } from '../parse/matcher.ts';
import { normaliseLabel } from '../parse/metric-names.ts';
import type { Emission, TokenSeries } from './emitters.ts';
import { type Asked, countedOf } from './usage-asked.ts';
import { groupingOf, identityOf } from './usage-labels.ts';
import { rowSum } from './usage-rows.ts';

/** Tokens by the emitters' own counters: exact, and since each process began. */
export async function directUsage(asked: Asked): Promise<UsageAnswer> {
  const { reader, nouns, question } = asked;
  const { read, unread } = await reader.ask(nouns.emissions);
  const speaking = read.filter(({ outcome }) => outcome.status === 'metered');
  const metered = asked.traits.once?.(speaking) ?? speaking;
  const silent = read.filter(({ outcome }) => outcome.status === 'unreadable');
  if (metered.length === 0 && unread.length === 0) return { status: 'nothing', why: nothingRead(asked, read) };
  const series = metered.flatMap(seriesOf);
  const known = [...new Set(series.flatMap(({ labels }) => Object.keys(labels)))].sort();
  const grouping = groupingOf(asked, await identityOf(asked), known);
  if ('label' in grouping) return { status: 'unknown-label', ...grouping };
  const missing = silent.map(({ emitter }) => `${emitter.subject} does not tell its metrics: its tokens are missing`);
  const rows = summed(asked, metered, grouping.by);
  if (rows.length === 0 && unread.length === 0)
    return { status: 'nothing', why: `no ${nouns.one} has counted tokens that --where selects` };
  return {
    status: 'read',
    usage: {
      from: `the counters of ${metered.length} ${metered.length === 1 ? nouns.one : nouns.many}`,
      window: null,
      apart: false,
      since: sinceOf(metered),
      by: grouping.by,
      extra: grouping.extra,
      counted: countedOf(nouns, question),
      rows,
      unsure: 0,
      notes: [...grouping.notes, ...missing],
      unread,
    },
  };
}

function seriesOf({ outcome }: Emission): readonly TokenSeries[] {
  return outcome.status === 'metered' ? outcome.series : [];
}

function requestsIn({ outcome }: Emission): Extract<Emission['outcome'], { status: 'metered' }>['requests'] {
  return outcome.status === 'metered' ? outcome.requests : [];
}

function nothingRead({ nouns }: Asked, read: readonly Emission[]): string {
  if (read.length === 0) return `there is no ${nouns.one} that counts tokens`;
  const idle = read.filter(({ outcome }) => outcome.status === 'idle').length;
  return `${idle} of ${read.length} ${nouns.many} ${idle === 1 ? 'has' : 'have'} counted no request yet, and the others do not tell`;
}

function summed(
  { nouns, question, traits }: Asked,
  metered: readonly Emission[],
  by: readonly string[],
): ReturnType<ReturnType<typeof rowSum>['rows']> {
  const sum = rowSum({ pieces: 0, apart: false, requests: question.requests, counted: countedOf(nouns, question) });
  const type = nouns.family.total?.label ?? null;
  const first = nouns.family.total?.values[0];
  const labels = by.map(normaliseLabel);
  const wanted = (own: TokenSeries['labels']): boolean =>
    question.where.every((match) => takesValue(match, own[normaliseLabel(match.label)] ?? ''));
  const valuesOf = (own: TokenSeries['labels']): readonly string[] => labels.map((label) => own[label] ?? '');
  for (const { labels: own, sum: tokens, count } of metered.flatMap(seriesOf)) {
    if (!wanted(own)) continue;
    const values = valuesOf(own);
    const kind = type === null ? 'total' : (own[type] ?? 'untyped');
    if (kind !== 'total' || type === null) sum.add(values, kind, tokens);
    // Each metered request is one observation of its input.
    if (kind === first && traits.ownRequests !== true) sum.addRequests(values, [[0, count]]);
  }
  if (traits.ownRequests === true)
    for (const { labels: own, count } of metered.flatMap(requestsIn)) if (wanted(own)) sum.addRequests(valuesOf(own), [[0, count]]);
  return sum.rows();
}

function sinceOf(metered: readonly Emission[]): { readonly oldest: string; readonly newest: string } | null {
  const times = metered.map(({ emitter }) => startOf(emitter)).filter((time) => time !== null);
  times.sort();
  const [oldest] = times;
  const newest = times.at(-1);
  return oldest === undefined || newest === undefined ? null : { oldest, newest };
}

/** When the process that counts began: its container, else its pod. */
function startOf({ pod, container }: Emission['emitter']): string | null {
  return pod.states.find(({ name }) => name === container)?.startedAt ?? pod.metadata.creationTimestamp ?? null;
}
