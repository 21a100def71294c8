import { ReadError, type Source, type Unread, unreadOf } from '../model/source.ts';
import type { UsageAnswer, UsageQuestion, UsageSource, UsageWindow } from '../model/usage.ts';
import { matrixOf, type RangeSeries } from '../parse/matrix.ts';
import { namesOf } from '../parse/promapi.ts';
import type { Nouns } from './emitters.ts';
import { prometheusServers, type Server, type Shard } from './prometheus.ts';
import { askPrometheus } from './prometheus-api.ts';
import { targets } from './targets.ts';
import { type Asked, countedOf, type UsageTraits } from './usage-asked.ts';
import { directUsage } from './usage-direct.ts';
import { type Grouping, groupingOf, identityOf, knownLabels } from './usage-labels.ts';
import { copyLabels, type StoredFamily, storedAs, usageQueries, usageSelector } from './usage-query.ts';
import { retentionNote } from './usage-retention.ts';
import { type RowSum, rowSum } from './usage-rows.ts';

/** The usage of one pipeline, in its nouns. */
export function usageSource(nouns: Nouns, traits: UsageTraits): UsageSource {
  return {
    model: traits.model,
    facts: [prometheusServers(nouns), targets(nouns), nouns.identity, nouns.emissions],
    stored: (reader, question) => storedUsage({ reader, nouns, traits, question }),
    direct: (reader, question) => directUsage({ reader, nouns, traits, question }),
  };
}

async function storedUsage(asked: Asked): Promise<UsageAnswer> {
  const { reader, nouns, question } = asked;
  const { servers, lookedFor } = await reader.ask(prometheusServers(nouns));
  const stores = await Promise.all(servers.map((server) => storeOf(asked, server)));
  const [store, ...others] = stores.filter(({ families }) => families.length > 0);
  const unread = stores.flatMap((each) => each.unread);
  if (store === undefined) return nothingIn(asked, servers, { lookedFor, unread });
  const grouping = groupingOf(asked, await identityOf(asked), knownLabels(store.families));
  if ('label' in grouping) return { status: 'unknown-label', ...grouping };
  const summed = await summedOver(asked, store, grouping);
  const types = countedOf(nouns, question);
  const rows = summed.sum.rows(types);
  const retention = await retentionNote(reader.source, store.shards[0], question.window);
  if (rows.length === 0 && summed.unsure === 0 && store.unread.length === 0) return emptyIn(store, question, retention);
  const also = others.length === 0 ? [] : [`also stored in ${others.map(({ server }) => server.subject).join(', ')}: not added`];
  return {
    status: 'read',
    usage: {
      from: store.server.subject,
      window: question.window,
      since: null,
      by: grouping.by,
      extra: grouping.extra,
      counted: types,
      rows,
      unsure: summed.unsure,
      notes: [...retention, ...grouping.notes, ...summed.notes, ...also],
      unread: store.unread,
    },
  };
}

interface Store {
  readonly server: Server;
  readonly shards: readonly Shard[];
  readonly families: readonly ShardFamily[];
  readonly unread: readonly Unread[];
}

type ShardFamily = StoredFamily & { readonly shard: Shard };

/** The names of the family that each shard stores in the window, with their labels: from the index, which costs no samples. */
async function storeOf(asked: Asked, server: Server): Promise<Store> {
  const unread: Unread[] = [...server.unread];
  const targetLabels = await targetLabelsOf(asked, server);
  const families = await Promise.all(
    server.shards.map(async (shard) => {
      try {
        return await familiesOf(asked, shard, targetLabels);
      } catch (error) {
        if (!(error instanceof ReadError)) throw error;
        unread.push(unreadOf(error));
        return [];
      }
    }),
  );
  return { server, shards: server.shards, families: families.flat(), unread };
}

