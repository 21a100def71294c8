import { defineFact, type Fact } from '../model/fact.ts';
import { ReadError, type Source, type Unread } from '../model/source.ts';
import { grouped } from '../parse/grouped.ts';
import { namesOf, type Sample } from '../parse/promapi.ts';
import { literalPattern } from '../parse/re2/literal.ts';
import { labelSpellings, legalName } from '../parse/spellings.ts';
import type { IdentityLabel, Nouns } from './emitters.ts';
import { prometheusServers, type Server, type Shard } from './prometheus.ts';
import { askInstant, askPrometheus } from './prometheus-api.ts';
import { readOr } from './read-or.ts';
import { type EmitterTarget, type ServerTargets, targets } from './targets.ts';

/** One identity label among the stored token series. */
export interface StoredIdentity {
  readonly identity: IdentityLabel;
  /** Spellings under which series carry it with a value now. */
  readonly stored: readonly string[];
  /** `exported_…` names that carry it instead, because a target label has its name. */
  readonly exported: readonly string[];
}

/** What one Prometheus stores of the token family, all shards together. */
export interface ServerSeries {
  readonly server: Server;
  /** Stored names and how many series each has now. */
  readonly names: readonly { readonly name: string; readonly series: number }[];
  /** Stored within the hour before and not now, as the former spelling after an upgrade. */
  readonly former: readonly { readonly name: string; readonly series: number }[];
  readonly identities: readonly StoredIdentity[];
  /** Seconds since the newest sample by the server's own clock; null when nothing is stored, or it cannot be told. */
  readonly age: number | null;
  /** When nothing is stored now: seconds since the last sample within the hour before. */
  readonly lastAge: number | null;
  /** Sum of everything over the sum with each emitter counted once, among emitters with several targets; null when there are none. */
  readonly overcount: number | null;
  /** Shards or questions that were not answered. */
  readonly unread: readonly Unread[];
}

const made = new WeakMap<Nouns, Fact<readonly ServerSeries[]>>();

/** The stored token series of one pipeline in every Prometheus, by a few instant queries whose answers do not grow with the tenants. */
export function storedSeries(nouns: Nouns): Fact<readonly ServerSeries[]> {
  const known = made.get(nouns);
  if (known !== undefined) return known;
  const fact = defineFact({
    id: `stored-series-of-${nouns.many.replace(/\W+/g, '-')}`,
    title: `stored series of each ${nouns.one}`,
    needs: { servers: prometheusServers(nouns) },
    wants: { targets: targets(nouns), identity: nouns.identity },
    async read({ servers, targets, identity }, { source }): Promise<readonly ServerSeries[]> {
      const labels = identity.status === 'read' ? identity.value : [];
      return Promise.all(
        servers.servers.map((server) => {
          const own = targets.status === 'read' ? targets.value.servers.find((it) => it.server.key === server.key) : undefined;
          return seriesOf(source, server, nouns.family.sumPattern, labels, own);
        }),
      );
    },
  });
  made.set(nouns, fact);
  return fact;
}

interface Question {
  readonly source: Source;
  readonly shard: Shard;
  readonly pattern: string;
}

async function seriesOf(
  source: Source,
  server: Server,
  pattern: string,
  labels: readonly IdentityLabel[],
  own: ServerTargets | undefined,
): Promise<ServerSeries> {
  const unread: Unread[] = [...server.unread];
  if (server.object?.agent === true) return { ...nothing(server), unread: [...unread, agentOnly(server)] };
  const answers = await Promise.all(server.shards.map((shard) => shardSeries({ source, shard, pattern }, labels, own, unread)));
  const read = answers.filter((answer) => answer !== null);
  const counts = grouped(
    read.flatMap(({ names }) => names),
    ({ name }) => name,
  );
  return {
    server,
    names: summed(counts),
    former: summed(
      grouped(
        read.flatMap(({ former }) => former).filter(({ name }) => !counts.has(name)),
        ({ name }) => name,
      ),
    ),
    identities: labels.map((identity) => united(identity, read)),
    age: least(read.map(({ age }) => age)),
    lastAge: least(read.map(({ lastAge }) => lastAge)),
    overcount: read
      .map(({ overcount }) => overcount)
      .reduce((most, factor) => (factor !== null && (most === null || factor > most) ? factor : most), null),
    unread,
  };
}

type Counted = ServerSeries['names'][number];

function summed(counts: ReadonlyMap<string, readonly Counted[]>): readonly Counted[] {
  return [...counts].map(([name, parts]) => ({ name, series: parts.reduce((sum, { series }) => sum + series, 0) }));
}

function nothing(server: Server): ServerSeries {
  return { server, names: [], former: [], identities: [], age: null, lastAge: null, overcount: null, unread: [] };
}

/** Agents forward and keep nothing: prometheus web/api/v1/api.go wrapAgent. */
function agentOnly({ subject }: Server): Unread {
  const message = `${subject} is an agent: it forwards series and answers no queries; name the store with --prometheus`;
  return { what: `query ${subject}`, reason: 'absent', message, needs: '--prometheus' };
}

function least(ages: readonly (number | null)[]): number | null {
  const known = ages.filter((age) => age !== null);
  return known.length === 0 ? null : Math.min(...known);
}

function united(identity: IdentityLabel, answers: readonly ShardSeries[]): StoredIdentity {
  const same = answers.flatMap(({ identities }) => identities).filter((it) => it.identity.label === identity.label);
  const all = (part: 'stored' | 'exported'): readonly string[] => [...new Set(same.flatMap((it) => it[part]))];
  return { identity, stored: all('stored'), exported: all('exported') };
}

