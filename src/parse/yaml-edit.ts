import { parse } from 'yaml';
import { nested, type Splice, spliceOf, type YamlChange } from './yaml-splice.ts';

/** A piece of a text that stands there once, and what takes its place. */
export type TextEdit = readonly [old: string, fresh: string];

/**
 * The edits that put values into a YAML text and leave all else of it, comments and order too, as it is: each is made in what the one before left.
 * Null where that cannot be done safely: no YAML, a place behind an alias, a list where a map is wanted.
 */
export function yamlEdits(text: string, changes: readonly YamlChange[]): readonly TextEdit[] | null {
  let now = text;
  const edits: TextEdit[] = [];
  for (const change of changes) {
    const splice = spliceOf(now, change);
    const next = splice === null ? null : spliced(now, splice);
    if (splice === null || next === null || !means(next, now, change)) return null;
    edits.push(editOf(now, splice));
    now = next;
  }
  return edits;
}

/** The edits that put one word in the place of another wherever it stands, but after a character that makes it part of a longer one. */
export function wordEdits(text: string, word: string, fresh: string, notAfter: string): readonly TextEdit[] {
  let now = text;
  const edits: TextEdit[] = [];
  for (let at = now.indexOf(word); at >= 0; at = now.indexOf(word, at)) {
    const part = now[at - 1] === notAfter;
    if (!part) {
      edits.push(editOf(now, { at, end: at + word.length, fresh }));
      now = spliced(now, { at, end: at + word.length, fresh });
    }
    at += part ? 1 : fresh.length;
  }
  return edits;
}

/** The edit that puts more at the end of a text. */
export function endEdit(text: string, more: string): TextEdit {
  return editOf(text, { at: text.length, end: text.length, fresh: `${text === '' || text.endsWith('\n') ? '' : '\n'}${more}` });
}

const spliced = (text: string, { at, end, fresh }: Splice): string => text.slice(0, at) + fresh + text.slice(end);

// Characters around an edit that are enough to tell it from its like, most often.
const reach = 60;

/** The splice with as much around it as makes it the only one of its kind: whole lines where they are short. */
function editOf(text: string, { at, end, fresh }: Splice): TextEdit {
  let from = Math.max(text.lastIndexOf('\n', at - 1) + 1, at - reach);
  const line = text.indexOf('\n', end);
  const to = Math.min(line < 0 ? text.length : line, end + reach);
  while (from > 0 && text.indexOf(text.slice(from, to)) !== text.lastIndexOf(text.slice(from, to)))
    from = Math.max(0, text.lastIndexOf('\n', from - 2) + 1, from - reach);
  return [text.slice(from, to), text.slice(from, at) + fresh + text.slice(end, to)];
}

/** Whether the text after a change says what it said before, and the change. */
function means(next: string, before: string, { path, value }: YamlChange): boolean {
  const read = (text: string): unknown => parse(text, { maxAliasCount: 100, merge: true, logLevel: 'silent' });
  try {
    return JSON.stringify(read(next)) === JSON.stringify(withValue(read(before), path, value));
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
