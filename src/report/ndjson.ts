import type { Report } from '../model/report.ts';
import { checkDocument, document } from './document.ts';
import { escaped } from './safe.ts';

/** A line a check, as it stands in the JSON report, and the rest of the report last. */
export function ndjson(report: Report): string {
  const checks = report.pipelines.flatMap(({ id, checks }) =>
    checks.map((check) => ({ type: 'check', pipeline: id, ...checkDocument(check) })),
  );
  const pipelines = report.pipelines.map(({ checks: _, ...pipeline }) => pipeline);
  return [...checks, { type: 'report', ...document(report), pipelines }].map((line) => `${escaped(JSON.stringify(line))}\n`).join('');
}
