import type { CheckResult, PipelineReport, Report } from '../model/report.ts';
import type { Unread } from '../model/source.ts';
import { visible } from './safe.ts';
import { counted } from './text.ts';

/** What a run comes to, in one sentence derived from its exit code, and the commands that lead on. */
export interface Conclusion {
  readonly sentence: string;
  readonly next: readonly string[];
}

/** The conclusion of a report: it never says more than the exit code does. */
export function conclusion(report: Report, program: string): Conclusion {
  const said = sentenceOf(report, program);
  return report.complete || !broken(report) ? said : { ...said, sentence: `${said.sentence}; ${breakOf(report, program).sentence}` };
}

function sentenceOf(report: Report, program: string): Conclusion {
  switch (report.exitCode) {
    case 0:
      return soundOf(report, program);
    case 1:
      return breakOf(report, program);
    case 2:
      return blindOf(report, program);
    case 3:
      return { ...warningsOf(report, program), sentence: `${warningsOf(report, program).sentence}, and --fail-on warn was given` };
    case 70:
      return { sentence: bugOf(report), next: [`${program} doctor -o json  (attach it to the bug report)`] };
    case 124:
      return { sentence: `Incomplete: --timeout ended the run, ${unjudged(report)}`, next: [] };
    default:
      return { sentence: `Incomplete: the run was interrupted, ${unjudged(report)}`, next: [] };
  }
}

function soundOf(report: Report, program: string): Conclusion {
  const total = totals(report);
  if (total.warn > 0) return warningsOf(report, program);
  const rest = restOf(report);
  return { sentence: `Every link that was judged is sound: ${counted(total.pass, 'check')} passed${rest}`, next: [] };
}

function warningsOf(report: Report, program: string): Conclusion {
  const total = totals(report);
  const first = report.pipelines.find(({ brokenAt }) => brokenAt !== null)?.brokenAt;
  return {
    sentence: `No link is broken: ${counted(total.pass, 'check')} passed, ${counted(total.warn, 'warning')}${restOf(report)}`,
    next: first ? [`${program} explain ${first.check}`] : [],
  };
}

function breakOf(report: Report, program: string): Conclusion {
  const breaks = report.pipelines.filter(({ brokenAt }) => brokenAt !== null && checksOf(report).some(isError));
  const several = report.pipelines.length > 1;
  const sentences = breaks.map((pipeline) => breakSentence(pipeline, several));
  const ids = breaks.flatMap(({ brokenAt }) => (brokenAt === null ? [] : [brokenAt.check]));
  return { sentence: sentences.join('; '), next: ids.map((id) => `${program} explain ${id}`) };
}

function breakSentence({ id, brokenAt, unreadBefore, checks }: PipelineReport, several: boolean): string {
  const where = several ? `The path of ${id}` : 'The path';
  const independent = checks.filter((check) => isError(check) && check.consequenceOf === null && check.id !== brokenAt?.check);
  const more = independent.length === 0 ? '' : `, and ${counted(independent.length, 'more failure')} of its own: ${names(independent)}`;
  if (unreadBefore.length === 0) return `${where} breaks at "${brokenAt?.hop}"${more}`;
  return `${where} breaks at "${brokenAt?.hop}", or before: ${unreadBefore.join(', ')} could not be judged${more}`;
}

function blindOf(report: Report, program: string): Conclusion {
  if (report.pipelines.length === 0) return nothingFound(report);
  const unknown = checksOf(report).filter(({ unread }) => unread.length > 0);
  if (unknown.length === 0) return { sentence: `Nothing was judged: ${commonReason(report)}`, next: [] };
  const needs = [...new Set(unknown.flatMap(({ unread }) => unread.flatMap((each) => each.needs ?? [])))];
  const rights = needs.length === 0 ? '' : `; missing: ${needs.map(visible).join(', ')}`;
  return {
    sentence: `No verdict: ${counted(unknown.length, 'check')} could not look${rights}`,
    // A flag is granted by nobody.
    next: needs.every((need) => need.startsWith('--')) ? [] : [`${program} rbac  (prints the ClusterRole that grants it)`],
  };
}

function nothingFound({ notFound }: Report): Conclusion {
  const unread = notFound?.unread[0];
  if (unread !== undefined) return { sentence: `Nothing was judged: ${reasonOf(unread)}`, next: [] };
  const looked = notFound?.lookedFor ?? [];
  return {
    sentence: `Nothing was judged: no gateway that meters tokens was found${looked.length > 0 ? `; looked for ${looked.map(visible).join(', ')}` : ''}`,
    next: [],
  };
}

/** Why every check was skipped, when they all say the same. */
function commonReason(report: Report): string {
  const asked = checksOf(report).filter((check) => !isLeftOut(check));
  const reasons = [...new Set(asked.map(({ because }) => because ?? ''))];
  return reasons.length === 1 && reasons[0] ? visible(reasons[0]) : 'no check passed';
}

function bugOf(report: Report): string {
  const unread = [...checksOf(report).flatMap((check) => check.unread), ...(report.notFound?.unread ?? [])];
  const bug = unread.find(({ reason }) => reason === 'bug');
  return `This is a bug of tokmeter${bug ? ` in ${visible(bug.what)}: ${visible(bug.message)}` : ''}`;
}

/** What could not be read and why, with the permission that would let us. */
export function reasonOf({ message, needs }: Unread): string {
  const said = visible(message);
  return needs === null || message.includes(needs) || message.includes('(needs ') ? said : `${said} (needs ${visible(needs)})`;
}

function unjudged(report: Report): string {
  const unknown = checksOf(report).filter(({ status }) => status === 'unknown').length;
  return checksOf(report).length === 0 ? 'before anything was judged' : `${counted(unknown, 'check')} not judged`;
}

function restOf(report: Report): string {
  const { unknown, skip, ignored } = totals(report);
  const parts = [
    unknown > 0 ? `${unknown} optional could not look` : '',
    skip > 0 ? `${skip} skipped` : '',
    ignored > 0 ? `${ignored} ignored` : '',
  ];
  return parts
    .filter((part) => part !== '')
    .map((part) => `, ${part}`)
    .join('');
}

function totals(report: Report): PipelineReport['summary'] {
  const sum = (key: keyof PipelineReport['summary']): number => report.pipelines.reduce((total, { summary }) => total + summary[key], 0);
  return { pass: sum('pass'), fail: sum('fail'), warn: sum('warn'), unknown: sum('unknown'), skip: sum('skip'), ignored: sum('ignored') };
}

const checksOf = (report: Report): readonly CheckResult[] => report.pipelines.flatMap(({ checks }) => checks);
const isError = (check: CheckResult): boolean => check.status === 'fail' && check.severity === 'error';
/** Whether --include or --exclude left a check out. */
export const isLeftOut = ({ status, because }: CheckResult): boolean => status === 'skip' && (because ?? '').startsWith('left out by --');
const broken = (report: Report): boolean => checksOf(report).some(isError);
const names = (checks: readonly CheckResult[]): string => checks.map(({ id }) => id).join(', ');
