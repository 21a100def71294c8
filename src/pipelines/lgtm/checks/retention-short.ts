import type { Mimir } from '../../../facts/mimir.ts';
import { type TokenQuery, tokenQueries } from '../../../facts/token-queries.ts';
import { defineCheck, type Finding, verdict } from '../../../model/check.ts';
import { durationOf } from '../../../parse/duration.ts';
import { destinations, mimirsToAsk } from '../facts/destinations.ts';
import { stores } from '../facts/stores.ts';
import { ids, tenantHeader } from '../names.ts';
import { nouns } from '../nouns.ts';

/** Queries that look back further than the store keeps samples. */
export const retentionShort = defineCheck({
  id: ids.retentionShort,
  title: 'the store keeps samples as long as queries look back',
  hop: 'present',
  severity: 'warning',
  why: 'A query over thirty days of a store that keeps fifteen answers with half of the tokens, and says nothing. The end of the month is billed, its beginning is gone.',
  fix: 'Raise `limits.compactor_blocks_retention_period` of the store above the longest range of dashboards and rules.',
  needs: { destinations, queries: tokenQueries(nouns), stores },
  judge({ destinations, queries, stores }) {
    const asked = mimirsToAsk(destinations).map((mimir) => ({ mimir, kept: keptBy(mimir, tenantOf(mimir, stores.servers)) }));
    const told = asked.flatMap(({ mimir, kept }) => (kept === null ? [] : [{ mimir, kept }]));
    if (told.length === 0)
      return { status: 'skip', because: 'no configuration of the store that could be read says how long samples are kept' };
    const longest = queries.queries.map((query) => ({ query, seconds: reach(query) })).toSorted((a, b) => b.seconds - a.seconds)[0];
    if (longest === undefined || longest.seconds === 0) {
      if (queries.unread.length > 0) return { status: 'unknown', unread: queries.unread };
      return { status: 'skip', because: 'no query about tokens has a range' };
    }
    return verdict(told.flatMap(({ mimir, kept }) => (kept !== 0 && kept < longest.seconds ? [short(mimir, kept, longest)] : [])));
  },
});

function tenantOf(
  { key }: Mimir,
  servers: readonly { readonly key: string; readonly shards: readonly { readonly headers: Readonly<Record<string, string>> }[] }[],
): string | null {
  return servers.find((server) => server.key === key)?.shards[0]?.headers[tenantHeader] ?? null;
}

function keptBy({ limits }: Mimir, tenant: string | null): number | null {
  return limits.retentionOf.get(tenant ?? '') ?? limits.retention;
}

/** Seconds of the longest written range of a query; a range that a viewer chooses has none. */
function reach({ query }: TokenQuery): number {
  const ranges = [...query.expr.matchAll(/\[\s*([0-9a-z]+)\s*(?::[^\]]*)?\]/g)].map(([, range = '']) => durationOf(range) ?? 0);
  return Math.max(0, ...ranges);
}

interface Reaching {
  readonly query: TokenQuery;
  readonly seconds: number;
}

const days = (seconds: number): string => `${Math.round((seconds / 86_400) * 10) / 10} d`;

function short({ subject, namespace }: Mimir, kept: number, { query, seconds }: Reaching): Finding {
  return {
    subject,
    message: `it keeps ${days(kept)}, and ${query.holder.subject}, ${query.query.place} looks back ${days(seconds)}`,
    evidence: {
      saw: `compactor_blocks_retention_period of ${days(kept)}; ${query.query.expr}`,
      run: `kubectl -n ${namespace} get configmaps -o yaml | grep -n retention_period`,
    },
    remedy: { text: `set limits.compactor_blocks_retention_period to ${Math.ceil(seconds / 86_400)}d or more, or shorten the range` },
  };
}
