import type { Table } from '../model/pipeline.ts';
import type { Unread } from '../model/source.ts';
import { columnLines } from './columns.ts';
import { reasonOf } from './conclusion.ts';
import { json } from './document.ts';
import { visible } from './safe.ts';
import { paint, type Style } from './style.ts';
import { hanging } from './text.ts';
import { yaml } from './yaml.ts';

/** What `tokmeter get` can print. */
export const viewFormats = ['table', 'wide', 'json', 'yaml'] as const;
export type ViewFormat = (typeof viewFormats)[number];

/** A table of `tokmeter get`, in kubectl's manner: columns without borders, or the items as data. */
export function view(name: string, table: Table, format: ViewFormat, style: Style): string {
  switch (format) {
    case 'json':
      return json(viewDocument(name, table));
    case 'yaml':
      return yaml(viewDocument(name, table));
    case 'table':
    case 'wide':
      return `${[...tableLines(table, format === 'wide'), ...unreadLines(table.unread, style)].join('\n')}\n`;
  }
}

function viewDocument(name: string, { items, unread }: Table): Record<string, unknown> {
  return { schemaVersion: '1', view: name, items, unread };
}

function tableLines({ columns, rows, empty }: Table, wide: boolean): readonly string[] {
  if (rows.length === 0) return [visible(empty)];
  const shown = columns.flatMap((column, at) => (wide || column.wide !== true ? [at] : []));
  const cells = [columns.map(({ name }) => name.toUpperCase()), ...rows];
  return columnLines(cells.map((row) => shown.map((at) => row[at] ?? '')));
}

function unreadLines(unread: readonly Unread[], style: Style): readonly string[] {
  const paints = paint(style);
  return unread.flatMap((each) => hanging(`not read: ${reasonOf(each)}`, 2, style.columns, '?').map((line) => paints.blind(line)));
}
