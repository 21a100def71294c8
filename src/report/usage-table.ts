import type { UsageReport } from '../model/usage.ts';
import { columnLines } from './columns.ts';
import { visible } from './safe.ts';
import { paint, type Style } from './style.ts';
import { hanging } from './text.ts';
import { grouped, money, partsIn, percent, provenance, remarks, type Shown, type Totals, totals } from './usage-figures.ts';
import { firstCell, labelCells, labelHeads, linesOf } from './usage-lines.ts';

/** Columns of a bar that stands for the largest row. */
const barColumns = 16;
const eighths = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];

/** The usage of several pipelines, each under its name. */
export function usageTables(reports: readonly UsageReport[], style: Style, wide: boolean): string {
  const named = reports.length > 1;
  return reports
    .map((report) => `${named ? `${paint(style).strong(visible(`${report.pipeline}:`))}\n` : ''}${usageTable(report, style, wide)}`)
    .join('\n');
}

/** Usage for a terminal: groups, their tokens, and a bar beside each. */
function usageTable(report: UsageReport, style: Style, wide: boolean): string {
  const paints = paint(style);
  const { usage } = report;
  if (usage === null) return `${visible(report.why ?? 'no tokens')}\n${trustText(report, style)}`;
  const lines = columnLines(cellsOf(report, usage, wide));
  const [head = '', ...rest] = lines;
  return `${[paints.strong(head), ...rest, '', ...hanging(visible(provenance(usage)), 0, style.columns), ...remarkLines(report, style)].join('\n')}\n`;
}

function trustText({ trust }: UsageReport, style: Style): string {
  const failing = trust?.failing ?? [];
  return failing.map(({ id, message }) => `${hanging(visible(`${id}: ${message}`), 2, style.columns).join('\n')}\n`).join('');
}

function remarkLines(report: UsageReport, style: Style): readonly string[] {
  const paints = paint(style);
  const sound = report.trust === null || report.trust.failing.length === 0;
  return remarks(report).flatMap((remark) =>
    hanging(visible(remark), 2, style.columns, '-').map((line) => (sound || !remark.startsWith('trust:') ? line : paints.bad(line))),
  );
}

function cellsOf(report: UsageReport, usage: Shown, wide: boolean): readonly (readonly string[])[] {
  const lines = linesOf(usage, report.top);
  const all = totals(usage.rows, usage.counted);
  const largest = lines.reduce((most, { others, sum }) => (others === null ? Math.max(most, sum.tokens) : most), 0);
  const show = { usage, wide, all, priced: report.prices !== null };
  const labels = labelHeads(usage);
  const rows = lines.map((line) => [
    ...labelCells(line, usage),
    ...figures(show, { ...line.sum, bar: line.others === null ? bar(line.sum.tokens, largest) : '' }),
  ]);
  const sum = [...firstCell('total', labels.length), ...figures(show, { ...all, bar: '' })];
  return [[...labels.map((name) => name.toUpperCase()), ...titles(show)], ...aligned([...rows, sum], labels.length, titles(show))];
}

interface Show {
  readonly usage: Shown;
  readonly wide: boolean;
  readonly all: Totals;
  readonly priced: boolean;
}

function titles({ usage, wide, priced, all }: Show): readonly string[] {
  const parts = wide ? partsIn(usage).map(([, title]) => title) : [];
  const requests = wide && all.requests !== null ? ['requests', 'tokens/req'] : [];
  const names = [
    ...usage.counted,
    ...(usage.counted.length === 1 && usage.counted[0] === 'total' ? [] : ['total']),
    ...parts,
    ...requests,
    ...(priced ? ['cost'] : []),
    'share',
    '',
  ];
  return names.map((name) => name.toUpperCase());
}

function figures({ usage, wide, priced, all }: Show, row: Totals & { readonly bar: string }): readonly string[] {
  const parts = wide ? partsIn(usage).map(([type]) => grouped(row.byType[type] ?? 0)) : [];
  const requests =
    wide && all.requests !== null ? [grouped(row.requests ?? 0), row.requests ? grouped(row.tokens / row.requests) : ''] : [];
  const types = usage.counted.map((type) => grouped(row.byType[type] ?? 0));
  const total = usage.counted.length === 1 && usage.counted[0] === 'total' ? [] : [grouped(row.tokens)];
  return [...types, ...total, ...parts, ...requests, ...(priced ? [costText(row)] : []), percent(row.tokens, all.tokens), row.bar];
}

/** "12.30", and a plus sign when part of it has no price. */
function costText({ cost }: Pick<Totals, 'cost'>): string {
  if (cost === null) return '';
  if (cost.unpriced === 0) return money(cost.amount);
  return cost.amount === 0 ? 'unknown' : `${money(cost.amount)}+`;
}

/** Numbers end where their column's head ends. */
function aligned(rows: readonly (readonly string[])[], from: number, heads: readonly string[]): readonly (readonly string[])[] {
  const widths = heads.map((head, at) => rows.reduce((width, row) => Math.max(width, (row[from + at] ?? '').length), head.length));
  const numbers = heads.length - 1;
  return rows.map((row) => row.map((cell, at) => (at >= from && at < from + numbers ? cell.padStart(widths[at - from] ?? 0) : cell)));
}

/** A bar in eighths of a column, so that small shares differ too. */
export function bar(part: number, largest: number): string {
  if (largest <= 0 || part <= 0) return '';
  const units = Math.max(1, Math.round((part / largest) * barColumns * 8));
  return '█'.repeat(Math.floor(units / 8)) + (eighths[units % 8] ?? '');
}
