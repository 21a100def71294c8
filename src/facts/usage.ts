import { ReadError, type Unread, unreadOf } from '../model/source.ts';
import type { UsageAnswer, UsageQuestion, UsageSource, UsageWindow } from '../model/usage.ts';
import { namesOf } from '../parse/promapi.ts';
import type { Nouns } from './emitters.ts';
import { prometheusServers, type Server, type Shard } from './prometheus.ts';
import { askPrometheus } from './prometheus-api.ts';
import { targets } from './targets.ts';
import { type Asked, countedOf, type UsageTraits } from './usage-asked.ts';
import { directUsage } from './usage-direct.ts';
import { addFamily, piecesOf, type ShardFamily } from './usage-family.ts';
import { intervalOf } from './usage-interval.ts';
import { type Grouping, groupingOf, identityOf, knownLabels } from './usage-labels.ts';
import { copyLabels, storedAs } from './usage-query.ts';
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
  const rows = summed.sum.rows();
  const retention = await retentionNote(reader.source, store.shards[0], question.window);
  if (rows.length === 0 && summed.unsure === 0 && store.unread.length === 0) return emptyIn(store, question, retention);
  const also = others.length === 0 ? [] : [`also stored in ${others.map(({ server }) => server.subject).join(', ')}: not added`];
  return {
    status: 'read',
    usage: {
      from: store.server.subject,
      window: question.window,
      apart: question.apart,
      since: null,
      by: grouping.by,
      extra: grouping.extra,
      counted: countedOf(nouns, question),
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
  const index = async (path: string, match: string): Promise<readonly string[]> =>
    namesOf(await askPrometheus(reader.source, shard, path, [['match[]', match], ...within]));
  const names = await index('/api/v1/label/__name__/values', `{__name__=~${JSON.stringify(nouns.family.sumPattern)}}`);
  if (names.length === 0) return [];
  const kept = [
    ...(question.by ?? []),
    ...question.where.map(({ label }) => label),
    ...(await identityOf(asked)).map(({ label }) => label),
  ];
  const upLabels = await index('/api/v1/labels', 'up');
  return Promise.all(
    names.map(async (name) => {
      const labels = await index('/api/v1/labels', `{__name__=${JSON.stringify(name)}}`);
      const own = kept.flatMap((label) => [label, ...storedAs(label, labels, true)]);
      const target = upLabels.filter((label) => label !== '__name__' && labels.includes(label));
      const interval = await intervalOf(reader.source, shard, name, question.window);
      return { shard, name, labels, copies: copyLabels(labels, targetLabels, own), target, interval };
    }),
  );
}

interface Summed {
  readonly sum: RowSum;
  readonly unsure: number;
  readonly notes: readonly string[];
}

/** Every stored name asked for and added up. */
async function summedOver(asked: Asked, store: Store, grouping: Grouping): Promise<Summed> {
  const { nouns, question } = asked;
  const { window, apart, requests } = question;
  const sum = rowSum({ pieces: piecesOf(window), apart, requests, counted: countedOf(nouns, question) });
  const parts = await Promise.all(store.families.map((family) => addFamily(asked, family, grouping, sum)));
  const names = [...new Set(store.families.filter((_, at) => parts[at]?.counted === true).map(({ name }) => name))].sort();
  return {
    sum,
    unsure: parts.reduce((total, part) => total + part.unsure, 0),
    notes: names.length > 1 ? [`${names.length} spellings are added up: ${names.join(', ')}`] : [],
  };
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
