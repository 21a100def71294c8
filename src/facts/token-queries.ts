import { defineFact, type Fact } from '../model/fact.ts';
import { ReadError, type Source, type Unread, unreadOf } from '../model/source.ts';
import { holdsVariable, type Substituted, substituteVariables } from '../parse/dashboard-variables.ts';
import type { PlacedQuery } from '../parse/dashboards.ts';
import { normaliseLabel } from '../parse/metric-names.ts';
import { namesOf, samplesOf } from '../parse/promapi.ts';
import { type LabelMatch, type QueryShape, queryShape, type VectorSelector, writeLabel } from '../parse/promql.ts';
import { anchored } from '../parse/re2/match.ts';
import { PatternError } from '../parse/re2/state.ts';
import type { Nouns } from './emitters.ts';
import type { Server, Shard } from './prometheus.ts';
import { askPrometheus } from './prometheus-api.ts';
import { type QueryHolder, queryHolders } from './query-holders.ts';
import { type ServerSeries, storedSeries } from './stored-series.ts';

/** A query of a dashboard or rule that is about tokens, held against what one Prometheus stores. */
export interface TokenQuery {
  readonly holder: QueryHolder;
  readonly query: PlacedQuery;
  readonly substituted: Substituted;
  readonly shape: QueryShape;
  /** Its selectors of the token family. */
  readonly selectors: readonly TokenSelector[];
}

/** One selector of the token family, asked of the live server with variables standing for everything. */
export interface TokenSelector {
  readonly selector: VectorSelector;
  /** Series it finds now. */
  readonly found: number;
  /** The matcher without which it finds something; null when it finds something, or the name itself is not stored. */
  readonly emptiedBy: LabelMatch | null;
  /** Labels that it is grouped by and that no found series carries, with the label that they carry instead. */
  readonly missing: readonly { readonly label: string; readonly stored: string | null }[];
  /** Everything it sums over only what makes up the total; null when it sums no overlapping types. */
  readonly overlap: number | null;
  /** The same selector in the spelling that is stored, and how many series that finds. */
  readonly corrected: { readonly name: string; readonly text: string; readonly found: number; relabel(label: string): string } | null;
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
  return pattern !== undefined && nouns.family.spellings.some((spelling) => matches(pattern, spelling));
}

function matches(pattern: string, text: string): boolean {
  try {
    return anchored(pattern).fullMatch(text) !== null;
  } catch (error) {
    if (error instanceof PatternError) return false;
    throw error;
  }
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
    try {
      const selectors = await Promise.all(about.map((selector) => tried({ ...asked, count, labelsOf }, selector, query.substituted)));
      return [{ ...query, selectors }];
    } catch (error) {
      if (!(error instanceof ReadError)) throw error;
      unread.push(unreadOf(error));
      return [];
    }
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
  const samples = samplesOf(await askPrometheus(source, shard, '/api/v1/query', [['query', query]]), `GET /api/v1/query of ${shard.name}`);
  return samples[0]?.value ?? 0;
}

async function storedLabels({ source, shard }: Asked, name: string): Promise<readonly string[]> {
  return namesOf(await askPrometheus(source, shard, '/api/v1/labels', [['match[]', `{__name__=${JSON.stringify(name)}}`]]));
}

interface Tools extends Asked {
  count(expr: string): Promise<number>;
  labelsOf(name: string): Promise<readonly string[]>;
}

async function tried(tools: Tools, selector: VectorSelector, substituted: Substituted): Promise<TokenSelector> {
  const { stored } = tools;
  const open = selector.matchers.filter(({ label }) => label !== '__name__');
  const names = stored.names.map(({ name }) => name);
  const name =
    selector.name ??
    names.find((candidate) => matches(selector.matchers.find(({ label }) => label === '__name__')?.value ?? '', candidate)) ??
    null;
  const isStored = name !== null && names.includes(name);
  const found = isStored ? await tools.count(`count(${written(name, open)})`) : 0;
  const emptiedBy = isStored && found === 0 ? await emptier(tools, name, open) : null;
  const corrected = isStored && found > 0 ? null : await respelled(tools, open);
  const base = { selector, found, emptiedBy, corrected };
  if (!isStored || found === 0) return { ...base, missing: [], overlap: null };
  return {
    ...base,
    missing: await absentGroups(tools, name, { series: written(name, open), selector, substituted }),
    overlap: await overlapOf(tools, name, open, selector),
  };
}

/** A selector as every Prometheus parses it, but for quoted labels; a matcher whose value holds a variable is left out, because the variable may stand for everything. */
function written(name: string, matchers: readonly Pick<LabelMatch, 'label' | 'op' | 'value'>[]): string {
  const kept = matchers
    .filter(({ value }) => !holdsVariable(value))
    .map(({ label, op, value }) => `${writeLabel(label)}${op}${JSON.stringify(value)}`);
  return `{${[`__name__=${JSON.stringify(name)}`, ...kept].join(',')}}`;
}

