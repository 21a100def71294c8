import type { Check } from '../model/check.ts';
import { columnLines } from './columns.ts';
import { paint, type Style } from './style.ts';
import { hanging } from './text.ts';

/** A check as other pipelines word it. */
interface Otherwise {
  readonly check: Check;
  readonly pipelines: readonly string[];
}

/** A check explained in the terminal, and how other pipelines word it. */
export function explained(check: Check, style: Style, otherwise: readonly Otherwise[] = []): string {
  const { strong, faint } = paint(style);
  const part = (name: string, text: string): readonly string[] => ['', strong(name), ...hanging(text, 2, style.columns)];
  const follows = check.follows.length === 0 ? [] : part('follows from', check.follows.join(', '));
  return `${[
    `${strong(check.id)}  ${faint(`${check.hop}, ${check.severity}`)}`,
    ...hanging(`healthy when ${check.title}`, 2, style.columns),
    ...part('why it matters', check.why),
    ...part('how to mend it', check.fix),
    ...otherwise.flatMap(({ check: other, pipelines }) => part(`for ${pipelines.join(', ')}`, differing(other, check))),
    ...follows,
    '',
    `  ${style.program} doctor --include ${check.id}`,
  ].join('\n')}\n`;
}

/** What is said otherwise: as one text, because that is all that differs. */
function differing(other: Check, first: Check): string {
  const why = other.why === first.why ? [] : [other.why];
  const fix = other.fix === first.fix ? [] : [other.fix];
  return [`Healthy when ${other.title}.`, ...why, ...fix].join(' ');
}

/** The table of all checks in the terminal. */
export function explainedTable(rows: readonly (readonly string[])[], style: Style): string {
  return `${[...columnLines(rows), '', `  ${style.program} explain ID`].join('\n')}\n`;
}
