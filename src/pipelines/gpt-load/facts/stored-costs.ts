import { prometheusServers } from '../../../facts/prometheus.ts';
import { askInstant } from '../../../facts/prometheus-api.ts';
import { type QueryHolder, queryHolders } from '../../../facts/query-holders.ts';
import { readOr } from '../../../facts/read-or.ts';
import { defineFact } from '../../../model/fact.ts';
import type { Unread } from '../../../model/source.ts';
import { costFamily } from '../names.ts';
import { nouns } from '../nouns.ts';

/** Queries about costs, and whether any cost is stored. */
export interface StoredCosts {
  readonly queries: readonly { readonly holder: QueryHolder; readonly place: string; readonly expr: string }[];
  /** Cost series stored; null: it was not asked, or nobody answered. */
  readonly series: number | null;
  readonly unread: readonly Unread[];
}

/** Asked only where a dashboard or rule wants costs. */
export const storedCosts = defineFact({
  id: 'gpt-load-stored-costs',
  title: 'stored costs of gpt-load',
  needs: { holders: queryHolders, servers: prometheusServers(nouns) },
  async read({ holders, servers }, { source }): Promise<StoredCosts> {
    const queries = holders.holders.flatMap((holder) =>
      holder.queries.filter(({ expr }) => expr.includes(costFamily)).map(({ place, expr }) => ({ holder, place, expr })),
    );
    const unread: Unread[] = [...holders.unread];
    if (queries.length === 0) return { queries, series: null, unread };
    const counts = await Promise.all(
      servers.servers
        .flatMap(({ shards }) => shards)
        .map((shard) => readOr(async () => [(await askInstant(source, shard, `count(${costFamily})`))[0]?.value ?? 0], [], unread)),
    );
    const read = counts.flat();
    return { queries, series: read.length === 0 ? null : read.reduce((sum, count) => sum + count, 0), unread };
  },
});