async function emptier(tools: Tools, name: string, matchers: readonly LabelMatch[]): Promise<LabelMatch | null> {
  for (const matcher of matchers.filter(({ value }) => !holdsVariable(value))) {
    if (
      (await tools.count(
        `count(${written(
          name,
          matchers.filter((other) => other !== matcher),
        )})`,
      )) > 0
    )
      return matcher;
  }
  return null;
}

async function respelled(tools: Tools, matchers: readonly LabelMatch[]): Promise<TokenSelector['corrected']> {
  const [most] = [...tools.stored.names].sort((a, b) => b.series - a.series);
  if (most === undefined) return null;
  const present = await tools.labelsOf(most.name);
  const relabel = (label: string): string =>
    present.includes(label) ? label : (present.find((candidate) => normaliseLabel(candidate) === normaliseLabel(label)) ?? label);
  const spelled = matchers.map(({ label, op, value }) => ({ label: relabel(label), op, value }));
  const kept = spelled.map(({ label, op, value }) => `${writeLabel(label)}${op}${JSON.stringify(value)}`);
  const plainName = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/.test(most.name);
  const list = [...(plainName ? [] : [`__name__=${JSON.stringify(most.name)}`]), ...kept];
  const text = `${plainName ? most.name : ''}${list.length > 0 ? `{${list.join(',')}}` : ''}`;
  return { name: most.name, text, found: await tools.count(`count(${written(most.name, spelled)})`), relabel };
}

/** Labels of the aggregations around the selector that its series lack. A label that the query makes itself is none. */
async function absentGroups(
  tools: Tools,
  name: string,
  { series, selector, substituted }: { readonly series: string; readonly selector: VectorSelector; readonly substituted: Substituted },
): Promise<TokenSelector['missing']> {
  const makes = selector.within.some(
    (outer) => outer.kind === 'function' && (outer.name === 'label_replace' || outer.name === 'label_join'),
  );
  if (makes) return [];
  const grouped = selector.within.flatMap((outer) =>
    outer.kind === 'aggregate' && outer.grouping?.mode === 'by' ? outer.grouping.labels.map((label) => label.name) : [],
  );
  const asked = [...new Set(grouped)].filter((label) => !substituted.isVariable(label) && label !== 'le' && label !== '__name__');
  const counts = await Promise.all(asked.map(async (label) => ({ label, count: await labelled(tools, series, label) })));
  const present = await tools.labelsOf(name);
  return counts.filter(({ count }) => count === 0).map(({ label }) => ({ label, stored: likeLabel(label, present) }));
}

/** The stored spelling of a label, or the name it had to take: `exported_…`. */
function likeLabel(label: string, present: readonly string[]): string | null {
  const alike = (candidate: string): boolean => candidate !== label && normaliseLabel(candidate) === normaliseLabel(label);
  return present.find(alike) ?? present.find((candidate) => candidate === `exported_${label}`) ?? null;
}

async function labelled(tools: Tools, series: string, label: string): Promise<number> {
  // 2.x has no series with such a name, and refuses the question.
  if (!/^[a-zA-Z_]\w*$/.test(label) && /^v?2\./.test(tools.shard.build.version ?? '')) return 0;
  return tools.count(`count(${series.slice(0, -1)},${writeLabel(label)}!=""})`);
}

async function overlapOf(tools: Tools, name: string, matchers: readonly LabelMatch[], selector: VectorSelector): Promise<number | null> {
  const { total } = tools.nouns.family;
  const sums = selector.within.some((outer) => outer.kind === 'aggregate' && (outer.op === 'sum' || outer.op === 'avg'));
  if (total === null || !sums || separates(selector, matchers, total)) return null;
  const type = (await tools.labelsOf(name)).find((label) => normaliseLabel(label) === total.label);
  if (type === undefined) return null;
  const wanted = { label: type, op: '=~' as const, value: total.values.join('|') };
  const [all, right] = await Promise.all([
    tools.count(`sum(${written(name, matchers)})`),
    tools.count(`sum(${written(name, [...matchers, wanted])})`),
  ]);
  return right > 0 ? all / right : null;
}

/** Whether the query keeps the types apart, or takes only ones that do not overlap. */
function separates(selector: VectorSelector, matchers: readonly LabelMatch[], total: NonNullable<Nouns['family']['total']>): boolean {
  const grouped = selector.within.some(
    (outer) =>
      outer.kind === 'aggregate' &&
      outer.grouping?.mode === 'by' &&
      outer.grouping.labels.some(({ name }) => normaliseLabel(name) === total.label),
  );
  const own = matchers.filter(({ label }) => normaliseLabel(label) === total.label);
  if (grouped || own.some(({ value }) => holdsVariable(value))) return true;
  const taken = ['input', 'output', 'total', 'cached_input', 'cache_creation_input', 'reasoning'].filter((type) =>
    own.every((matcher) => takes(matcher, type)),
  );
  return taken.length <= 1 || taken.every((type) => total.values.includes(type));
}

function takes({ op, value }: LabelMatch, type: string): boolean {
  const hit = op === '=' || op === '!=' ? value === type : matches(value, type);
  return op === '=' || op === '=~' ? hit : !hit;
}
