import type { UsageReport } from '../model/usage.ts';
import { visible } from './safe.ts';
import { grouped, money, none, partsIn, percent, provenance, remarks, type Shown, type Totals, totals } from './usage-figures.ts';
import { firstCell, labelCells, labelHeads, linesOf } from './usage-lines.ts';

/** Usage as GitHub's markdown: text from the cluster stands in code alone. */
export function usageMarkdown(reports: readonly UsageReport[]): string {
  return `${reports.map((report) => section(report, reports.length > 1).join('\n')).join('\n\n')}\n`;
}

function section(report: UsageReport, named: boolean): readonly string[] {
  const { usage } = report;
  const head = [`## tokmeter usage${named ? `: ${code(report.pipeline)}` : ''}`, ''];
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
  const figures = ({ tokens, byType, cost }: Totals): readonly string[] => [
    ...types.map((type) => grouped(byType[type] ?? 0)),
    grouped(tokens),
    ...parts.map(([type]) => grouped(byType[type] ?? 0)),
    ...(report.prices === null ? [] : [cost === null ? '' : `${money(cost.amount)}${cost.unpriced > 0 ? ' + unknown' : ''}`]),
    percent(tokens, all.tokens),
  ];
  const heads = labelHeads(usage);
  // What tokmeter says itself stands bare, what the cluster says in code.
  const label = (text: string, own: boolean): string => (own || text === none || text === '' ? text : code(text));
  return [
    line([...heads.map(code), ...names.map(code)]),
    line([...heads.map(() => '---'), ...names.map(() => '--:')]),
    ...linesOf(usage, report.top).map((each) =>
      line([...labelCells(each, usage).map((text) => label(text, each.others !== null)), ...figures(each.sum)]),
    ),
    line([...firstCell('**total**', heads.length), ...figures(all)]),
  ];
}

/** A code span in a table cell: its fence is longer than any run of backticks in it, and a bar would end the cell even there. */
function code(text: string): string {
  const shown = visible(text).replaceAll('|', '\\|');
  const fence = '`'.repeat(Math.max(0, ...[...shown.matchAll(/`+/g)].map(([run]) => run.length)) + 1);
  return fence.length > 1 ? `${fence} ${shown} ${fence}` : `\`${shown}\``;
}
