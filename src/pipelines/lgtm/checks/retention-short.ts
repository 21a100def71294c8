import type { Mimir } from '../../../facts/mimir.ts';
import { type TokenQuery, tokenQueries } from '../../../facts/token-queries.ts';
import { defineCheck, type Finding, type Remedy, verdict } from '../../../model/check.ts';
import { durationOf } from '../../../parse/duration.ts';
import { yamlEdits } from '../../../parse/yaml-edit.ts';
import { destinations, mimirsToAsk } from '../facts/destinations.ts';
import { stores } from '../facts/stores.ts';
import { ids, tenantHeader } from '../names.ts';
import { nouns } from '../nouns.ts';
import { editing, valueAt } from '../text-remedies.ts';

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
    const asked = mimirsToAsk(destinations).map((mimir) => ({ mimir, tenant: tenantOf(mimir, stores.servers) }));
    const told = asked.flatMap(({ mimir, tenant }) => {
      const kept = keptBy(mimir, tenant);
      return kept === null ? [] : [{ mimir, kept, tenant }];
    });
    if (told.length === 0)
      return { status: 'skip', because: 'no configuration of the store that could be read says how long samples are kept' };
    const longest = queries.queries.map((query) => ({ query, seconds: reach(query) })).toSorted((a, b) => b.seconds - a.seconds)[0];
    if (longest === undefined || longest.seconds === 0) {
      if (queries.unread.length > 0) return { status: 'unknown', unread: queries.unread };
      return { status: 'skip', because: 'no query about tokens has a range' };
    }
    return verdict(told.flatMap((each) => (each.kept !== 0 && each.kept < longest.seconds ? [short(each, longest)] : [])));
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

interface Keeping {
  readonly mimir: Mimir;
  /** Seconds. */
  readonly kept: number;
  readonly tenant: string | null;
}

function short(keeping: Keeping, { query, seconds }: Reaching): Finding {
  const { mimir, kept } = keeping;
  const { subject, namespace } = mimir;
  return {
    subject,
    message: `it keeps ${days(kept)}, and ${query.holder.subject}, ${query.query.place} looks back ${days(seconds)}`,
    evidence: {
      saw: `compactor_blocks_retention_period of ${days(kept)}; ${query.query.expr}`,
      run: `kubectl -n ${namespace} get configmaps -o yaml | grep -n retention_period`,
    },
    remedy: keepingLonger(keeping, `${Math.ceil(seconds / 86_400)}d`),
  };
}

const period = 'compactor_blocks_retention_period';

/** Where it is said: for one tenant in a file that is read while the store runs (runtime_config), else for all, which is read once. */
function keepingLonger({ mimir, tenant }: Keeping, wanted: string): Remedy {
  const own = tenant !== null && mimir.limits.retentionOf.has(tenant);
  const path = own ? ['overrides', tenant, period] : ['limits', period];
  const say = { text: `set ${path.join('.')} to ${wanted} or more, or shorten the range` };
  const holders = mimir.texts.filter(({ text }) => valueAt(text, path) !== undefined);
  const [holder] = holders;
  // An argument of its own is worth more than the file.
  if (holder === undefined || holders.length > 1 || (mimir.limits.argued && !own)) return say;
  const edits = yamlEdits(holder.text, [{ path, value: wanted }]);
  const { compacting } = mimir;
  if (edits === null || (compacting === null && !own)) return say;
  const command = editing({ resource: 'configmap', namespace: holder.namespace, name: holder.name, at: ['data', holder.key] }, edits);
  const again = `kubectl -n ${compacting?.namespace} rollout restart ${compacting?.kind.toLowerCase()}/${compacting?.name}`;
  return { ...say, command: own ? command : `${command}\n${again}` };
}
