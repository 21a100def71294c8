import { hops } from '../model/check.ts';
import type { CheckResult, PipelineReport, Report } from '../model/report.ts';
import { conclusion, isLeftOut } from './conclusion.ts';
import { findingLines, reasonsOf, unreadLines } from './details.ts';
import { visible } from './safe.ts';
import { glyph, type Paint, paint, type Style } from './style.ts';
import { counted, hanging, width } from './text.ts';

/** How much of a report the terminal shows: every check, with all there is to say of each, or only the problems. */
export type Detail = 'table' | 'wide' | 'short';

/** The report for a person: a line a check under its hop, what is wrong below it, and the conclusion last. */
export function terminal(report: Report, style: Style, detail: Detail): string {
  const paints = paint(style);
  const sections = report.pipelines.map((pipeline) => pipelineLines(pipeline, report, { style, paints, detail }));
  const stats = style.stats ? [statLines(report)] : [];
  return `${[...sections, ...stats, ending(report, style, paints)].map((lines) => lines.join('\n')).join('\n\n')}\n`;
}

export interface Page {
  readonly style: Style;
  readonly paints: Paint;
  readonly detail: Detail;
}

function pipelineLines(pipeline: PipelineReport, report: Report, page: Page): readonly string[] {
  const shown = pipeline.checks.filter((check) => page.detail !== 'short' || isProblem(check));
  const groups = hops.map((hop) => ({ hop, checks: shown.filter((check) => check.hop === hop) }));
  const full = groups.filter(({ checks }) => checks.some((check) => !isLeftOut(check)));
  const body = full.flatMap(({ hop, checks }) => [
    '',
    page.paints.strong(hop),
    ...checks.filter((check) => !isLeftOut(check)).flatMap((check) => checkLines(check, pipeline, page)),
  ]);
  const leftOut = shown.filter(isLeftOut).length;
  return [
    ...title(pipeline, report, page),
    ...body,
    ...(leftOut > 0 ? ['', `– ${counted(leftOut, 'check')} left out by --include or --exclude`] : []),
  ];
}

function title({ id, variant, about }: PipelineReport, { origin, via }: Report, { style, paints }: Page): readonly string[] {
  const name = variant === null ? id : `${id} ${visible(variant)}`;
  const where = [
    origin.kind === 'cluster' ? `context ${origin.name}` : `${origin.kind} ${origin.name}`,
    about,
    via.length > 0 ? `by ${via.join(', ')}` : '',
  ];
  const text = where
    .filter((part) => part !== '')
    .map(visible)
    .join(', ');
  const fits = width(name) + 2 + width(text) <= style.columns;
  return fits ? [`${paints.strong(name)}  ${text}`] : [paints.strong(name), ...hanging(text, 2, style.columns)];
}

/** The title with the id at the right margin; a title too long for that goes on below. */
function checkLines(check: CheckResult, pipeline: PipelineReport, page: Page): readonly string[] {
  const { style, paints, detail } = page;
  const space = style.columns - 2 - check.id.length - 2;
  const [first = '', ...rest] = hanging(check.title, 2, Math.max(space + 2, 40)).map((line) => line.slice(2));
  const strong = check.status === 'fail' && check.consequenceOf === null;
  const bold = (text: string): string => (strong ? paints.strong(text) : text);
  const gap = ' '.repeat(Math.max(2, space + 2 - width(first)));
  const took = detail === 'wide' ? paints.faint(`  ${check.durationMs} ms`) : '';
  return [
    `${glyph(check, paints)} ${bold(first)}${gap}${paints.faint(check.id)}${took}`,
    ...rest.map((line) => `  ${bold(line)}`),
    ...below(check, pipeline, page),
  ];
}

function below(check: CheckResult, pipeline: PipelineReport, page: Page): readonly string[] {
  const { paints, detail, style } = page;
  const note = (text: string): readonly string[] => hanging(visible(text), 4, style.columns).map((line) => paints.faint(line));
  switch (check.status) {
    case 'pass':
      return check.because !== null ? note(check.because) : [];
    case 'skip':
    case 'ignored':
      return note(check.status === 'ignored' ? `ignored: ${check.because ?? ''}` : (check.because ?? ''));
    case 'unknown':
      return unreadLines(check.unread, page, firstWithSameUnread(check, pipeline));
    case 'fail':
      if (check.consequenceOf !== null && detail !== 'wide') return note(`follows from ${check.consequenceOf}`);
      return [
        ...(check.consequenceOf === null ? [] : note(`follows from ${check.consequenceOf}`)),
        ...findingLines(check, page),
        ...followers(check, pipeline, page),
      ];
  }
}

/** What else fails only because this does; where each has a line of its own, it says so there. */
function followers(check: CheckResult, { checks }: PipelineReport, { detail, style }: Page): readonly string[] {
  const ids = checks.filter(({ status, consequenceOf }) => status === 'fail' && consequenceOf === check.id).map(({ id }) => id);
  if (ids.length === 0 || detail !== 'short') return [];
  return hanging(
    `${counted(ids.length, 'more failure')} ${ids.length === 1 ? 'follows' : 'follow'} from it: ${ids.join(', ')}`,
    4,
    style.columns,
  );
}

/** The same refusal is told once; what it also hides refers to it. */
function firstWithSameUnread(check: CheckResult, { checks }: PipelineReport): string | null {
  const key = (each: CheckResult): string => JSON.stringify(reasonsOf(each.unread));
  const first = checks.find((each) => each.status === 'unknown' && key(each) === key(check));
  return first === undefined || first.id === check.id ? null : first.id;
}

function ending(report: Report, style: Style, paints: Paint): readonly string[] {
  const { sentence, next } = conclusion(report, style.program);
  const colour = report.exitCode === 0 ? paints.good : report.exitCode === 1 ? paints.bad : paints.warn;
  return [...hanging(sentence, 0, style.columns).map((line) => colour(line)), ...next.map((command) => `  ${command}`)];
}

function statLines({ requests, durationMs, pipelines, startedAt }: Report): readonly string[] {
  const slow = pipelines
    .flatMap(({ checks }) => checks)
    .filter((check) => check.durationMs > 0)
    .toSorted((a, b) => b.durationMs - a.durationMs);
  return [
    `requests  ${requests.kubernetes} to the API server, ${counted(requests.tunnels, 'tunnel')}, ${requests.prometheus} to Prometheus`,
    `time      ${durationMs} ms, begun ${startedAt}`,
    ...slow.slice(0, 10).map((check) => `${String(check.durationMs).padStart(7)} ms  ${check.id}`),
  ];
}

function isProblem({ status, consequenceOf }: CheckResult): boolean {
  return status === 'unknown' || (status === 'fail' && consequenceOf === null);
}
