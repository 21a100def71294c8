import type { PricedRow, UsageReport } from '../model/usage.ts';
import { instant, type Shown, type Totals, topRows, totals, trustLines } from './usage-figures.ts';
import { byPiece, spanOf, sumOf } from './usage-lines.ts';

/** Usage as data, for -o json and yaml; numbers are never rounded. */
export function usageDocument(reports: readonly UsageReport[], version: string): Record<string, unknown> {
  return { schemaVersion: '1', tool: { name: 'tokmeter', version }, usages: reports.map(one) };
}

function one({ pipeline, origin, usage, why, unread, prices, top, trust }: UsageReport): Record<string, unknown> {
  return {
    pipeline,
    origin: { kind: origin.kind, name: origin.name },
    ...(usage === null ? { rows: [], why, unread: unread === null ? [] : [unread] } : tokensOf(usage, top)),
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
    others: rest === null ? null : { groups: others, ...amounts(rest), ...pointsOf(usage, usage.rows.slice(first.length)) },
    total: { ...amounts(all), ...pointsOf(usage, usage.rows) },
    unsureTokens: usage.unsure,
    notes: usage.notes,
    unread: usage.unread,
  };
}

function rowOf(row: PricedRow, usage: Shown): Record<string, unknown> {
  // A list of pairs would be safer against a label named __proto__, an object is what people query with jq.
  const labels = Object.fromEntries(usage.by.map((label, at) => [label, row.values[at] || null]));
  return { labels, ...amounts(sumOf(row, usage)), ...pointsOf(usage, [row]) };
}

/** The pieces in which something was used, with their times; nothing where they were not asked for apart. */
function pointsOf(usage: Shown, rows: readonly PricedRow[]): Record<string, unknown> {
  if (!usage.apart) return {};
  const points = byPiece(rows, usage).map(({ at, sum }) => {
    const { start, end } = spanOf(usage, at);
    return { start: instant(start), end: instant(end), ...amounts(sum) };
  });
  return { points };
}

function amounts({ tokens, byType, requests, cost }: Totals): Record<string, unknown> {
  return {
    tokens,
    byType,
    requests,
    ...(cost === null ? {} : { cost: cost.amount, unpricedTokens: cost.unpriced }),
  };
}
