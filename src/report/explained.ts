import type { Check } from '../model/check.ts';
import { columnLines } from './columns.ts';
import { paint, type Style } from './style.ts';
import { hanging } from './text.ts';

/** A check explained in the terminal. */
export function explained(check: Check, style: Style): string {
  const { strong, faint } = paint(style);
  const part = (name: string, text: string): readonly string[] => ['', strong(name), ...hanging(text, 2, style.columns)];
  const follows = check.follows.length === 0 ? [] : part('follows from', check.follows.join(', '));
  return `${[
    `${strong(check.id)}  ${faint(`${check.hop}, ${check.severity}`)}`,
    ...hanging(`healthy when ${check.title}`, 2, style.columns),
    ...part('why it matters', check.why),
    ...part('how to mend it', check.fix),
    ...follows,
    '',
    `  ${style.program} doctor --include ${check.id}`,
  ].join('\n')}\n`;
}

/** The table of all checks in the terminal. */
export function explainedTable(rows: readonly (readonly string[])[], style: Style): string {
  return `${[...columnLines(rows), '', `  ${style.program} explain ID`].join('\n')}\n`;
}
