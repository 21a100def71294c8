import { queryRun } from '../../../checks/stored.ts';
import { distinctUnread, times } from '../../../checks/wording.ts';
import { type TokenQueries, tokenQueries } from '../../../facts/token-queries.ts';
import { defineCheck, type Finding, verdict } from '../../../model/check.ts';
import type { Attempt } from '../../../model/fact.ts';
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
    const found = counters.flatMap(({ multiplied, server }) => multiplied.map((it) => finding(it, server.subject)));
    if (found.length > 0 && allTakeOne(queries))
      return verdict([], unread, 'pods of one log are stored side by side, and every query takes one of them');
    return verdict(found, unread);
  },
});

/** Whether there are queries about tokens, and each of them makes the copies one before it sums. */
function allTakeOne(queries: Attempt<TokenQueries>): boolean {
  if (queries.status === 'unread' || queries.value.unread.length > 0) return false;
  const selectors = queries.value.queries.flatMap((query) => query.selectors);
  return (
    selectors.length > 0 &&
    selectors.every(({ selector }) => {
      if (selector.matchers.some(({ label, op }) => op === '=' && (label === 'instance' || label === 'pod'))) return true;
      const innermost = selector.within.find((outer) => outer.kind === 'aggregate');
      return innermost?.kind === 'aggregate' && ['max', 'min', 'avg', 'quantile', 'group'].includes(innermost.op);
    })
  );
}

function finding({ instances, copies, factor }: Multiplied, server: string): Finding {
  const [first] = instances;
  const series = `${tokenFamily}{type=~"prompt|completion"}`;
  return {
    subject: first?.workload?.subject ?? first?.subject ?? server,
    message: `${copies} of its pods are scraped and show the counters of one request log: sums in ${server} come out ${times(factor)} too high`,
    evidence: {
      saw: `equal counters of ${copies} pods`,
      run: queryRun(`sum(${series}) / sum(max by (group, model, type) (${series}))`),
    },
    remedy: { text: 'write sum by (group) (max by (group, model, type) (increase(…))) in every query, or scrape one pod alone' },
    about: instances.map(({ key }) => key),
  };
}
