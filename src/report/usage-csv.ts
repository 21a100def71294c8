import type { UsageReport } from '../model/usage.ts';
import { visible } from './safe.ts';
import { instant, partColumns, type Shown } from './usage-figures.ts';
import { type Line, linesOf } from './usage-lines.ts';

/**
 * Usage as CSV (RFC 4180), one row a group, or a group and piece, without sums that a spreadsheet would add again. Several pipelines are one
 * table, whose rows say of which they are.
 */
export function usageCsv(reports: readonly UsageReport[]): string {
  const told = reports.flatMap((report) => (report.usage === null ? [] : [{ report, usage: report.usage }]));
  if (told.length === 0) return '';
  const columns = columnsOf(
    told.map(({ usage }) => usage),
    { named: reports.length > 1, priced: told.some(({ report }) => report.prices !== null) },
  );
  const rows = told.flatMap(({ report, usage }) =>
    linesOf(usage, report.top)
      .filter(({ others }) => others === null)
      .map((line) => columns.map(([, of]) => of({ report, usage, line }))),
  );
  return [columns.map(([head]) => head), ...rows].map((cells) => `${cells.map(cell).join(',')}\r\n`).join('');
}

interface Written {
  readonly report: UsageReport;
  readonly usage: Shown;
  readonly line: Line;
}

type Column = readonly [head: string, of: (written: Written) => string];

function columnsOf(usages: readonly Shown[], { named, priced }: { readonly named: boolean; readonly priced: boolean }): readonly Column[] {
  const distinct = (of: (usage: Shown) => readonly string[]): readonly string[] => [...new Set(usages.flatMap(of))];
  const counted = distinct((usage) => usage.counted).filter((type) => type !== 'total');
  const types = [...counted, ...partColumns.map(([type]) => type).filter((type) => !counted.includes(type))];
  const apart = usages.some((usage) => usage.apart);
  return [
    ...(named ? [['pipeline', ({ report }: Written) => report.pipeline] as const] : []),
    ...(apart ? (['start', 'end'] as const).map((end) => [end, ({ line }: Written) => timeOf(line, end)] as const) : []),
    ...distinct(({ by }) => by).map((label): Column => [label, ({ usage, line }) => line.values[usage.by.indexOf(label)] ?? '']),
    ...types.map((type): Column => [type, ({ line }) => number(line.sum.byType[type] ?? 0)]),
    ['total', ({ line }) => number(line.sum.tokens)],
    ['requests', ({ line }) => (line.sum.requests === null ? '' : number(line.sum.requests))],
    ...(priced ? priceColumns : []),
  ];
}

const priceColumns: readonly Column[] = [
  ['cost', ({ line }) => cost(line.sum.cost)],
  ['currency', ({ report }) => report.prices?.currency ?? ''],
  ['unpriced_tokens', ({ line }) => number(line.sum.cost?.unpriced ?? 0)],
];

const timeOf = ({ piece }: Line, end: 'start' | 'end'): string => (piece === null ? '' : instant(piece[end]));

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
