import { Document, isMap, isScalar, isSeq, LineCounter, type Pair, parseDocument, visit, type YAMLMap, type YAMLSeq } from 'yaml';
import { yamlTrouble } from './yaml-guard.ts';

/** A value put at a place of a YAML text. The last step "-" puts it at the end of a list; maps on the way that are not there are made. */
export interface YamlChange {
  readonly path: readonly (string | number)[];
  readonly value: unknown;
}

/** A piece of a text, from `at` up to `end`, and what takes its place. */
export interface Splice {
  readonly at: number;
  readonly end: number;
  readonly fresh: string;
  /** A little more of the text, by which the place is known again: keys, and values that are none but those that change. What else stands there may be secret. */
  readonly from: number;
  readonly to: number;
}

/** Where a value has to be written into a text; null: there is no such place, or none that can be told. */
export function spliceOf(text: string, { path, value }: YamlChange): Splice | null {
  if (yamlTrouble(text) !== null) return null;
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, merge: true, uniqueKeys: false, logLevel: 'silent' });
  if (document.errors.length > 0) return null;
  const written: Written = { text, column: (offset) => lines.linePos(offset).col - 1 };
  return spliceAt(document.contents, { path, value }, written);
}

interface Written {
  readonly text: string;
  readonly column: (offset: number) => number;
}

function spliceAt(node: unknown, { path: [step, ...rest], value }: YamlChange, written: Written): Splice | null {
  if (isSeq(node)) {
    if (step === '-') return rest.length > 0 ? null : appended(node, value, written);
    const item = node.get(step, true);
    return rest.length === 0 ? inPlace(written.text, item, value) : spliceAt(item, { path: rest, value }, written);
  }
  if (!isMap(node) || typeof step !== 'string') return null;
  const pair = node.items.find(({ key }) => isScalar(key) && key.value === step);
  if (pair === undefined) return added(node, { [step]: nested(rest, value) }, written);
  if (rest.length === 0 || (isScalar(pair.value) && pair.value.value === null)) return replaced(written.text, pair, nested(rest, value));
  return spliceAt(pair.value, { path: rest, value }, written);
}

/** A value with the maps and lists on the way to it. */
export function nested(path: readonly (string | number)[], value: unknown): unknown {
  return path.reduceRight<unknown>((inner, step) => (step === '-' || typeof step === 'number' ? [inner] : { [step]: inner }), value);
}

/** In one line: what may stand anywhere. A text that is JSON stays so. */
function flow(text: string, value: unknown): string {
  if (/^\s*\{/.test(text)) return JSON.stringify(value);
  const document = new Document(value);
  visit(document, { Collection: (_, node) => void Object.assign(node, { flow: true }) });
  return document.toString({ lineWidth: 0, flowCollectionPadding: false }).trimEnd();
}

/** In lines of their own, the first without its indent; lists of words in one. */
function block(value: unknown, indent: number): string {
  const document = new Document(value);
  visit(document, { Seq: (_, node) => void Object.assign(node, { flow: node.items.every(isScalar) }) });
  const text = document.toString({ lineWidth: 0, flowCollectionPadding: false });
  return text.trimEnd().replaceAll('\n', `\n${' '.repeat(indent)}`);
}

/** Where the value of a node stands in its text; null: it was written nowhere. */
export function rangeOf(node: unknown): readonly [start: number, end: number] | null {
  const range = (node as { readonly range?: readonly [number, number, number] | null } | null | undefined)?.range;
  return range == null ? null : [range[0], range[1]];
}

/** The end of what a node says, before blanks and line breaks. */
function endOf(text: string, node: unknown): number | null {
  const range = rangeOf(node);
  return range === null ? null : range[0] + text.slice(...range).trimEnd().length;
}

function inPlace(text: string, node: unknown, value: unknown): Splice | null {
  const range = rangeOf(node);
  const end = endOf(text, node);
  if (range === null || end === null || !isScalar(node)) return null;
  return { at: range[0], end, fresh: flow(text, value), from: range[0], to: end };
}

/** A scalar where it stands; a list or a map with its key, for one in lines of its own may stand no further in than its key. */
function replaced(text: string, { key, value: old }: Pair, value: unknown): Splice | null {
  const start = rangeOf(key);
  const end = endOf(text, old) ?? start?.[1];
  if (start === null || end === undefined) return null;
  const [from] = start;
  const kept = isScalar(old) && old.value !== null ? inPlace(text, old, value) : null;
  if (kept !== null) return { ...kept, from };
  const to = Math.max(end, text.indexOf(':', start[1]) + 1);
  return { at: from, end: to, fresh: `${text.slice(...start)}: ${flow(text, value)}`, from, to };
}

/** Before the first of the fields: behind the last one something else would have to be shown. */
function added(map: YAMLMap, value: object, { text, column }: Written): Splice | null {
  const start = rangeOf(map)?.[0];
  const first = rangeOf((map.items[0] as Pair | undefined)?.key);
  if (start === undefined) return null;
  const inner = flow(text, value).slice(1, -1);
  if (first === null) return { at: start + 1, end: start + 1, fresh: inner, from: start, to: start + 1 };
  const [at, to] = first;
  const fresh = map.flow === true ? `${inner}, ` : `${block(value, column(at))}\n${' '.repeat(column(at))}`;
  return { at, end: at, fresh, from: at, to };
}

function appended(list: YAMLSeq, value: unknown, { text, column }: Written): Splice | null {
  const start = rangeOf(list)?.[0];
  const last = list.items.at(-1);
  const end = endOf(text, last);
  if (start === undefined || end === null) return null;
  const from = rangeOf(isMap(last) ? last.items.at(-1)?.key : last)?.[0] ?? start;
  if (list.flow === true) return { at: end, end, fresh: `, ${flow(text, value)}`, from, to: end };
  // After the line, so that its comment stays with it.
  const at = text.indexOf('\n', end) < 0 ? text.length : text.indexOf('\n', end);
  const indent = column(start);
  return { at, end: at, fresh: `\n${' '.repeat(indent)}- ${block(value, indent + 2)}`, from, to: at };
}