type ShardSeries = Omit<ServerSeries, 'server' | 'unread'>;

async function shardSeries(
  question: Question,
  labels: readonly IdentityLabel[],
  own: ServerTargets | undefined,
  unread: Unread[],
): Promise<ShardSeries | null> {
  const all = `{__name__=~${quoted(question.pattern)}}`;
  const read = async (): Promise<ShardSeries> => {
    const names = await countsOf(question, all);
    if (names.length === 0)
      return { names, former: [], identities: [], age: null, lastAge: await lastSeen(question, all), overcount: null };
    const [recent, identities, age, overcount] = await Promise.all([
      countsOf(question, `last_over_time(${all}[1h])`),
      identitiesOf(question, all, labels),
      ageOf(
        question,
        names.map(({ name }) => name),
      ),
      overcountOf(question, own?.targets ?? []),
    ]);
    const former = recent.filter(({ name }) => !names.some((now) => now.name === name));
    return { names, former, identities, age, lastAge: null, overcount };
  };
  return readOr(read, null, unread);
}

async function countsOf(question: Question, series: string): Promise<readonly Counted[]> {
  const counted = await instant(question, `count by (__name__) (${series})`);
  return counted.map(({ labels: { __name__ = '' }, value }) => ({ name: __name__, series: value })).sort(byName);
}

function byName(a: { readonly name: string }, b: { readonly name: string }): number {
  return a.name < b.name ? -1 : 1;
}

/** A PromQL string. */
function quoted(text: string): string {
  return JSON.stringify(text);
}

function instant({ source, shard }: Question, query: string): Promise<readonly Sample[]> {
  return askInstant(source, shard, query);
}

/** Which names exist comes from /labels; whether a series carries one with a value now, which /labels cannot tell from the past, from a query each. */
async function identitiesOf(question: Question, all: string, labels: readonly IdentityLabel[]): Promise<readonly StoredIdentity[]> {
  if (labels.length === 0) return [];
  const present = new Set(namesOf(await askPrometheus(question.source, question.shard, '/api/v1/labels', [['match[]', all]])));
  return Promise.all(
    labels.map(async (identity) => {
      const spellings = [...new Set([identity.label, ...labelSpellings(identity.attribute)])];
      const exported = spellings.map((name) => `exported_${name}`);
      return { identity, stored: await carried(question, spellings, present), exported: await carried(question, exported, present) };
    }),
  );
}

async function carried(question: Question, names: readonly string[], present: ReadonlySet<string>): Promise<readonly string[]> {
  const tried = await Promise.all(
    names
      .filter((name) => present.has(name))
      .map(async (name) => {
        const label = legalName.test(name) ? name : quoted(name);
        const found = await instant(question, `count({__name__=~${quoted(question.pattern)},${label}!=""})`);
        return found.length > 0 ? [name] : [];
      }),
  );
  return tried.flat();
}

/** By the server's own clock, one name at a time: timestamp() drops the name, and 2.x then refuses series that differ in nothing else. */
async function ageOf(question: Question, names: readonly string[]): Promise<number | null> {
  const ages = await Promise.all(names.map((name) => softly(question, `time() - max(timestamp({__name__=${quoted(name)}}))`)));
  return least(ages);
}

async function lastSeen(question: Question, all: string): Promise<number | null> {
  return softly(question, `time() - max(max_over_time(timestamp(${all})[1h:1m]))`);
}

/** One number, or null where the server refuses the expression or has none. */
async function softly(question: Question, query: string): Promise<number | null> {
  try {
    const value = (await instant(question, query))[0]?.value ?? null;
    return value === null || !Number.isFinite(value) ? null : value;
  } catch (error) {
    if (error instanceof ReadError) return null;
    throw error;
  }
}

/** Everything over everything once: 2 when each series has a copy, 1 when the copies are not stored. What makes the copies of one emitter differ are the target labels that differ between its targets. */
async function overcountOf(question: Question, targets: readonly EmitterTarget[]): Promise<number | null> {
  const shared = doubled(targets);
  if (shared.length === 0) return null;
  const differing = new Set(shared.flatMap((copies) => differences(copies)));
  // Without an instance that is the same for all copies of an emitter, emitters could not be kept apart.
  if (differing.has('instance') || differing.size === 0 || [...differing].some((name) => !legalName.test(name))) return null;
  const instances = shared.map((copies) => literalPattern(copies[0]?.labels.instance ?? ''));
  const series = `{__name__=~${quoted(question.pattern)},instance=~${quoted(instances.join('|'))}}`;
  // The mean of the copies rather than the greatest: they were not read at the same moment.
  return softly(question, `sum(${series}) / sum(avg without (${[...differing].sort().join(', ')}) (${series}))`);
}

/** The targets of each emitter that has several at its own path. */
export function doubled(targets: readonly EmitterTarget[]): readonly (readonly EmitterTarget[])[] {
  const byEmitter = grouped(
    targets.filter(({ ownPath }) => ownPath),
    ({ emitter }) => emitter.key,
  );
  return [...byEmitter.values()].filter((copies) => copies.length > 1);
}

/** Names of the labels that are not the same on all of these targets. */
export function differences(copies: readonly EmitterTarget[]): readonly string[] {
  const names = new Set(copies.flatMap(({ labels }) => Object.keys(labels)));
  return [...names].filter((name) => new Set(copies.map(({ labels }) => labels[name] ?? '')).size > 1);
}
