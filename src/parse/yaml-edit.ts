import { sortedFields } from './fields.ts';
import { readYaml } from './yaml-guard.ts';
import { nested, type Splice, spliceOf, type YamlChange } from './yaml-splice.ts';

/** A piece of a text, and what takes its place; where the piece stands there several times, which of them it is, from 0, and of how many. */
export type TextEdit = readonly [old: string, fresh: string, ...which: readonly [] | readonly [at: number, of: number]];

// Each edit reads all of the text a few times.
const largest = 200_000;
const most = 50;

/**
 * The edits that put values into a YAML text and leave all else of it, comments and order too, as it is: each is made in what the one before left.
 * Null where that cannot be done safely: a comment that would be shown, or lost with what it stands behind, no YAML, a place behind an alias, a list where a map is wanted, a text that is larger than any that people write.
 */
export function yamlEdits(text: string, changes: readonly YamlChange[]): readonly TextEdit[] | null {
  if (text.length > largest) return null;
  let now = text;
  const edits: TextEdit[] = [];
  for (const change of changes) {
    const splice = spliceOf(now, change);
    const next = splice === null ? null : spliced(now, splice);
    if (splice === null || next === null || hasComment(now, splice) || !means(next, now, change)) return null;
    edits.push(editOf(now, splice));
    now = next;
  }
  return edits;
}

/** The edits that put one word in the place of another wherever it stands, but after a character that makes it part of a longer one; none where it stands all too often. */
export function wordEdits(text: string, word: string, fresh: string, notAfter: string): readonly TextEdit[] {
  if (text.length > largest || text.split(word).length > most) return [];
  let now = text;
  const edits: TextEdit[] = [];
  for (let at = now.indexOf(word); at >= 0; at = now.indexOf(word, at)) {
    const splice = { at, end: at + word.length, fresh, from: at, to: at + word.length };
    const part = now[at - 1] === notAfter;
    if (!part) edits.push(editOf(now, splice));
    now = part ? now : spliced(now, splice);
    at += part ? 1 : fresh.length;
  }
  return edits;
}

const spliced = (text: string, { at, end, fresh }: Splice): string => text.slice(0, at) + fresh + text.slice(end);

/** In comments stands what people keep to themselves. What is in quotes and looks like one counts as well. */
const hasComment = (text: string, { from, to }: Splice): boolean => /\s#/.test(text.slice(from, to));

function editOf(text: string, { at, end, fresh, from, to }: Splice): TextEdit {
  const old = text.slice(from, to);
  const edit = [old, text.slice(from, at) + fresh + text.slice(end, to)] as const;
  const of = text.split(old).length - 1;
  return of === 1 ? edit : [...edit, text.slice(0, from).split(old).length - 1, of];
}

/** Whether the text after a change says what it said before, and the change. */
function means(next: string, before: string, { path, value }: YamlChange): boolean {
  const read = (text: string): unknown => readYaml(text, { merge: true });
  try {
    return JSON.stringify(read(next), sortedFields) === JSON.stringify(withValue(read(before), path, value), sortedFields);
  } catch {
    // It is no YAML any more.
    return false;
  }
}

function withValue(tree: unknown, [step, ...rest]: readonly (string | number)[], value: unknown): unknown {
  if (step === undefined) return value;
  if (Array.isArray(tree)) {
    if (step === '-') return [...tree, value];
    return tree.map((item, index) => (index === step ? withValue(item, rest, value) : item));
  }
  const fields = (tree ?? {}) as Readonly<Record<string, unknown>>;
  const inner = fields[step] == null ? nested(rest, value) : withValue(fields[step], rest, value);
  return Object.fromEntries(new Map([...Object.entries(fields), [String(step), inner]]));
}
