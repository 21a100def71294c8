import Table from 'cli-table3';
import { visible } from './safe.ts';

const sides = ['top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left', 'bottom-right'];
const middles = ['left', 'left-mid', 'mid', 'mid-mid', 'right', 'right-mid', 'middle'];
const borderless = Object.fromEntries([...sides, ...middles].map((name) => [name, '']));

/** Rows as kubectl prints them: aligned columns without borders, three spaces apart. */
export function columnLines(rows: readonly (readonly string[])[]): readonly string[] {
  const table = new Table({ chars: borderless, style: { 'padding-left': 0, 'padding-right': 3, head: [], border: [] } });
  table.push(...rows.map((row) => row.map(visible)));
  return table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd());
}
