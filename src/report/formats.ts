import type { Report } from '../model/report.ts';
import { jsonReport, yamlReport } from './document.ts';
import { github } from './github.ts';
import { html } from './html.ts';
import { junit } from './junit.ts';
import { markdown } from './markdown.ts';
import { ndjson } from './ndjson.ts';
import { prometheus } from './prometheus.ts';
import { sarif } from './sarif.ts';
import type { Style } from './style.ts';
import { tap } from './tap.ts';
import { terminal } from './terminal.ts';

export const formatNames = [
  'table',
  'wide',
  'short',
  'json',
  'yaml',
  'ndjson',
  'junit',
  'sarif',
  'tap',
  'github',
  'markdown',
  'html',
  'prometheus',
] as const;
export type FormatName = (typeof formatNames)[number];

/** Every way to write a report down. */
export const formats: Readonly<Record<FormatName, (report: Report, style: Style) => string>> = {
  table: (report, style) => terminal(report, style, 'table'),
  wide: (report, style) => terminal(report, style, 'wide'),
  short: (report, style) => terminal(report, style, 'short'),
  json: jsonReport,
  yaml: yamlReport,
  ndjson,
  junit,
  sarif,
  tap,
  github,
  markdown,
  html,
  prometheus,
};