async function targetLabelsOf({ reader, nouns }: Asked, server: Server): Promise<readonly string[]> {
  try {
    const { servers } = await reader.ask(targets(nouns));
    const own = servers.find((each) => each.server.key === server.key)?.targets ?? [];
    return [...new Set(own.flatMap(({ labels }) => Object.keys(labels)))];
  } catch (error) {
    // Where targets cannot be read, the labels that scrapers are known to add are enough.
    if (error instanceof ReadError) return [];
    throw error;
  }
}

async function familiesOf(asked: Asked, shard: Shard, targetLabels: readonly string[]): Promise<readonly ShardFamily[]> {
  const { reader, nouns, question } = asked;
  const within = [
    ['start', String(question.window.start)],
    ['end', String(question.window.end)],
  ] as const;
  const match = `{__name__=~${JSON.stringify(nouns.family.sumPattern)}}`;
  const names = namesOf(await askPrometheus(reader.source, shard, '/api/v1/label/__name__/values', [['match[]', match], ...within]));
  const kept = [
    ...(question.by ?? []),
    ...question.where.map(({ label }) => label),
    ...(await identityOf(asked)).map(({ label }) => label),
  ];
  return Promise.all(
    names.map(async (name) => {
      const one = `{__name__=${JSON.stringify(name)}}`;
      const labels = namesOf(await askPrometheus(reader.source, shard, '/api/v1/labels', [['match[]', one], ...within]));
      const own = kept.flatMap((label) => [label, ...storedAs(label, labels, true)]);
      return { shard, name, labels, copies: copyLabels(labels, targetLabels, own) };
    }),
  );
}

interface Summed {
  readonly sum: RowSum;
  readonly unsure: number;
  readonly notes: readonly string[];
}

/** One range query a stored name and figure, whose answer has a series a group: nothing is asked tenant by tenant. */
async function summedOver(asked: Asked, store: Store, grouping: Grouping): Promise<Summed> {
  const { question } = asked;
  const sum = rowSum(piecesOf(question.window), question.requests);
  const parts = await Promise.all(store.families.map((family) => familySum(asked, family, grouping, sum)));
  const names = [...new Set(store.families.map(({ name }) => name))];
  return {
    sum,
    unsure: parts.reduce((total, part) => total + part, 0),
    notes: names.length > 1 ? [`${names.length} spellings are added up: ${names.join(', ')}`] : [],
  };
}

async function familySum(asked: Asked, family: ShardFamily, grouping: Grouping, sum: RowSum): Promise<number> {
  const { nouns, question, reader, traits } = asked;
  const total = nouns.family.total?.label ?? null;
  const types = total === null ? [] : storedAs(total, family.labels, false);
  const groups = grouping.by.map((label) => storedAs(label, family.labels, grouping.identity.has(label)));
  const wheres = question.where.map((match) => ({
    ...match,
    stored: storedAs(match.label, family.labels, grouping.identity.has(match.label))[0] ?? match.label,
  }));
  const counted = countedOf(nouns, question);
  const labels = [...new Set([...groups.flat(), ...types])];
  const queries = usageQueries(family, usageSelector(family, types[0] ?? null, wheres), labels, question.window);
  const requests = question.requests ? traits.requestsOf(family.name) : null;
  const ofType =
    counted[0] === undefined || types[0] === undefined
      ? []
      : [{ label: types[0], op: '=' as const, value: nouns.family.total?.values[0] ?? '', stored: types[0] }];
  const asking = (query: string): Promise<readonly RangeSeries[]> => ranged(reader.source, family.shard, query, question.window);
  const [values, unsure, requested] = await Promise.all([
    asking(queries.value),
    asking(queries.unsure),
    requests === null
      ? []
      : asking(
          usageQueries(family, usageSelector({ ...family, name: requests }, null, [...wheres, ...ofType]), labels, question.window).value,
        ),
  ]);
  const valuesOf = (series: RangeSeries): readonly string[] => groups.map((names) => coalesced(series, names));
  const typeOf = (series: RangeSeries): string => (total === null ? 'total' : coalesced(series, types) || 'untyped');
  for (const series of values) {
    const type = typeOf(series);
    sum.add(valuesOf(series), type, amount(series));
    if (counted.includes(type))
      for (const [at, value] of series.points) sum.addPoint(valuesOf(series), pieceOf(at, question.window), value);
  }
  for (const series of requested) sum.addRequests(valuesOf(series), amount(series));
  return unsure.filter((series) => counted.includes(typeOf(series))).reduce((all, series) => all + amount(series), 0);
}

