import { totalOf, type UsageReport } from '../model/usage.ts';
import { visible } from './safe.ts';
import { partColumns, type Shown } from './usage-figures.ts';

/** Usage as CSV (RFC 4180), one row a group, without sums that a spreadsheet would add again. */
export function usageCsv(reports: readonly UsageReport[]): string {
  const blocks = reports.flatMap((report) => (report.usage === null ? [] : [block(report, report.usage)]));
  return blocks.join('\r\n');
}

function block({ prices, top }: UsageReport, usage: Shown): string {
  const types = [
    ...usage.counted.filter((type) => type !== 'total'),
    ...partColumns.map(([type]) => type).filter((type) => !usage.counted.includes(type)),
  ];
  const head = [...usage.by, ...types, 'total', 'requests', ...(prices === null ? [] : ['cost', 'currency', 'unpriced_tokens'])];
  const rows = usage.rows
    .slice(0, top ?? undefined)
    .map((row) => [
      ...row.values,
      ...types.map((type) => number(row.tokens[type] ?? 0)),
      number(totalOf(row, usage.counted)),
      row.requests === null ? '' : number(row.requests),
      ...(prices === null ? [] : [cost(row.cost), prices.currency, number(row.cost?.unpriced ?? 0)]),
    ]);
  return [head, ...rows].map((cells) => `${cells.map(cell).join(',')}\r\n`).join('');
}

/** What has no price at all has no cost, rather than none. */
function cost(of: { readonly amount: number; readonly unpriced: number } | null): string {
  return of === null || (of.amount === 0 && of.unpriced > 0) ? '' : String(Number(of.amount.toFixed(6)));
}

const number = (value: number): string => String(Math.round(value));

/** A cell that no spreadsheet takes for a formula: OWASP, "CSV Injection". What begins like one is preceded by an apostrophe. */
export function cell(text: string): string {
  const shown = visible(text);
  const safe = /^[=+\-@\t\r＝＋－＠]/.test(text) && !/^-?\d+(\.\d+)?$/.test(text) ? `'${shown}` : shown;
  return /[",\r\n;]|^\s|\s$/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
