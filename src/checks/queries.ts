import type { Nouns } from '../facts/emitters.ts';
import { secretNames } from '../facts/secret-names.ts';
import { type TokenQueries, type TokenQuery, tokenQueries } from '../facts/token-queries.ts';
import type { TokenSelector } from '../facts/token-selectors.ts';
import { type CheckDefinition, defineCheck, type Finding, type Verdict, verdict } from '../model/check.ts';
import { escapeName } from '../parse/metric-names.ts';
import { type Edit, queryShape, writeLabel } from '../parse/promql.ts';
import { schemeOf } from '../parse/spellings.ts';
import { corrected, distinctEdits, queryFinding, respell } from './query-finding.ts';
import { secretDashboards } from './secret-dashboards.ts';
import { enumerated, times } from './wording.ts';

/** Ids of the checks over dashboards and rules, and of the earlier ones that explain them. */
export interface QueryIds {
  readonly tooNew: string;
  readonly empty: string;
  readonly collapsed: string;
  readonly overcounted: string;
  /** Failures after which nothing is stored to query. */
  readonly silent: readonly string[];
  /** Failures after which identity labels are not stored under their names. */
  readonly identity: readonly string[];
}

// Counters that were read a moment apart differ by less.
const noise = 1.01;

/** The four checks over every dashboard and rule that is about tokens. */
export function queryChecks(nouns: Nouns, ids: QueryIds) {
  const over = (definition: Prose, judge: (query: TokenQuery, known: TokenQueries) => readonly Finding[]) =>
    defineCheck({
      ...definition,
      hop: 'present',
      severity: 'error',
      needs: { queries: tokenQueries(nouns) },
      wants: { secrets: secretNames },
      judge: ({ queries, secrets }) => judged(queries, secretDashboards(secrets), (query) => judge(query, queries)),
    });
  return [
    over({ ...prose.empty, id: ids.empty, follows: [...ids.silent] }, (query, { legacy }) =>
      legacy && query.shape.quotedNames ? [] : emptyFindings(query),
    ),
    over({ ...prose.collapsed, id: ids.collapsed, follows: [...ids.identity] }, collapsedFindings),
    over({ ...prose.overcounted, id: ids.overcounted, follows: [] }, (query) => overcountedFindings(query, nouns)),
    over({ ...prose.tooNew, id: ids.tooNew, follows: [] }, (query, { legacy }) => tooNewFindings(query, legacy)),
  ];
}

type Prose = Pick<CheckDefinition<Record<never, never>, Record<never, never>>, 'id' | 'title' | 'why' | 'fix'> & {
  readonly follows: readonly string[];
};

const prose = {
  empty: {
    title: 'every query about tokens finds series here',
    why: 'A query for a name that nothing stores is no error: the panel shows nothing, the alert never fires, the bill is zero.',
    fix: 'Write the query with the name that this Prometheus stores; tokmeter get series prints it.',
  },
  collapsed: {
    title: 'every query groups by labels that its series have',
    why: 'Grouping by a label that no series has makes one group of everything. The panel shows a total where it promises a share for each tenant.',
    fix: 'Group by the label in the spelling that is stored; tokmeter get series -o wide prints it.',
  },
  overcounted: {
    title: 'every sum counts each token once',
    why: 'Cached and reasoning tokens are parts of input and output, and total is their sum: adding all types counts them twice. A raw sum of counters adds up since the start of each process, and falls when one restarts.',
    fix: 'Sum increase() or rate() of the types input and output alone: {gen_ai_token_type=~"input|output"}.',
  },
  tooNew: {
    title: 'every query parses on the Prometheus that answers it',
    why: 'Quoted names came with Prometheus 3.0, and an older one refuses the query. The panel shows an error, and a rule file with it is not loaded.',
    fix: 'Write the names with underscores, or upgrade Prometheus to 3.x.',
  },
};

function judged(
  { server, queries, unread, holders }: TokenQueries,
  hidden: string | null,
  judge: (query: TokenQuery) => readonly Finding[],
): Verdict {
  if (server === null && unread.length === 0) return { status: 'skip', because: 'no Prometheus stores token series to try queries on' };
  if (queries.length === 0 && unread.length === 0) {
    const because =
      holders === 0 ? 'there are no dashboards or rules in the cluster' : 'no dashboard or rule in the cluster asks for tokens';
    return { status: 'skip', because: hidden === null ? because : `${because}; ${hidden}` };
  }
  return verdict(queries.flatMap(judge), unread, hidden ?? undefined);
}

function emptyFindings(query: TokenQuery): readonly Finding[] {
  const empty = query.selectors.filter(({ found }) => found === 0);
  const [first] = empty;
  // An alert on absent() is meant to find nothing.
  if (first === undefined || first.selector.within.some((outer) => outer.kind === 'function' && /^absent/.test(outer.name))) return [];
  const better = corrected(query, distinctEdits(empty.flatMap(respell)));
  const remedy =
    better === null
      ? 'write it with a name and matchers that are stored here'
      : `write it so, which finds ${first.corrected?.found} series`;
  const finding = queryFinding(query, emptyText(first), better, remedy);
  // What is stored under another spelling was not lost on its way here: no earlier failure explains it.
  return [(first.corrected?.found ?? 0) > 0 ? { ...finding, about: [`query ${finding.subject}`] } : finding];
}

