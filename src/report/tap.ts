import type { CheckResult, Report } from '../model/report.ts';
import { conclusion } from './conclusion.ts';
import { checkDocument } from './document.ts';
import { visible } from './safe.ts';
import { yaml } from './yaml.ts';

/** TAP 14 (testanything.org): what may fail without the run failing is a TODO. */
export function tap(report: Report): string {
  const checks = report.pipelines.flatMap(({ id, checks }) =>
    checks.map((check) => ({ name: `${id}/${check.id}: ${check.title}`, check })),
  );
  const points = checks.map(({ name, check }, at) => pointOf(at + 1, name, check, report));
  const all = points.length > 0 ? points : [`not ok 1 - a gateway that meters tokens is found`];
  return `${['TAP version 14', `1..${all.length}`, ...all, `# ${hashless(conclusion(report, 'tokmeter').sentence)}`].join('\n')}\n`;
}

function pointOf(number: number, name: string, check: CheckResult, report: Report): string {
  const label = `${number} - ${hashless(name)}`;
  switch (check.status) {
    case 'pass':
      return `ok ${label}`;
    case 'skip':
    case 'ignored':
      return `ok ${label} # SKIP ${hashless(check.because ?? check.status)}`;
    case 'unknown':
      return `not ok ${label}${check.severity === 'warning' ? ' # TODO could not look' : ''}\n${diagnostics(check)}`;
    case 'fail':
      return `not ok ${label}${check.severity === 'warning' && report.exitCode !== 3 ? ' # TODO warning' : ''}\n${diagnostics(check)}`;
  }
}

function diagnostics(check: CheckResult): string {
  const { severity, status, consequenceOf, findings, unread } = checkDocument(check);
  const lines = yaml({ severity, status, consequenceOf, findings, unread }).trimEnd().split('\n');
  return ['---', ...lines, '...'].map((line) => `  ${line}`).join('\n');
}

/** "#" begins a directive. */
function hashless(text: string): string {
  return visible(text).replace(/[\\#]/g, '\\$&');
}
