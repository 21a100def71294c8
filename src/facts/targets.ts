import { defineFact, type Fact } from '../model/fact.ts';
import { ReadError, type Source, type Unread } from '../model/source.ts';
import { record, text } from '../parse/fields.ts';
import { activeTargets, atLeast, buildText, droppedCounts, poolNames, type Target } from '../parse/promapi.ts';
import { addressOf } from './coverage.ts';
import type { Emitter, Nouns } from './emitters.ts';
import { prometheusServers, type Server, type Shard } from './prometheus.ts';
import { askPrometheus } from './prometheus-api.ts';
import { readOr } from './read-or.ts';

/** An active target at an emitter's address. */
export interface EmitterTarget extends Target {
  readonly emitter: Emitter;
  /** It asks for the emitter's own path. */
  readonly ownPath: boolean;
}

/** What one Prometheus, all shards together, says of its targets. */
export interface ServerTargets {
  readonly server: Server;
  /** Names of all scrape pools; null where the server does not tell them apart from empty ones. */
  readonly pools: readonly string[] | null;
  /** Those at the emitters' addresses. */
  readonly targets: readonly EmitterTarget[];
  /** All active targets. */
  readonly active: number;
  /** Dropped targets by pool, over all shards; asked only when an emitter has no target. */
  readonly dropped: Readonly<Record<string, number>> | null;
  /** The last reload of the configuration; null when it does not tell. */
  readonly reload: { readonly success: boolean; readonly at: string | null } | null;
  /** Shards or whole APIs that said nothing: an emitter without a target may have one there. */
  readonly unread: readonly Unread[];
}

/** The targets of every Prometheus server, and the moment they were read at. */
export interface Targets {
  readonly servers: readonly ServerTargets[];
  readonly now: string;
}

const made = new WeakMap<Nouns, Fact<Targets>>();

/** The active targets of one pipeline's emitters, matched by address. */
export function targets(nouns: Nouns): Fact<Targets> {
  const known = made.get(nouns);
  if (known !== undefined) return known;
  const fact = defineFact({
    id: `targets-of-${nouns.many.replace(/\W+/g, '-')}`,
    title: `targets of each ${nouns.one}`,
    needs: { servers: prometheusServers(nouns), emitters: nouns.emitters },
    async read({ servers, emitters }, { source }): Promise<Targets> {
      if (nouns.servers !== undefined) return { servers: servers.servers.map(scrapedByOthers), now: source.now.toISOString() };
      const read = await Promise.all(servers.servers.map((server) => targetsOf(source, server, emitters.read)));
      return { servers: read, now: source.now.toISOString() };
    },
  });
  made.set(nouns, fact);
  return fact;
}

/** A store that others write to, whose own targets, if it has any, are not the emitters. */
function scrapedByOthers(server: Server): ServerTargets {
  const message = `${server.subject} stores what collectors bring: scrape pools, targets and duplicates cannot be judged there, stored series can`;
  const unread: Unread = { what: `GET /api/v1/targets of ${server.subject}`, reason: 'absent', message, needs: null };
  return { server, pools: null, targets: [], active: 0, dropped: null, reload: null, unread: [...server.unread, unread] };
}

interface ShardAnswer {
  readonly targets: readonly Target[];
  readonly pools: readonly string[] | null;
  readonly reload: ServerTargets['reload'];
}

async function targetsOf(source: Source, server: Server, emitters: readonly Emitter[]): Promise<ServerTargets> {
  const unread: Unread[] = [...server.unread];
  const answers = await collected(server.shards, unread, (shard) => shardTargets(source, shard, server));
  const active = answers.flatMap((answer) => answer.targets);
  const byAddress = new Map(emitters.filter(({ pod }) => pod.ip !== null).map((emitter) => [addressOf(emitter), emitter]));
  const matched = active.flatMap((target) => emitterTarget(target, byAddress));
  const scraped = new Set(matched.map(({ emitter }) => emitter.key));
  const lonely = emitters.some(({ key }) => !scraped.has(key));
  return {
    server,
    pools:
      answers.length > 0 && answers.every(({ pools }) => pools !== null) ? [...new Set(answers.flatMap(({ pools }) => pools ?? []))] : null,
    targets: matched,
    active: active.length,
    dropped: lonely ? await droppedOf(source, server.shards) : null,
    reload: answers.map(({ reload }) => reload).find((reload) => reload?.success === false) ?? answers[0]?.reload ?? null,
    unread,
  };
}

