import { hops } from '../model/check.ts';
import type { CheckResult, PipelineReport, Report } from '../model/report.ts';
import { conclusion, reasonOf } from './conclusion.ts';
import { markup } from './safe.ts';

/**
 * JUnit XML in the subset that Jenkins, GitLab and GitHub actions read: a suite per hop, a case per check. What could not be looked at is
 * an error, what is wrong a failure; a warning is one only where --fail-on warn made it count.
 */
export function junit(report: Report): string {
  const suites = report.pipelines.flatMap((pipeline) => suitesOf(pipeline, report));
  const all = report.pipelines.length > 0 ? suites : [nothing(report)];
  const total = (key: keyof Omit<Suite, 'name' | 'cases'>): number => all.reduce((sum, suite) => sum + suite[key], 0);
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="tokmeter" tests="${total('tests')}" failures="${total('failures')}" errors="${total('errors')}" skipped="${total('skipped')}" time="${seconds(report.durationMs)}">`,
    ...all.map((suite) => suiteText(suite, report)),
    '</testsuites>',
    '',
  ].join('\n');
}

interface Suite {
  readonly name: string;
  readonly tests: number;
  readonly failures: number;
  readonly errors: number;
  readonly skipped: number;
  readonly cases: readonly string[];
}

type Outcome = 'passed' | 'failures' | 'errors' | 'skipped';

function suitesOf(pipeline: PipelineReport, report: Report): readonly Suite[] {
  return hops.flatMap((hop) => {
    const checks = pipeline.checks.filter((check) => check.hop === hop);
    return checks.length === 0 ? [] : [suite(`${pipeline.id}.${hop}`, checks, report)];
  });
}

function suite(name: string, checks: readonly CheckResult[], report: Report): Suite {
  const outcomes = checks.map((check) => outcome(check, report));
  const count = (wanted: Outcome): number => outcomes.filter((each) => each === wanted).length;
  return {
    name,
    tests: checks.length,
    failures: count('failures'),
    errors: count('errors'),
    skipped: count('skipped'),
    cases: checks.map((check) => caseText(check, name, report)),
  };
}

/** No pipeline was judged: one case that says so, because an empty file reads as success. */
function nothing(report: Report): Suite {
  const message = conclusion(report, 'tokmeter').sentence;
  const text = `    <testcase classname="tokmeter" name="a gateway that meters tokens is found" time="0.000"><error message="${markup(message)}"/></testcase>`;
  return { name: 'tokmeter', tests: 1, failures: 0, errors: 1, skipped: 0, cases: [text] };
}

function suiteText({ name, tests, failures, errors, skipped, cases }: Suite, { startedAt, origin }: Report): string {
  return [
    `  <testsuite name="${markup(name)}" tests="${tests}" failures="${failures}" errors="${errors}" skipped="${skipped}" timestamp="${markup(startedAt)}" hostname="${markup(origin.name)}">`,
    ...cases,
    '  </testsuite>',
  ].join('\n');
}

function outcome(check: CheckResult, report: Report): Outcome {
  switch (check.status) {
    case 'pass':
      return 'passed';
    case 'unknown':
      return 'errors';
    case 'skip':
    case 'ignored':
      return 'skipped';
    case 'fail':
      return check.severity === 'error' || report.exitCode === 3 ? 'failures' : 'passed';
  }
}

function caseText(check: CheckResult, suiteName: string, report: Report): string {
  const open = `    <testcase classname="tokmeter.${markup(suiteName)}" name="${markup(`${check.id}: ${check.title}`)}" time="${seconds(check.durationMs)}"`;
  const inner = innerText(check, outcome(check, report));
  return inner === '' ? `${open}/>` : `${open}>${inner}</testcase>`;
}

function innerText(check: CheckResult, how: Outcome): string {
  const first = check.findings[0];
  switch (how) {
    case 'skipped':
      return `<skipped message="${markup(check.because ?? check.status)}"/>`;
    case 'errors':
      return `<error message="${markup(check.unread[0] ? reasonOf(check.unread[0]) : 'not judged')}">${check.unread.map((each) => markup(reasonOf(each))).join('\n')}</error>`;
    case 'failures':
      return `<failure type="${check.severity}" message="${markup(`${first?.subject}: ${first?.message}`)}">${details(check)}</failure>`;
    case 'passed':
      return check.status === 'fail' ? `<system-out>warning\n${details(check)}</system-out>` : '';
  }
}

function details(check: CheckResult): string {
  const root = check.consequenceOf === null ? [] : [`follows from ${check.consequenceOf}`];
  const findings = check.findings.flatMap(({ subject, message, evidence, remedy }) => [
    `${markup(subject)}: ${markup(message)}`,
    `  saw  ${markup(evidence.saw)}`,
    `  run  ${markup(evidence.run)}`,
    ...(remedy === undefined ? [] : [`  fix  ${markup(remedy.text)}`]),
  ]);
  return [...root, ...findings, ...check.unread.map((each) => `not read: ${markup(reasonOf(each))}`)].join('\n');
}

function seconds(milliseconds: number): string {
  return (milliseconds / 1000).toFixed(3);
}
