import type { UsageReport } from '../model/usage.ts';
import { json } from './document.ts';
import type { Style } from './style.ts';
import { usageCsv } from './usage-csv.ts';
import { usageDocument } from './usage-document.ts';
import { usageMarkdown } from './usage-markdown.ts';
import { usageTables } from './usage-table.ts';
import { yaml } from './yaml.ts';

/** What `tokmeter usage` can print. */
export const usageFormats = ['table', 'wide', 'json', 'yaml', 'csv', 'markdown', 'html'] as const;
export type UsageFormat = (typeof usageFormats)[number];

/** The usage of one or more pipelines as text. The page is made by usage-html.ts, apart: it brings a chart library. */
export function usageText(reports: readonly UsageReport[], format: Exclude<UsageFormat, 'html'>, style: Style, version: string): string {
  switch (format) {
    case 'table':
    case 'wide':
      return usageTables(reports, style, format === 'wide');
    case 'json':
      return json(usageDocument(reports, version));
    case 'yaml':
      return yaml(usageDocument(reports, version));
    case 'csv':
      return usageCsv(reports);
    case 'markdown':
      return usageMarkdown(reports);
  }
}
