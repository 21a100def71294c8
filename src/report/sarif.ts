import type { Finding } from '../model/check.ts';
import type { CheckResult, Report } from '../model/report.ts';
import { conclusion, reasonOf } from './conclusion.ts';
import { json } from './document.ts';
import { visible } from './safe.ts';

/** SARIF 2.1.0. Objects of a cluster have no file: each finding is placed at "cluster/Kind/namespace/name.yaml". */
export function sarif(report: Report): string {
  const checks = report.pipelines.flatMap((pipeline) => pipeline.checks);
  const unread = [...checks.filter(({ status }) => status !== 'pass').flatMap((check) => check.unread), ...(report.notFound?.unread ?? [])];
  const run = {
    tool: { driver: { name: 'tokmeter', version: report.tool.version, rules: rulesOf(checks) } },
    invocations: [
      {
        executionSuccessful: report.complete && report.exitCode !== 70,
        exitCode: report.exitCode,
        exitCodeDescription: visible(conclusion(report, 'tokmeter').sentence),
        toolExecutionNotifications: unread.map((each) => ({ level: 'error', message: { text: reasonOf(each) } })),
      },
    ],
    results: checks.flatMap(resultsOf),
  };
  return json({ $schema: 'https://json.schemastore.org/sarif-2.1.0.json', version: '2.1.0', runs: [run] });
}

function rulesOf(checks: readonly CheckResult[]): readonly unknown[] {
  const first = checks.filter(({ id }, at) => checks.findIndex((other) => other.id === id) === at);
  return first.map(({ id, title, severity, hop }) => ({
    id,
    shortDescription: { text: title },
    defaultConfiguration: { level: severity },
    properties: { hop },
  }));
}

function resultsOf(check: CheckResult): readonly unknown[] {
  const suppressed =
    check.status === 'ignored' ? { suppressions: [{ kind: 'external', justification: visible(check.because ?? '') }] } : {};
  const consequence = check.consequenceOf === null ? {} : { properties: { consequenceOf: check.consequenceOf } };
  return check.findings.map((finding) => ({
    ruleId: check.id,
    level: finding.severity ?? check.severity,
    message: { text: visible(`${finding.subject}: ${finding.message}`) },
    locations: [{ physicalLocation: { artifactLocation: { uri: placeOf(finding) } } }],
    partialFingerprints: { 'tokmeter/v1': visible(`${check.id} ${finding.subject}`) },
    ...suppressed,
    ...consequence,
  }));
}

/** "PodMonitor ns/name" as "cluster/PodMonitor/ns/name.yaml". */
function placeOf({ subject }: Finding): string {
  const parts = visible(subject).replaceAll(/\s+/g, '/').split('/');
  return `cluster/${parts.map(encodeURIComponent).join('/')}.yaml`;
}
