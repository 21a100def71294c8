import { defineCheck, verdict } from '../../../model/check.ts';
import { storedCosts } from '../facts/stored-costs.ts';
import { costFamily } from '../names.ts';

/** Dashboards and rules that ask for costs, which nothing computes. */
export const costsAbsent = defineCheck({
  id: 'costs-absent',
  title: 'costs that are asked for are there',
  hop: 'present',
  severity: 'warning',
  why: 'The family of costs is announced and never has a sample, because no price is known to the program. A panel or rule over it shows nothing, or a bill of zero.',
  fix: 'Multiply tokens by prices in a recording rule, or read costs with tokmeter usage --price.',
  follows: ['metrics-absent', 'metrics-unreadable', 'health-failing', 'series-absent'],
  needs: { costs: storedCosts },
  judge: ({ costs }) => {
    const { queries, series, unread } = costs;
    if (queries.length === 0 && unread.length === 0) return { status: 'skip', because: 'no dashboard or rule asks for costs' };
    if (queries.length === 0) return { status: 'unknown', unread };
    if (series === null)
      return unread.length > 0 ? { status: 'unknown', unread } : { status: 'skip', because: 'no Prometheus was found to ask' };
    if (series > 0) return verdict([], unread);
    return verdict(
      queries.map(({ holder, place, expr }) => ({
        subject: holder.subject,
        message: `${place}: it asks for ${costFamily}, of which no series is stored: this build computes no cost`,
        evidence: {
          saw: expr,
          run: `kubectl -n ${holder.object.metadata.namespace ?? ''} get ${holder.resource} ${holder.object.metadata.name} -o yaml`,
        },
        remedy: { text: 'multiply gpt_load_tokens_total by the prices of its models in a recording rule, and ask for that' },
        about: [`query ${holder.subject}`],
      })),
      unread,
    );
  },
});
