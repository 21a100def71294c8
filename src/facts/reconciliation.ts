import { defineFact, type Fact } from '../model/fact.ts';
import { ReadError, type Source, type Unread, unreadOf } from '../model/source.ts';
import { durationOf } from '../parse/duration.ts';
import { escapeName } from '../parse/metric-names.ts';
import { writeLabel } from '../parse/promql.ts';
import { literalPattern } from '../parse/re2/literal.ts';
import { schemeOf } from '../parse/spellings.ts';
import { addressOf } from './coverage.ts';
import type { Emitter, IdentityLabel, Nouns } from './emitters.ts';
import type { Server, Shard } from './prometheus.ts';
import { askInstant } from './prometheus-api.ts';
import { type ServerSeries, storedSeries } from './stored-series.ts';
import { type EmitterTarget, targets } from './targets.ts';

/** What one Prometheus holds of the emitters' counters now, beside what the emitters themselves say. */
export interface ServerCounts {
  readonly server: Server;
  /** Emitters whose counters are compared: scraped at their own path, and up; of many the first hundred. */
  readonly emitters: readonly string[];
  /** Tokens of the total's types over these emitters. */
  readonly stored: number;
  /** The same by the value of one identity label, the largest first; empty when no label is stored. */
  readonly tenants: { readonly label: IdentityLabel; readonly stored: ReadonlyMap<string, number> } | null;
  /** Tokens that two scrapes may bring: what the two sides may differ by. */
  readonly growth: number;
  readonly unread: readonly Unread[];
}

const made = new WeakMap<Nouns, Fact<readonly ServerCounts[]>>();

/** Counters as stored, summed over the emitters: cumulative on both sides, so that a restart resets both. */
export function reconciliation(nouns: Nouns): Fact<readonly ServerCounts[]> {
  const known = made.get(nouns);
  if (known !== undefined) return known;
  const fact = defineFact({
    id: `reconciliation-of-${nouns.many.replace(/\W+/g, '-')}`,
    title: `stored counters of each ${nouns.one}`,
    needs: { targets: targets(nouns), series: storedSeries(nouns), emitters: nouns.emitters },
    read: async ({ targets, series, emitters }, { source }): Promise<readonly ServerCounts[]> => {
      if (nouns.servers !== undefined)
        return Promise.all(series.map((stored) => brought({ source, nouns, own: [], stored }, emitters.read)));
      const asked = targets.servers.map(({ server, targets: all }) => {
        const own = all.filter(({ ownPath, health }) => ownPath && health === 'up');
        const stored = series.find((candidate) => candidate.server.key === server.key);
        return stored === undefined || own.length === 0 || stored.names.length === 0
          ? []
          : [countsOf({ source, nouns, own: sampled(own), stored })];
      });
      return Promise.all(asked.flat());
    },
  });
  made.set(nouns, fact);
  return fact;
}

// A query names them all, and proxies before Prometheus take 8 kB of a URL.
const mostEmitters = 100;

/** By what the series of an emitter are known. */
type Compared = Pick<EmitterTarget, 'emitter' | 'labels' | 'interval'>;

/** The targets of the first emitters: what is wrong with a hundred is wrong. */
function sampled<T extends Compared>(own: readonly T[]): readonly T[] {
  const keys = new Set([...new Set(own.map(({ emitter }) => emitter.key))].sort().slice(0, mostEmitters));
  return own.filter(({ emitter }) => keys.has(emitter.key));
}

interface Asked {
  readonly source: Source;
  readonly nouns: Nouns;
  readonly own: readonly Compared[];
  readonly stored: ServerSeries;
}

// A table for people: the tenants beyond it are in the total.
const mostTenants = 20;

