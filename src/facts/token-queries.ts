import { defineFact, type Fact } from '../model/fact.ts';
import { ReadError, type Source, type Unread, unreadOf } from '../model/source.ts';
import { type Substituted, substituteVariables } from '../parse/dashboard-variables.ts';
import type { PlacedQuery } from '../parse/dashboards.ts';
import { takesWhole } from '../parse/matcher.ts';
import { namesOf } from '../parse/promapi.ts';
import { type QueryShape, queryShape, type VectorSelector } from '../parse/promql.ts';
import { anchored } from '../parse/re2/match.ts';
import type { Nouns } from './emitters.ts';
import type { Server, Shard } from './prometheus.ts';
import { askInstant, askPrometheus } from './prometheus-api.ts';
import { type QueryHolder, queryHolders } from './query-holders.ts';
import { readOr } from './read-or.ts';
import { type ServerSeries, storedSeries } from './stored-series.ts';
import { type TokenSelector, tried } from './token-selectors.ts';

/** A query of a dashboard or rule that is about tokens, held against what one Prometheus stores. */
export interface TokenQuery {
  readonly holder: QueryHolder;
  readonly query: PlacedQuery;
  readonly substituted: Substituted;
  readonly shape: QueryShape;
  /** Its selectors of the token family. */
  readonly selectors: readonly TokenSelector[];
}

export interface TokenQueries {
  /** The server that was asked; null when none stores token series. */
  readonly server: Server | null;
  /** Major version 2 refuses quoted names. */
  readonly legacy: boolean;
  readonly queries: readonly TokenQuery[];
  /** Dashboards and rules that were looked at. */
  readonly holders: number;
  readonly unread: readonly Unread[];
}

const made = new WeakMap<Nouns, Fact<TokenQueries>>();
// Each takes a handful of requests; a cluster with more token queries than this says so.
const most = 200;

/** Every dashboard or rule query about tokens, with what it finds on the live Prometheus. */
export function tokenQueries(nouns: Nouns): Fact<TokenQueries> {
  const known = made.get(nouns);
  if (known !== undefined) return known;
  const fact = defineFact({
    id: `queries-of-${nouns.many.replace(/\W+/g, '-')}`,
    title: `queries about each ${nouns.one}`,
    needs: { holders: queryHolders, series: storedSeries(nouns) },
    async read({ holders, series }, { source }): Promise<TokenQueries> {
      const unread = [...holders.unread];
      const stored = series.find(({ names }) => names.length > 0);
      const shard = stored?.server.shards[0];
      const found = holders.holders.flatMap((holder) => holder.queries.flatMap((query) => aboutTokens(holder, query, nouns)));
      if (found.length > most) unread.push(tooMany(found.length));
      if (stored === undefined || shard === undefined)
        return { server: null, legacy: false, queries: [], holders: holders.holders.length, unread };
      const asker = askerOf({ source, shard, stored, nouns });
      const asked = await Promise.all(found.slice(0, most).map((query) => asker(query, unread)));
      return {
        server: stored.server,
        legacy: /^v?2\./.test(shard.build.version ?? ''),
        queries: asked.flat(),
        holders: holders.holders.length,
        unread,
      };
    },
  });
  made.set(nouns, fact);
  return fact;
}

function tooMany(count: number): Unread {
  return unreadOf(new ReadError('malformed', 'queries about tokens', `only ${most} of ${count} queries about tokens were tried`));
}

type Untried = Omit<TokenQuery, 'selectors'> & { readonly about: readonly VectorSelector[] };

function aboutTokens(holder: QueryHolder, query: PlacedQuery, nouns: Nouns): readonly Untried[] {
  // Most queries of a cluster are about something else: a cheap look before the parser's.
  if (!mentions(query.expr, nouns)) return [];
  const substituted = query.variables
    ? substituteVariables(query.expr)
    : { query: query.expr, isVariable: () => false, original: (edits: Parameters<Substituted['original']>[0]) => edits };
  const shape = queryShape(substituted.query);
  const about = shape.selectors.filter((selector) => selectsFamily(selector, nouns));
  return about.length === 0 ? [] : [{ holder, query, substituted, shape, about }];
}

const plain = (name: string): string => name.replace(/[^a-zA-Z]/g, '').toLowerCase();

function mentions(expr: string, nouns: Nouns): boolean {
  const bare = plain(expr);
  return bare.includes(plain(nouns.family.name)) || /gen_?_?ai|authorized_|gpt_load/.test(expr);
}

function selectsFamily(selector: VectorSelector, nouns: Nouns): boolean {
  const family = anchored(nouns.family.sumPattern);
  if (selector.name !== null) return family.fullMatch(selector.name) !== null;
  const pattern = selector.matchers.find(({ label, op }) => label === '__name__' && op === '=~')?.value;
  return pattern !== undefined && nouns.family.spellings.some((spelling) => takesWhole(pattern, spelling));
}

interface Asked {
  readonly source: Source;
  readonly shard: Shard;
  readonly stored: ServerSeries;
  readonly nouns: Nouns;
}

/** Asks each distinct question once: dashboards repeat their selectors. */
function askerOf(asked: Asked): (query: Untried, unread: Unread[]) => Promise<readonly TokenQuery[]> {
  const answers = new Map<string, Promise<number>>();
  const count = (expr: string): Promise<number> => remembered(answers, expr, () => number(asked, expr));
  const labels = new Map<string, Promise<readonly string[]>>();
  const labelsOf = (name: string): Promise<readonly string[]> => remembered(labels, name, () => storedLabels(asked, name));
  return async ({ about, ...query }, unread) => {
    const selectorsOf = () => Promise.all(about.map((selector) => tried({ ...asked, count, labelsOf }, selector, query.substituted)));
    return readOr(async () => [{ ...query, selectors: await selectorsOf() }], [], unread);
  };
}

function remembered<T>(known: Map<string, Promise<T>>, key: string, ask: () => Promise<T>): Promise<T> {
  const before = known.get(key);
  if (before !== undefined) return before;
  const answer = ask();
  known.set(key, answer);
  return answer;
}

async function number({ source, shard }: Asked, query: string): Promise<number> {
  const samples = await askInstant(source, shard, query);
  return samples[0]?.value ?? 0;
}

async function storedLabels({ source, shard }: Asked, name: string): Promise<readonly string[]> {
  return namesOf(await askPrometheus(source, shard, '/api/v1/labels', [['match[]', `{__name__=${JSON.stringify(name)}}`]]));
}
