import { type TokenQuery, tokenQueries } from '../../../facts/token-queries.ts';
import { defineCheck, type Finding, verdict } from '../../../model/check.ts';
import { emissions } from '../facts/emissions.ts';
import { nouns } from '../nouns.ts';

/** What a panel or rule that bills is called. */
const bill = /\b(bill(s|ed|ing)?|invoices?|charge(s|d|back)?|costs?|spend(ing)?|price|usd)\b/i;

/** Streamed requests are in no counter of this build; it is a trouble where somebody makes a bill of the counters. */
export const streamsUnmetered = defineCheck({
  id: 'streams-unmetered',
  title: 'no bill is made of counters that leave out streamed requests',
  hop: 'present',
  severity: 'warning',
  why: 'Requests that are streamed are left out of every counter, tokens and requests alike. A bill made of the counters is too low by all of them, and chats are mostly streamed.',
  fix: 'Let clients that are billed send "stream": false, or meter streamed requests at another gateway.',
  follows: ['metrics-absent', 'metrics-unreadable', 'health-failing'],
  needs: { emissions },
  wants: { queries: tokenQueries(nouns) },
  judge: ({ emissions, queries }) => {
    const metered = emissions.read.some(({ outcome }) => outcome.status === 'metered');
    if (!metered && emissions.unread.length === 0) return { status: 'skip', because: 'no pod shows its counters' };
    const billing = queries.status === 'read' ? queries.value.queries.filter(isBill) : [];
    const unread = queries.status === 'read' ? [] : [queries.unread];
    return verdict(
      billing.map(finding),
      [...(metered ? [] : emissions.unread), ...unread],
      'streamed requests are not counted by this build',
    );
  },
});

function isBill({ query }: TokenQuery): boolean {
  return query.kind !== 'variable' && query.kind !== 'annotation' && bill.test(query.place.replaceAll(/[_:]/g, ' '));
}

function finding({ holder, query }: TokenQuery): Finding {
  return {
    subject: holder.subject,
    message: `${query.place}: it bills by counters that leave out every streamed request`,
    evidence: {
      saw: query.expr,
      run: `kubectl -n ${holder.object.metadata.namespace ?? ''} get ${holder.resource} ${holder.object.metadata.name} -o yaml`,
    },
    remedy: { text: 'let the clients that are billed send "stream": false, or say beside the numbers that they leave out streams' },
    about: [`query ${holder.subject}`],
  };
}
