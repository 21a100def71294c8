import type { Finding } from '../model/check.ts';
import type { CheckResult, PipelineReport, Report } from '../model/report.ts';
import { escaped } from './safe.ts';
import { yaml } from './yaml.ts';

/** The report as one JSON document: docs/report.schema.json. */
export function jsonReport(report: Report): string {
  return json(document(report));
}

/** The same document as YAML. */
export function yamlReport(report: Report): string {
  return yaml(document(report));
}

/** Data as JSON that is safe to print to a terminal. */
export function json(data: unknown): string {
  return `${escaped(JSON.stringify(data, null, 2))}\n`;
}

/** The report with its keys in the published order and nothing else. */
export function document(report: Report): Record<string, unknown> {
  const { schemaVersion, tool, origin, startedAt, durationMs, complete, exitCode, requests, via, pipelines, notFound } = report;
  return {
    schemaVersion,
    tool: { name: tool.name, version: tool.version },
    origin: { kind: origin.kind, name: origin.name },
    startedAt,
    durationMs,
    complete,
    exitCode,
    requests: { kubernetes: requests.kubernetes, tunnels: requests.tunnels, prometheus: requests.prometheus },
    via,
    pipelines: pipelines.map(pipelineDocument),
    notFound,
  };
}

function pipelineDocument({ id, variant, about, summary, brokenAt, unreadBefore, checks }: PipelineReport): Record<string, unknown> {
  return { id, variant, about, summary, brokenAt, unreadBefore, checks: checks.map(checkDocument) };
}

export function checkDocument(check: CheckResult): Record<string, unknown> {
  const { id, title, hop, severity, status, consequenceOf, because, findings, unread, durationMs } = check;
  return { id, title, hop, severity, status, consequenceOf, because, findings: findings.map(findingDocument), unread, durationMs };
}

function findingDocument({ subject, message, evidence, remedy, severity, about }: Finding): Record<string, unknown> {
  return {
    subject,
    message,
    ...(severity === undefined ? {} : { severity }),
    evidence: { saw: evidence.saw, run: evidence.run },
    ...(remedy === undefined ? {} : { remedy }),
    ...(about === undefined ? {} : { about }),
  };
}
