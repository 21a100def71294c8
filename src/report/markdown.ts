import type { CheckResult, PipelineReport, Report } from '../model/report.ts';
import { conclusion } from './conclusion.ts';
import { findingLines, unreadLines } from './details.ts';
import { visible } from './safe.ts';
import { glyph, paint, plain } from './style.ts';

const page = { style: { ...plain, columns: 100 }, paints: paint(plain), detail: 'table' } as const;

/** The report for a job summary or an issue: text from the cluster stands only in code, where nothing is markup or a mention. */
export function markdown(report: Report): string {
  const { sentence, next } = conclusion(report, 'tokmeter');
  const head = ['## tokmeter doctor', '', code(sentence), ...next.map((command) => `\n${code(command)}`)];
  return `${[...head, ...report.pipelines.flatMap((pipeline) => section(pipeline, report))].join('\n')}\n`;
}

function section(pipeline: PipelineReport, { origin }: Report): readonly string[] {
  const { id, variant, about, checks } = pipeline;
  const problems = checks.filter(({ status, consequenceOf }) => status === 'unknown' || (status === 'fail' && consequenceOf === null));
  return [
    '',
    `### ${id} ${variant === null ? '' : code(variant)}`,
    '',
    code([`${origin.kind} ${origin.name}`, about].join(', ')),
    '',
    '| | hop | check | healthy when |',
    '| --- | --- | --- | --- |',
    ...checks.map((check) => `| ${glyph(check, page.paints)} | ${check.hop} | ${check.id} | ${title(check)} |`),
    ...problems.flatMap((check) => ['', `#### ${glyph(check, page.paints)} ${check.id}`, '', ...fenced(linesOf(check))]),
  ];
}

function title(check: CheckResult): string {
  const follows = check.consequenceOf === null ? '' : ` (follows from ${check.consequenceOf})`;
  return `${check.title.replaceAll('|', '\\|')}${follows}`;
}

function linesOf(check: CheckResult): readonly string[] {
  const lines = check.status === 'unknown' ? unreadLines(check.unread, page, null) : findingLines(check, page);
  return lines.map((line) => line.replace(/^ {4}/, ''));
}

/** A code span whose fence is longer than any run of backticks in it. */
function code(text: string): string {
  const shown = visible(text);
  const fence = '`'.repeat(longestRun(shown) + 1);
  return `${fence} ${shown} ${fence}`;
}

function fenced(lines: readonly string[]): readonly string[] {
  const fence = '`'.repeat(Math.max(3, longestRun(lines.join('\n')) + 1));
  return [`${fence}text`, ...lines, fence];
}

function longestRun(text: string): number {
  return Math.max(0, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
}
