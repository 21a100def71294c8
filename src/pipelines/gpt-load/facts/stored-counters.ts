import { addressOf } from '../../../facts/coverage.ts';
import { prometheusServers, type Server, type Shard } from '../../../facts/prometheus.ts';
import { askInstant } from '../../../facts/prometheus-api.ts';
import { readOr } from '../../../facts/read-or.ts';
import { storedSeries } from '../../../facts/stored-series.ts';
import { targets } from '../../../facts/targets.ts';
import { defineFact } from '../../../model/fact.ts';
import type { Source, Unread } from '../../../model/source.ts';
import type { Sample } from '../../../parse/promapi.ts';
import { literalPattern } from '../../../parse/re2/literal.ts';
import { tokenFamily } from '../names.ts';
import { nouns } from '../nouns.ts';
import { emitterOf } from './emitters.ts';
import { type Instance, instances } from './instances.ts';
import { sharing } from './sharing.ts';

/** A request log whose counters are stored once for each of its pods. */
export interface Multiplied {
  readonly instances: readonly Instance[];
  /** How many of its pods are stored. */
  readonly copies: number;
  /** Everything summed over everything once. */
  readonly factor: number;
}

/** What one Prometheus says of stored counters beyond their being there. */
export interface StoredCounters {
  readonly server: Server;
  /** How often counters fell within 8 days, by the pods that show them; null: by pods that are gone. */
  readonly falls: readonly { readonly instance: Instance | null; readonly count: number }[];
  readonly multiplied: readonly Multiplied[];
  /** Seconds that a scrape took of late, by pod. */
  readonly durations: readonly { readonly instance: Instance; readonly seconds: number }[];
  readonly unread: readonly Unread[];
}

/** Counters as Prometheus stores them: by a few queries a server, whose answers do not grow with the tenants. */
export const storedCounters = defineFact({
  id: 'gpt-load-stored-counters',
  title: 'stored counters of gpt-load',
  needs: { servers: prometheusServers(nouns), series: storedSeries(nouns), instances },
  wants: { targets: targets(nouns) },
  async read({ servers, series, instances, targets }, { source }): Promise<readonly StoredCounters[]> {
    const all = targets.status === 'read' ? targets.value.servers.flatMap((server) => server.targets) : [];
    const known = instances.read.map((instance) => {
      const own = all.filter(({ emitter }) => emitter.key === instance.key).map(({ labels }) => labels.instance ?? '');
      return {
        instance,
        names: [...new Set([addressOf(emitterOf(instance)), ...own])].filter((name) => name !== '' && !name.startsWith(':')),
      };
    });
    const stores = servers.servers.filter((server) => series.some((it) => it.server.key === server.key && it.names.length > 0));
    return Promise.all(stores.map((server) => countersOf(source, server, known)));
  },
});

interface Known {
  readonly instance: Instance;
  /** Values of the label instance under which its series are stored. */
  readonly names: readonly string[];
}

async function countersOf(source: Source, server: Server, known: readonly Known[]): Promise<StoredCounters> {
  const unread: Unread[] = [];
  const asked = async <T>(read: (ask: Ask) => Promise<readonly T[]>): Promise<readonly T[]> => {
    const parts = await Promise.all(server.shards.map((shard) => readOr(() => read(asker(source, shard)), [], unread)));
    return parts.flat();
  };
  const groups = sharing(known.map(({ instance }) => instance)).filter((group) => group.length > 1);
  const [falls, multiplied, durations] = await Promise.all([
    asked((ask) => fallsOf(ask, known)),
    asked(async (ask) => (await Promise.all(groups.map((group) => multipliedOf(ask, group, known)))).flat()),
    asked((ask) => durationsOf(ask, known)),
  ]);
  return { server, falls, multiplied, durations, unread: [...server.unread, ...unread] };
}

type Ask = (query: string) => Promise<readonly Sample[]>;

const asker =
  (source: Source, shard: Shard): Ask =>
  (query) =>
    askInstant(source, shard, query);

/** A day more than the log is kept by default: internal/types/types.go, request_log_retention_days. */
async function fallsOf(ask: Ask, known: readonly Known[]): Promise<StoredCounters['falls']> {
  const fallen = await ask(`sum by (instance) (resets(${tokenFamily}[8d])) > 0`);
  const counts = new Map<Instance | null, number>();
  for (const { labels, value } of fallen) {
    const owner = known.find(({ names }) => names.includes(labels.instance ?? ''))?.instance ?? null;
    counts.set(owner, (counts.get(owner) ?? 0) + value);
  }
  return [...counts].map(([instance, count]) => ({ instance, count }));
}

/** Pods of one log have equal counters of equal labels; those of logs of their own do not. */
async function multipliedOf(ask: Ask, group: readonly Instance[], known: readonly Known[]): Promise<readonly Multiplied[]> {
  const names = known.filter(({ instance }) => group.includes(instance)).flatMap((each) => each.names);
  const series = `${tokenFamily}{type=~"prompt|completion",instance=~${JSON.stringify(names.map(literalPattern).join('|'))}}`;
  const by = 'by (group, model, type)';
  const [copies, twice, equal, factor] = await Promise.all([
    number(ask, `count(count by (instance) (${series}))`),
    number(ask, `count(count ${by} (${series}) > 1)`),
    number(ask, `count((max ${by} (${series}) == min ${by} (${series})) and (count ${by} (${series}) > 1))`),
    number(ask, `sum(${series}) / sum(max ${by} (${series}))`),
  ]);
  // Two scrapes of one log a moment apart differ in what was counted between them.
  return copies > 1 && twice > 0 && equal / twice >= 0.5 ? [{ instances: group, copies, factor }] : [];
}

async function durationsOf(ask: Ask, known: readonly Known[]): Promise<StoredCounters['durations']> {
  const names = known.flatMap((each) => each.names);
  if (names.length === 0) return [];
  const series = `scrape_duration_seconds{instance=~${JSON.stringify(names.map(literalPattern).join('|'))}}`;
  const took = await ask(`max by (instance) (avg_over_time(${series}[15m]))`);
  return took.flatMap(({ labels, value }) => {
    const owner = known.find((each) => each.names.includes(labels.instance ?? ''));
    return owner === undefined ? [] : [{ instance: owner.instance, seconds: value }];
  });
}

async function number(ask: Ask, query: string): Promise<number> {
  const value = (await ask(query))[0]?.value ?? 0;
  return Number.isFinite(value) ? value : 0;
}
