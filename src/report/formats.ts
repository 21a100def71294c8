import type { Report } from '../model/report.ts';
import { jsonReport, yamlReport } from './document.ts';
import { junit } from './junit.ts';
import type { Style } from './style.ts';
import { terminal } from './terminal.ts';

export const formatNames = ['table', 'wide', 'short', 'json', 'yaml', 'junit'] as const;
export type FormatName = (typeof formatNames)[number];

/** Every way to write a report down. */
export const formats: Readonly<Record<FormatName, (report: Report, style: Style) => string>> = {
  table: (report, style) => terminal(report, style, 'table'),
  wide: (report, style) => terminal(report, style, 'wide'),
  short: (report, style) => terminal(report, style, 'short'),
  json: jsonReport,
  yaml: yamlReport,
  junit,
};