/** What each shard says; what cannot be read is added to `unread`. */
async function collected<T>(shards: readonly Shard[], unread: Unread[], ask: (shard: Shard) => Promise<T>): Promise<readonly T[]> {
  const tried = await Promise.all(shards.map((shard) => readOr(async () => [await ask(shard)], [], unread)));
  return tried.flat();
}

async function shardTargets(source: Source, shard: Shard, server: Server): Promise<ShardAnswer> {
  const path = '/api/v1/targets';
  if (shard.build.product === 'mimir') throw noTargets(shard, 'stores what others scrape and has no targets of its own');
  const [data, pools, runtime] = await Promise.all([
    askPrometheus(source, shard, path, [['state', 'active']]),
    optional(source, shard, '/api/v1/scrape_pools', atLeast(shard.build.version, 2, 42)),
    optional(source, shard, '/api/v1/status/runtimeinfo', true),
  ]);
  const targets = activeTargets(data);
  // Without an object behind it, an empty answer is that of a store that others write to, not of a scraper gone wrong.
  if (targets.length === 0 && (server.object === null || shard.build.product !== 'prometheus'))
    throw noTargets(shard, 'scrapes nothing itself');
  return { targets, pools: pools === null ? null : poolNames(pools), reload: reloadOf(runtime) };
}

function noTargets(shard: Shard, why: string): ReadError {
  const message = `${shard.name} (${buildText(shard.build)}) ${why}: scrape pools, targets and duplicates cannot be judged there, stored series can; name the scraper with --prometheus`;
  return new ReadError('absent', `GET /api/v1/targets of ${shard.name}`, message);
}

/** An answer that sharpens the others and that not every server has. */
async function optional(source: Source, shard: Shard, path: string, served: boolean): Promise<unknown> {
  if (!served || shard.build.product !== 'prometheus') return null;
  try {
    return await askPrometheus(source, shard, path);
  } catch (error) {
    if (error instanceof ReadError) return null;
    throw error;
  }
}

function reloadOf(data: unknown): ServerTargets['reload'] {
  const { reloadConfigSuccess, lastConfigTime } = record(data);
  return typeof reloadConfigSuccess === 'boolean' ? { success: reloadConfigSuccess, at: text(lastConfigTime) } : null;
}

function emitterTarget(target: Target, byAddress: ReadonlyMap<string, Emitter>): readonly EmitterTarget[] {
  if (!URL.canParse(target.url)) return [];
  const { host, port, protocol, pathname } = new URL(target.url);
  const address = port === '' ? `${host}:${protocol === 'https:' ? 443 : 80}` : host;
  const emitter = byAddress.get(address);
  return emitter === undefined ? [] : [{ ...target, emitter, ownPath: pathname === emitter.path }];
}

// A pool of this name cannot exist, so that only the counts come back: prometheus web/api/v1/api.go targets, 2.47 and later.
const nopool = 'tokmeter/no-such-pool';

async function droppedOf(source: Source, shards: readonly Shard[]): Promise<Readonly<Record<string, number>> | null> {
  const able = shards.filter(({ build }) => build.product === 'prometheus' && atLeast(build.version, 2, 47));
  if (able.length === 0) return null;
  const query = [
    ['state', 'dropped'],
    ['scrapePool', nopool],
  ] as const;
  const counts = await collected(able, [], async (shard) => droppedCounts(await askPrometheus(source, shard, '/api/v1/targets', query)));
  const sums: Record<string, number> = {};
  for (const [pool, count] of counts.flatMap((count) => Object.entries(count ?? {}))) sums[pool] = (sums[pool] ?? 0) + count;
  return counts.every((count) => count === null) ? null : sums;
}