async function countsOf({ source, nouns, own, stored }: Asked): Promise<ServerCounts> {
  const { server } = stored;
  const unread: Unread[] = [];
  const identity = billed(stored);
  const interval = Math.max(...own.map((target) => durationOf(target.interval) ?? 30));
  // What rises in batches has risen by a whole one since the last scrape.
  const batch = nouns.family.kept?.batch ?? 0;
  const window = Math.max(4 * interval, 60, 5 * batch);
  const late = 2 * interval + batch;
  const sums = { found: false, stored: 0, growth: 0, tenants: new Map<string, number>() };
  await Promise.all(
    server.shards.flatMap((shard) =>
      stored.names.map(async ({ name }) => {
        try {
          const series = selector(nouns, name, own);
          const [total, rate, before, tenants] = await Promise.all([
            numbers(source, shard, `sum(${series})`),
            // What rate() cannot see, series that are new, the plain difference does; what that cannot, restarts, rate() does.
            numbers(source, shard, `sum(rate(${series}[${window}s])) * ${late}`),
            numbers(source, shard, `sum(${series} offset ${late}s)`),
            identity === null ? [] : numbers(source, shard, `topk(${mostTenants}, sum by (${labelFor(name, identity)}) (${series}))`),
          ]);
          sums.found ||= total.length > 0;
          sums.stored += total[0]?.value ?? 0;
          sums.growth += Math.max(rate[0]?.value ?? 0, (total[0]?.value ?? 0) - (before[0]?.value ?? 0), 0);
          for (const { tenant, value } of tenants) sums.tenants.set(tenant, (sums.tenants.get(tenant) ?? 0) + value);
        } catch (error) {
          if (!(error instanceof ReadError)) throw error;
          unread.push(unreadOf(error));
        }
      }),
    ),
  );
  return {
    server,
    // Series without the targets' labels cannot be told to be theirs: then there is nothing to compare.
    emitters: sums.found ? [...new Set(own.map(({ emitter }) => emitter.key))] : [],
    stored: sums.stored,
    tenants: identity === null ? null : { label: identity.identity, stored: sums.tenants },
    growth: sums.growth,
    unread,
  };
}

// How often a collector scrapes is not told by what it wrote: as Prometheus does by default (config/config.go).
const usualInterval = '60s';

/** The counters in a store without targets: those of emitters that have series under their own address there. */
async function brought(asked: Asked, emitters: readonly Emitter[]): Promise<ServerCounts> {
  const { source, nouns, stored } = asked;
  const nothing = { server: stored.server, emitters: [], stored: 0, tenants: null, growth: 0, unread: [] };
  const own = sampled(
    emitters
      .filter(({ pod }) => pod.ip !== null)
      .map((emitter) => ({ emitter, labels: { instance: addressOf(emitter) }, interval: usualInterval })),
  );
  if (own.length === 0 || stored.names.length === 0) return nothing;
  try {
    const counts = await Promise.all(
      stored.server.shards.flatMap((shard) =>
        stored.names.map(({ name }) => numbers(source, shard, `count by (instance) (${selector(nouns, name, own)})`)),
      ),
    );
    const found = new Set(counts.flat().map(({ tenant: instance }) => instance));
    const there = own.filter(({ labels }) => found.has(labels.instance));
    return there.length === 0 ? nothing : await countsOf({ ...asked, own: there });
  } catch (error) {
    if (!(error instanceof ReadError)) throw error;
    return { ...nothing, unread: [unreadOf(error)] };
  }
}

type Billed = ServerSeries['identities'][number];

/** The label that the bill goes by: a namespace or tenant before a user. */
function billed({ identities }: ServerSeries): Billed | null {
  const stored = identities.filter(({ stored }) => stored.length > 0);
  return stored.find(({ identity }) => /namespace|tenant|team|org|department|project/i.test(identity.label)) ?? stored[0] ?? null;
}

/** Labels are escaped as the name of their series is. */
function labelFor(name: string, { stored, identity }: Billed): string {
  const spelled = escapeName(identity.attribute, schemeOf(name));
  return writeLabel(stored.includes(spelled) ? spelled : (stored[0] ?? identity.label));
}

/** Every series of these pod addresses, whoever brought it there: a second scraper writes under another job. */
function selector(nouns: Nouns, name: string, own: readonly Compared[]): string {
  const instances = [...new Set(own.map(({ labels }) => labels.instance ?? ''))].sort();
  const pattern = instances.map(literalPattern).join('|');
  const { total } = nouns.family;
  const type =
    total === null ? '' : `,${writeLabel(escapeName(total.attribute, schemeOf(name)))}=~${JSON.stringify(total.values.join('|'))}`;
  return `{__name__=${JSON.stringify(name)},instance=~${JSON.stringify(pattern)}${type}}`;
}

async function numbers(
  source: Source,
  shard: Shard,
  query: string,
): Promise<readonly { readonly tenant: string; readonly value: number }[]> {
  const samples = await askInstant(source, shard, query);
  return samples.map(({ labels, value }) => ({ tenant: Object.values(labels)[0] ?? '', value }));
}