function emptyText({ selector, emptiedBy, corrected: better }: TokenSelector): string {
  if (emptiedBy !== null)
    return `no series of ${selector.name ?? better?.name ?? 'the family'} has ${emptiedBy.label}${emptiedBy.op}${JSON.stringify(emptiedBy.value)}`;
  return `${selector.name ?? 'its pattern'} is not stored here${better === null ? '' : `; ${better.name} is`}`;
}

function collapsedFindings(query: TokenQuery): readonly Finding[] {
  const collapsed = query.selectors.filter(({ missing }) => missing.length > 0);
  const [first] = collapsed;
  if (first === undefined) return [];
  const labels = enumerated(first.missing.map(({ label }) => label));
  const message = `it groups by ${labels}, which no series of ${first.selector.name ?? 'its selector'} has: everything falls into one group`;
  const better = corrected(query, distinctEdits(collapsed.flatMap(regroup)));
  return [
    queryFinding(
      query,
      message,
      better,
      better === null ? `group by a label that is stored instead of ${labels}` : 'group by the label as it is stored',
    ),
  ];
}

function regroup({ selector, missing }: TokenSelector): readonly Edit[] {
  const labels = selector.within.flatMap((outer) => (outer.kind === 'aggregate' ? (outer.grouping?.labels ?? []) : []));
  return labels.flatMap(({ name, from, to }) => {
    const stored = missing.find(({ label }) => label === name)?.stored ?? null;
    return stored === null ? [] : [{ from, to, text: writeLabel(stored) }];
  });
}

function overcountedFindings(query: TokenQuery, nouns: Nouns): readonly Finding[] {
  if (query.query.kind === 'variable' || query.query.kind === 'annotation') return [];
  const overlapping = query.selectors.filter(({ overlap }) => overlap !== null && overlap > noise);
  const raw = nouns.family.kept !== undefined ? [] : query.selectors.filter(isRawSum);
  const overlaps = overlapping.slice(0, 1).map(({ overlap }) =>
    queryFinding(
      query,
      `it sums token types that contain one another: ${times(overlap ?? 1)} the tokens on this cluster`,
      corrected(
        query,
        overlapping.flatMap((it) => onlyTotal(it, query, nouns)),
      ),
      `take only ${(nouns.family.total?.values ?? []).join(' and ')}`,
    ),
  );
  const raws = raw.slice(0, 1).map(() =>
    queryFinding(
      query,
      'it sums counters as they are, since the start of each process, and not what they grew by',
      corrected(
        query,
        raw.map((it) => grown(it, query)),
      ),
      'sum what they grew by',
    ),
  );
  return [...overlaps, ...raws];
}

function onlyTotal({ selector }: TokenSelector, query: TokenQuery, nouns: Nouns): readonly Edit[] {
  const { total } = nouns.family;
  if (total === null) return [];
  const label = escapeName(total.attribute, schemeOf(selector.name ?? ''));
  const matcher = `${writeLabel(label)}=~"${total.values.join('|')}"`;
  const last = selector.matchers.at(-1);
  if (last !== undefined) return [{ from: last.to, to: last.to, text: `,${matcher}` }];
  const written = query.substituted.query.slice(selector.from, selector.to);
  if (!written.endsWith('}')) return [{ from: selector.to, to: selector.to, text: `{${matcher}}` }];
  // {"a.quoted.name"} and name{}
  const comma = /\{\s*\}$/.test(written) ? '' : ',';
  return [{ from: selector.to - 1, to: selector.to - 1, text: `${comma}${matcher}` }];
}

/** A counter that reaches a sum without anything between that makes a growth of it: rate(), increase(), or any function over time. */
function isRawSum({ selector, found }: TokenSelector): boolean {
  if (found === 0 || selector.range) return false;
  const grows = selector.within.some(
    (outer) => outer.kind === 'function' && /^(i?rate|increase|i?delta|deriv|changes|resets|timestamp|.*_over_time)$/.test(outer.name),
  );
  const innermost = selector.within.find((outer) => outer.kind === 'aggregate');
  return !grows && innermost?.kind === 'aggregate' && innermost.op === 'sum';
}

function grown({ selector }: TokenSelector, query: TokenQuery): Edit {
  const window = query.query.variables ? '$__range' : '1h';
  return {
    from: selector.from,
    to: selector.to,
    text: `increase(${query.substituted.query.slice(selector.from, selector.to)}[${window}])`,
  };
}

function tooNewFindings(query: TokenQuery, legacy: boolean): readonly Finding[] {
  if (!legacy || !query.shape.quotedNames) return [];
  const better = corrected(query, distinctEdits(query.selectors.flatMap((it) => [...respell(it), ...unquoted(it), ...regroup(it)])));
  return [
    queryFinding(
      query,
      'it has quoted names, which Prometheus before 3.0 does not parse',
      better === null || queryShape(better).quotedNames ? null : better,
      'write it with the names that this Prometheus stores',
    ),
  ];
}

/** A name that is stored as it is written and needs no quotes: {"name",label="x"} is name{label="x"}. */
function unquoted({ selector, found }: TokenSelector): readonly Edit[] {
  const { name, from, to } = selector;
  if (name === null || found === 0 || !/^[a-zA-Z_:][a-zA-Z0-9_:]*$/.test(name)) return [];
  const kept = selector.matchers.filter(({ label }) => label !== '__name__');
  const matchers = kept.map(({ label, op, value }) => `${writeLabel(label)}${op}${JSON.stringify(value)}`);
  return [{ from, to, text: `${name}${matchers.length === 0 ? '' : `{${matchers.join(',')}}`}` }];
}
