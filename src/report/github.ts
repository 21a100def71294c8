import type { CheckResult, Report } from '../model/report.ts';
import { conclusion, reasonOf } from './conclusion.ts';
import { visible } from './safe.ts';

/** GitHub shows so many annotations of a kind for one step; what is beyond that is counted. */
const most = 10;

/** Workflow commands: an annotation for each root failure and each required check that could not look, and the conclusion as a notice. */
export function github(report: Report): string {
  const checks = report.pipelines.flatMap((pipeline) => pipeline.checks);
  const told = checks.filter(({ consequenceOf }) => consequenceOf === null);
  const errors = told.flatMap((check) => annotations(check, 'error'));
  const warnings = told.flatMap((check) => annotations(check, 'warning'));
  const failed = report.exitCode !== 0 && report.pipelines.length === 0;
  const last = command(failed ? 'error' : 'notice', 'tokmeter', conclusion(report, 'tokmeter').sentence);
  return `${[...limited(errors, 'error'), ...limited(warnings, 'warning'), last].join('\n')}\n`;
}

type Level = 'error' | 'warning';

function annotations(check: CheckResult, level: Level): readonly string[] {
  if (check.severity !== level) return [];
  const title = `${check.id} (${check.hop})`;
  if (check.status === 'unknown') return check.unread.slice(0, 1).map((unread) => command(level, title, `not judged: ${reasonOf(unread)}`));
  if (check.status !== 'fail') return [];
  return check.findings.map(({ subject, message, evidence }) => command(level, title, `${subject}: ${message}\nrun: ${evidence.run}`));
}

function limited(commands: readonly string[], level: Level): readonly string[] {
  if (commands.length <= most) return commands;
  const rest = commands.length - (most - 1);
  return [...commands.slice(0, most - 1), command(level, 'tokmeter', `${rest} more of these; the report has them`)];
}

/** actions/toolkit packages/core/src/command.ts: %, CR and LF are escaped in data, ":" and "," in properties as well. */
function command(level: Level | 'notice', title: string, text: string): string {
  const data = (value: string): string => visibleLine(value).replaceAll('%', '%25').replaceAll('\n', '%0A');
  return `::${level} title=${data(title).replaceAll(':', '%3A').replaceAll(',', '%2C')}::${data(text)}`;
}

/** The one line break that is ours, before "run: ". */
function visibleLine(text: string): string {
  const at = text.lastIndexOf('\nrun: ');
  return at < 0 ? visible(text) : `${visible(text.slice(0, at))}\n${visible(text.slice(at + 1))}`;
}
