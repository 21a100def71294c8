import type { Report, Status } from '../model/report.ts';
import { visible } from './safe.ts';

const statuses: readonly Status[] = ['pass', 'fail', 'unknown', 'skip', 'ignored'];

/** The report as metrics in the text format 0.0.4, for node_exporter's textfile collector or a Pushgateway. */
export function prometheus(report: Report): string {
  const checks = report.pipelines.flatMap(({ id, checks }) => checks.map((check) => ({ pipeline: id, ...check })));
  const states = checks.flatMap(({ pipeline, id, hop, severity, status }) =>
    statuses.map((each) => sample('tokmeter_check_status', { pipeline, check: id, hop, severity, status: each }, each === status ? 1 : 0)),
  );
  const findings = checks.map(({ pipeline, id, findings }) => sample('tokmeter_check_findings', { pipeline, check: id }, findings.length));
  return [
    ...family('tokmeter_check_status', '1 for the status that the check has', states),
    ...family('tokmeter_check_findings', 'what is wrong, by check', findings),
    ...family('tokmeter_exit_code', 'exit code of the run', [sample('tokmeter_exit_code', {}, report.exitCode)]),
    ...family('tokmeter_complete', '0 when the run was cut short', [sample('tokmeter_complete', {}, report.complete ? 1 : 0)]),
    ...family('tokmeter_started_timestamp_seconds', 'when the run began', [
      sample('tokmeter_started_timestamp_seconds', {}, Date.parse(report.startedAt) / 1000),
    ]),
    ...family('tokmeter_duration_seconds', 'how long it took', [sample('tokmeter_duration_seconds', {}, report.durationMs / 1000)]),
    ...family('tokmeter_info', 'the program and what it looked at', [
      sample('tokmeter_info', { version: report.tool.version, origin: report.origin.kind, name: report.origin.name }, 1),
    ]),
    '',
  ].join('\n');
}

function family(name: string, help: string, samples: readonly string[]): readonly string[] {
  return samples.length === 0 ? [] : [`# HELP ${name} ${help}`, `# TYPE ${name} gauge`, ...samples];
}

function sample(name: string, labels: Readonly<Record<string, string>>, value: number): string {
  const pairs = Object.entries(labels).map(([label, text]) => `${label}="${visible(text).replace(/[\\"]/g, '\\$&')}"`);
  return `${name}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${value}`;
}
