import { corrected } from '../../../checks/query-finding.ts';
import { rewriting } from '../../../checks/query-remedy.ts';
import { queryRun } from '../../../checks/stored.ts';
import { distinctUnread, times } from '../../../checks/wording.ts';
import { type TokenQuery, tokenQueries } from '../../../facts/token-queries.ts';
import type { TokenSelector } from '../../../facts/token-selectors.ts';
import { defineCheck, type Finding, type Remedy, verdict } from '../../../model/check.ts';
import { type Multiplied, storedCounters } from '../facts/stored-counters.ts';
import { tokenFamily } from '../names.ts';
import { nouns } from '../nouns.ts';

/** Pods of one request log that are all scraped: each shows the tokens of all. */
export const replicasMultiplied = defineCheck({
  id: 'replicas-multiplied',
  title: 'the counters of one request log are stored once',
  hop: 'query',
  severity: 'error',
  why: 'Pods that share a request log all show its sums, so that each of them brings the tokens of all. Every sum over them is too high by their number, and so is the bill.',
  fix: 'Take the greatest before the sum, max by (group, model, type), or let Prometheus scrape one of the pods.',
  needs: { counters: storedCounters },
  wants: { queries: tokenQueries(nouns) },
  judge: ({ counters, queries }) => {
    const unread = distinctUnread(counters.flatMap((server) => server.unread));
    if (counters.length === 0) return { status: 'skip', because: 'no token series is stored' };
    const asked = queries.status === 'read' && queries.value.unread.length === 0 ? queries.value.queries.filter(isShown) : [];
    const found = counters.flatMap(({ multiplied, server }) => multiplied.map((it) => finding(it, server.subject, asked)));
    if (found.length > 0 && asked.length > 0 && asked.every(takesOne))
      return verdict([], unread, 'pods of one log are stored side by side, and every query takes one of them');
    return verdict(found, unread);
  },
});

/** A list of values or a mark at an event sums nothing. */
function isShown({ query, selectors }: TokenQuery): boolean {
  return query.kind !== 'variable' && query.kind !== 'annotation' && selectors.length > 0;
}

/** Whether a query makes the copies one before it sums. */
function takesOne({ selectors }: TokenQuery): boolean {
  return selectors.every(isOne);
}

function isOne({ selector }: TokenSelector): boolean {
  if (selector.matchers.some(({ label, op }) => op === '=' && (label === 'instance' || label === 'pod'))) return true;
  const innermost = selector.within.find((outer) => outer.kind === 'aggregate');
  return innermost?.kind === 'aggregate' && ['max', 'min', 'avg', 'quantile', 'group'].includes(innermost.op);
}

function finding({ instances, copies, factor }: Multiplied, server: string, queries: readonly TokenQuery[]): Finding {
  const [first] = instances;
  const series = `${tokenFamily}{type=~"prompt|completion"}`;
  return {
    subject: first?.workload?.subject ?? first?.subject ?? server,
    message: `${copies} of its pods are scraped and show the counters of one request log: sums in ${server} come out ${times(factor)} too high`,
    evidence: {
      saw: `equal counters of ${copies} pods`,
      run: queryRun(`sum(${series}) / sum(max by (group, model, type) (${series}))`),
    },
    remedy: takingOne(queries) ?? {
      text: 'write sum by (group) (max by (group, model, type) (increase(…))) in every query, or scrape one pod alone',
    },
    about: instances.map(({ key }) => key),
  };
}

/** Every query with the greatest of the copies in their place; null where one of them cannot be changed so. */
function takingOne(queries: readonly TokenQuery[]): Remedy | null {
  const remedies = queries.filter((query) => !takesOne(query)).map(greatest);
  const commands = remedies.flatMap((remedy) => remedy?.command ?? []);
  if (commands.length === 0 || commands.length < remedies.length) return null;
  return { text: remedies.map((remedy) => remedy?.text).join('; '), command: commands.join(' && ') };
}

function greatest(query: TokenQuery): Remedy | null {
  const open = query.selectors.filter((selector) => !isOne(selector));
  const edits = open.flatMap(({ selector }) => {
    const [inner] = selector.within;
    const whole = selector.range && inner?.kind === 'function' ? inner : selector;
    const [from, to] = [whole.from, whole.to];
    return [
      { from, to: from, text: 'max without (instance, pod) (' },
      { from: to, to, text: ')' },
    ];
  });
  // A query that tells the copies apart shows them on purpose.
  if (open.some(({ selector }) => selector.within.some(keepsCopies))) return null;
  const better = corrected(query, edits);
  return better === null ? null : rewriting(query, better, 'take the greatest of the copies');
}

function keepsCopies(outer: TokenSelector['selector']['within'][number]): boolean {
  if (outer.kind !== 'aggregate' || outer.grouping === null) return false;
  const named = outer.grouping.labels.some(({ name }) => name === 'instance' || name === 'pod');
  return named === (outer.grouping.mode === 'by');
}