function coalesced({ labels }: RangeSeries, names: readonly string[]): string {
  return names.map((name) => labels[name] ?? '').find((value) => value !== '') ?? '';
}

const amount = ({ points }: RangeSeries): number => points.reduce((sum, [, value]) => sum + value, 0);

/** How many pieces a window has. */
export function piecesOf({ start, end, step }: UsageWindow): number {
  return Math.max(1, Math.round((end - start) / step));
}

/** Each value stands at the end of its piece. */
function pieceOf(at: number, window: UsageWindow): number {
  return Math.min(piecesOf(window) - 1, Math.max(0, Math.round((at - window.start) / window.step) - 1));
}

async function ranged(source: Source, shard: Shard, query: string, { start, end, step }: UsageWindow): Promise<readonly RangeSeries[]> {
  const path = '/api/v1/query_range';
  const asked = [
    ['query', query],
    ['start', String(start + step)],
    ['end', String(end)],
    ['step', String(step)],
    // VictoriaMetrics moves the ends of a window to multiples of the step unless told so; others ignore it.
    ['nocache', '1'],
  ] as const;
  return matrixOf(await askPrometheus(source, shard, path, asked).catch(tooMuch), `GET ${path} of ${shard.name}`);
}

/** Prometheus's own limits, with what to do about them. */
function tooMuch(error: unknown): never {
  if (!(error instanceof ReadError)) throw error;
  const limited = /too many samples|max-samples|exceeds|limit|timed out|timeout|context (deadline|canceled)/i.test(error.message);
  if (!limited || error.message.includes('--since')) throw error;
  const message = `${error.message}; a shorter --since, or --where, asks for less`;
  throw new ReadError(error.reason, error.what, message, { cause: error, ...(error.needs === null ? {} : { needs: error.needs }) });
}

interface Looked {
  readonly lookedFor: readonly string[];
  readonly unread: readonly Unread[];
}

async function nothingIn(
  { reader, nouns, question }: Asked,
  servers: readonly Server[],
  { lookedFor, unread }: Looked,
): Promise<UsageAnswer> {
  const [first] = unread;
  if (first !== undefined)
    throw new ReadError(
      first.reason === 'bug' ? 'malformed' : first.reason,
      first.what,
      first.message,
      first.needs === null ? {} : { needs: first.needs },
    );
  const [server] = servers;
  if (server === undefined)
    throw new ReadError(
      'absent',
      'Prometheus',
      `no Prometheus was found (looked for ${lookedFor.join(', ')}); name one with --prometheus, or read the ${nouns.many} with --direct`,
    );
  const retention = await retentionNote(reader.source, server.shards[0], question.window);
  const why = [`${server.subject} stores no ${nouns.family.name} in any spelling between ${spanText(question.window)}`, ...retention];
  return { status: 'nothing', why: why.join('; ') };
}

function emptyIn({ server }: Store, { window, where }: UsageQuestion, retention: readonly string[]): UsageAnswer {
  const narrowed = where.length === 0 ? '' : ' that --where selects';
  return { status: 'nothing', why: [`${server.subject} stores no tokens${narrowed} between ${spanText(window)}`, ...retention].join('; ') };
}

/** "2026-11-24T12:00:00Z and 2026-11-25T12:00:00Z". */
function spanText({ start, end }: UsageWindow): string {
  return [start, end].map((seconds) => new Date(seconds * 1000).toISOString().replace(/\.\d+Z$/, 'Z')).join(' and ');
}
