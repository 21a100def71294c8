import { type PricedRow, totalOf, type UsageReport } from '../model/usage.ts';
import { visible } from './safe.ts';
import { grouped, money, none, partsIn, percent, provenance, remarks, type Shown, topRows, totals } from './usage-figures.ts';

/** Usage as GitHub's markdown: text from the cluster stands in code alone. */
export function usageMarkdown(reports: readonly UsageReport[]): string {
  return `${reports.flatMap(section).join('\n')}\n`;
}

function section(report: UsageReport): readonly string[] {
  const { usage } = report;
  const head = ['## tokmeter usage', ''];
  if (usage === null) return [...head, code(report.why ?? 'no tokens')];
  return [...head, code(provenance(usage)), '', ...table(report, usage), '', ...remarks(report).map((remark) => `- ${code(remark)}`)];
}

function table(report: UsageReport, usage: Shown): readonly string[] {
  const all = totals(usage.rows, usage.counted);
  const parts = partsIn(usage);
  const types = usage.counted.filter((type) => type !== 'total');
  const names = [
    ...types,
    'total',
    ...parts.map(([, title]) => title),
    ...(report.prices === null ? [] : [`cost (${report.prices.currency})`]),
    'share',
  ];
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const figures = (row: Pick<PricedRow, 'tokens' | 'cost'>): readonly string[] => [
    ...types.map((type) => grouped(row.tokens[type] ?? 0)),
    grouped(totalOf(row, usage.counted)),
    ...parts.map(([type]) => grouped(row.tokens[type] ?? 0)),
    ...(report.prices === null ? [] : [row.cost === null ? '' : `${money(row.cost.amount)}${row.cost.unpriced > 0 ? ' + unknown' : ''}`]),
    percent(totalOf(row, usage.counted), all.tokens),
  ];
  const label = (text: string): readonly string[] => usage.by.map((_, at) => (at === 0 ? text : ''));
  const { first, rest, others } = topRows(usage, report.top);
  return [
    line([...usage.by.map(code), ...names.map(code)]),
    line([...usage.by.map(() => '---'), ...names.map(() => '--:')]),
    ...first.map((row) => line([...row.values.map((value) => (value === '' ? none : code(value))), ...figures(row)])),
    ...(rest === null ? [] : [line([...label(`(${others} more)`), ...figures({ tokens: rest.byType, cost: rest.cost })])]),
    line([...label('**total**'), ...figures({ tokens: all.byType, cost: all.cost })]),
  ];
}

/** A code span in a table cell: its fence is longer than any run of backticks in it, and a bar would end the cell even there. */
function code(text: string): string {
  const shown = visible(text).replaceAll('|', '\\|');
  const fence = '`'.repeat(Math.max(0, ...[...shown.matchAll(/`+/g)].map(([run]) => run.length)) + 1);
  return fence.length > 1 ? `${fence} ${shown} ${fence}` : `\`${shown}\``;
}
