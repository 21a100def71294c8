import { CST, isAlias, isMap, isScalar, isSeq, Lexer, type Pair, parse, parseDocument, visit, type YAMLMap } from 'yaml';
import { isRecord, sortedFields } from '../parse/fields.ts';
import { rangeOf } from '../parse/yaml-splice.ts';

type Range = readonly [start: number, end: number, ...rest: readonly number[]];
type Cut = readonly [start: number, end: number, fresh: string];

/** Nobody edits texts beyond this by hand, and the yaml library takes seconds for them. */
const largest = 256 * 1024;

/**
 * A YAML text without what was taken out of its tree, and without comments, written as it was: an edit of what is left fits the whole text too.
 * Where that cannot be done, the tree as JSON, which is YAML as well.
 */
export function inLayout(text: string, left: unknown): string {
  const cut = cutOf(text, left);
  return cut !== null && means(cut, left) ? cut : JSON.stringify(left);
}

/** That keys are unique is seen here: the library compares each to all others. */
const quick = { logLevel: 'error', uniqueKeys: false } as const;

/** Null for a text that has more than its tree says: anchors, tags, directives, control characters. */
function cutOf(text: string, left: unknown): string | null {
  if (text.length > largest || /[\x00-\x08\x0b-\x1f]/.test(text) || /^%/m.test(text)) return null;
  const document = parseDocument(text, quick);
  if (document.errors.length > 0 || document.contents === null) return null;
  let plain = true;
  visit(document, (_, node) => {
    if (isAlias(node)) plain = false;
    if ((isScalar(node) || isMap(node) || isSeq(node)) && (node.anchor !== undefined || node.tag !== undefined)) plain = false;
  });
  const cuts = plain ? cutsOf(document.contents, left, text) : null;
  return cuts === null ? null : without(text, [...cuts, ...commentsOf(text)]);
}

function without(text: string, cuts: readonly Cut[]): string {
  let [now, at] = ['', 0];
  for (const [start, end, fresh] of cuts.toSorted(([a, aEnd], [b, bEnd]) => a - b || bEnd - aEnd)) {
    // within what is gone already
    if (start < at) continue;
    now += text.slice(at, start) + fresh;
    at = end;
  }
  return now + text.slice(at);
}

function commentsOf(text: string): readonly Cut[] {
  const cuts: Cut[] = [];
  let at = 0;
  let scalar = false;
  for (const lexeme of new Lexer().lex(text)) {
    // marks of the lexer, which are not in the text
    if (/^[\x02\x18\x1f]$/.test(lexeme)) {
      scalar = lexeme === CST.SCALAR;
      continue;
    }
    if (!scalar && CST.tokenType(lexeme) === 'comment') cuts.push([at, at + lexeme.length, '']);
    scalar = false;
    at += lexeme.length;
  }
  return cuts;
}

/** What has to go so that a node says what is left of it; null when that cannot be told. */
function cutsOf(node: unknown, left: unknown, text: string): readonly Cut[] | null {
  if (isMap(node) && isRecord(left)) return mapCuts(node, left, text);
  if (isSeq(node) && Array.isArray(left)) {
    if (node.items.length !== left.length) return null;
    return joined(node.items.map((item, at) => cutsOf(item, left[at], text)));
  }
  const range = rangeOf(node);
  if (isScalar(node) && node.value === left) return [];
  return range === null || isRecord(left) || Array.isArray(left) ? null : [cutAt(text, range, JSON.stringify(left))];
}

function mapCuts({ items, range, flow }: YAMLMap, left: Readonly<Record<string, unknown>>, text: string): readonly Cut[] | null {
  const keyOf = ({ key }: Pair): string => (isScalar(key) ? String(key.value) : '');
  const last = items.findLastIndex((pair) => Object.hasOwn(left, keyOf(pair)));
  const keys = new Set(items.map(keyOf));
  if (range == null || keys.size < items.length || Object.keys(left).some((key) => !keys.has(key))) return null;
  if (last < 0) return items.length === 0 ? [] : [flow === true ? [range[0], range[1], '{}'] : cutAt(text, range, '{}')];
  const cuts = items.slice(0, last + 1).map((pair, at): readonly Cut[] | null => {
    const [start, next] = [rangeOf(pair.key)?.[0], rangeOf(items[at + 1]?.key)?.[0]];
    if (Object.hasOwn(left, keyOf(pair))) return pairCuts(pair, left[keyOf(pair)], text);
    return start === undefined || next === undefined ? null : [[start, next, '']];
  });
  const [end, all] = [endOf(items[last]), endOf(items.at(-1))];
  return end === null || all === null
    ? null
    : joined([...cuts, end < all ? [[end, all, text[end - 1] === '\n' || text[all - 1] !== '\n' ? '' : '\n']] : []]);
}

function pairCuts({ key, value }: Pair, left: unknown, text: string): readonly Cut[] | null {
  const [start, end] = [rangeOf(key)?.[1], rangeOf(value)?.[1]];
  const whole = (isMap(value) || isSeq(value)) && !isRecord(left) && !Array.isArray(left);
  if (!whole) return value === null ? [] : cutsOf(value, left, text);
  return start === undefined || end === undefined ? null : [cutAt(text, [start, end], `: ${JSON.stringify(left)}`)];
}

/** A piece of lines of its own stays one. */
const cutAt = (text: string, [start, end]: Range, fresh: string): Cut => [start, end, text[end - 1] === '\n' ? `${fresh}\n` : fresh];

const joined = (all: readonly (readonly Cut[] | null)[]): readonly Cut[] | null => (all.every((cuts) => cuts !== null) ? all.flat() : null);

const endOf = (pair: Pair | undefined): number | null => (rangeOf(pair?.value) ?? rangeOf(pair?.key))?.[1] ?? null;

function means(cut: string, left: unknown): boolean {
  try {
    return (
      commentsOf(cut).length === 0 && JSON.stringify(parse(cut, { logLevel: 'error' }), sortedFields) === JSON.stringify(left, sortedFields)
    );
  } catch {
    // what was cut was more than that
    return false;
  }
}
