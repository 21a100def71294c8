import { defineFact, type Fact } from '../model/fact.ts';
import { ReadError, type Source, type Unread, unreadOf } from '../model/source.ts';
import { record, text } from '../parse/fields.ts';
import type { Dialect } from '../parse/re2/match.ts';
import { ConfigError, effectiveConfig, type RemoteWrite, type ScrapeJob } from '../parse/scrape-config.ts';
import type { Nouns } from './emitters.ts';
import type { Server, Shard } from './prometheus.ts';
import { askPrometheus } from './prometheus-api.ts';
import { type ServerTargets, targets } from './targets.ts';

/** The rules that one Prometheus runs over the series of the emitters. */
export interface ServerRules {
  readonly server: Server;
  /** One for each scrape pool that has a target at an emitter. */
  readonly jobs: readonly ScrapeJob[];
  readonly remoteWrites: readonly RemoteWrite[];
  readonly dialect: Dialect;
  readonly unread: readonly Unread[];
}

const made = new WeakMap<Nouns, Fact<readonly ServerRules[]>>();

/** The scrape jobs behind the emitters' targets, from the configuration that each Prometheus reports. */
export function scrapeRules(nouns: Nouns): Fact<readonly ServerRules[]> {
  const known = made.get(nouns);
  if (known !== undefined) return known;
  const fact = defineFact({
    id: `scrape-rules-of-${nouns.many.replace(/\W+/g, '-')}`,
    title: `scrape configuration of each ${nouns.one}`,
    needs: { targets: targets(nouns) },
    read: async ({ targets }, { source }): Promise<readonly ServerRules[]> =>
      Promise.all(targets.servers.map((server) => rulesOf(source, server))),
  });
  made.set(nouns, fact);
  return fact;
}

async function rulesOf(source: Source, { server, targets, unread }: ServerTargets): Promise<ServerRules> {
  const pools = new Set(targets.filter(({ ownPath }) => ownPath).map(({ pool }) => pool));
  const [shard] = server.shards;
  const dialect: Dialect = /^v?2\./.test(shard?.build.version ?? '') ? 2 : 3;
  const none = { server, jobs: [], remoteWrites: [], dialect };
  if (shard === undefined) return { ...none, unread };
  // What has no targets is told by the targets' own checks.
  if (pools.size === 0) return { ...none, unread: [] };
  try {
    const config = effectiveConfig(await configText(source, shard), (job) => pools.has(job), dialect);
    return { ...none, jobs: config.jobs, remoteWrites: config.remoteWrites, unread: [] };
  } catch (error) {
    if (error instanceof ReadError) return { ...none, unread: [unreadOf(error)] };
    if (error instanceof ConfigError)
      return { ...none, unread: [unreadOf(new ReadError('malformed', `GET /api/v1/status/config of ${shard.name}`, error.message))] };
    throw error;
  }
}

/** All shards of one server run one configuration but for their number. */
async function configText(source: Source, shard: Shard): Promise<string> {
  const path = '/api/v1/status/config';
  const yaml = text(record(await askPrometheus(source, shard, path)).yaml);
  if (yaml === null)
    throw new ReadError('malformed', `GET ${path} of ${shard.name}`, `${path} of ${shard.name} answered without a configuration`);
  return yaml;
}
