import type { LabelMatch } from './promql.ts';
import { anchored } from './re2/match.ts';
import { PatternError } from './re2/state.ts';

/** Whether a pattern takes the whole of a text, as Prometheus's do; one that Prometheus refuses takes none. */
export function takesWhole(pattern: string, text: string): boolean {
  try {
    return anchored(pattern).fullMatch(text) !== null;
  } catch (error) {
    if (error instanceof PatternError) return false;
    throw error;
  }
}

/** Whether a label matcher takes a value. */
export function takesValue({ op, value }: Pick<LabelMatch, 'op' | 'value'>, actual: string): boolean {
  const hit = op === '=' || op === '!=' ? actual === value : takesWhole(value, actual);
  return op === '=' || op === '=~' ? hit : !hit;
}
