import { type PricedRow, totalOf, type UsageReport } from '../model/usage.ts';
import { instant, type Shown, type Totals, topRows, totals, trustLines } from './usage-figures.ts';

/** Usage as data, for -o json and yaml; numbers are never rounded. */
export function usageDocument(reports: readonly UsageReport[], version: string): Record<string, unknown> {
  return { schemaVersion: '1', tool: { name: 'tokmeter', version }, usages: reports.map(one) };
}

function one({ pipeline, origin, usage, why, prices, top, trust }: UsageReport): Record<string, unknown> {
  return {
    pipeline,
    origin: { kind: origin.kind, name: origin.name },
    ...(usage === null ? { rows: [], why } : tokensOf(usage, top)),
    ...(prices === null ? {} : { prices: { currency: prices.currency, unknownModels: prices.unknownModels } }),
    trust: trust === null ? null : { ...trust, sentence: trustLines(trust)[0] ?? null },
  };
}

function tokensOf(usage: Shown, top: number | null): Record<string, unknown> {
  const { first, rest, others } = topRows(usage, top);
  const all = totals(usage.rows, usage.counted);
  return {
    from: usage.from,
    window:
      usage.window === null ? null : { start: instant(usage.window.start), end: instant(usage.window.end), stepSeconds: usage.window.step },
    since: usage.since,
    by: usage.by,
    counted: usage.counted,
    rows: first.map((row) => rowOf(row, usage)),
    others: rest === null ? null : { groups: others, ...sumOf(rest) },
    total: sumOf(all),
    unsureTokens: usage.unsure,
    notes: usage.notes,
    unread: usage.unread,
  };
}

function rowOf(row: PricedRow, { by, counted }: Shown): Record<string, unknown> {
  // A list of pairs would be safer against a label named __proto__, an object is what people query with jq.
  const labels = Object.fromEntries(by.map((label, at) => [label, row.values[at] || null]));
  return { labels, ...sumOf({ tokens: totalOf(row, counted), byType: row.tokens, requests: row.requests, cost: row.cost }) };
}

function sumOf({ tokens, byType, requests, cost }: Totals): Record<string, unknown> {
  return {
    tokens,
    byType,
    requests,
    ...(cost === null ? {} : { cost: cost.amount, unpricedTokens: cost.unpriced }),
  };
}
