import type { Edit } from './promql.ts';

/** A dashboard query with its variables replaced so that it parses, and the way back to what its author wrote. */
export interface Substituted {
  readonly query: string;
  /** Whether a label name or identifier stands for a variable. */
  isVariable(name: string): boolean;
  /** Edits of `query`, as edits of the original text; null when one would cut through a variable. */
  original(edits: readonly Edit[]): readonly Edit[] | null;
}

/** $name, ${name}, ${name:format}, [[name]], [[name:format]]: Grafana's variable syntax. */
const variable = /\$\{(\w+)(?:\.[^:}]+)?(?::[^}]*)?\}|\$(\w+)|\[\[(\w+)(?::[^\]]*)?\]\]/y;
const prefix = 'gv_';
// Variables that Grafana fills with numbers: https://grafana.com/docs/grafana/latest/dashboards/variables/add-template-variables/#global-variables
const numbers: Readonly<Record<string, string>> = {
  __interval_ms: '60000',
  __range_s: '3600',
  __range_ms: '3600000',
  __from: '0',
  __to: '0',
};

interface Piece {
  /** In the substituted text. */
  readonly at: number;
  readonly length: number;
  /** In the original. */
  readonly from: number;
  readonly to: number;
}

/** Replaces variables outside of strings: a duration in brackets or after offset becomes 5m, a count 5, anything else an identifier. Strings stay; their variables are the matcher's business. */
export function substituteVariables(original: string): Substituted {
  const pieces: Piece[] = [];
  let query = '';
  for (let at = 0; at < original.length; ) {
    const string = stringAt(original, at);
    const found = string === '' ? variableAt(original, at) : null;
    if (found === null) {
      const text = string === '' ? (original[at] ?? '') : string;
      query += text;
      at += text.length;
      continue;
    }
    const text = replacement(found.name, query);
    pieces.push({ at: query.length, length: text.length, from: at, to: at + found.length });
    query += text;
    at += found.length;
  }
  return { query, isVariable: (name) => name.startsWith(prefix), original: (edits) => backwards(edits, pieces) };
}

/** Whether the text of a string literal holds a variable, so that its value is not known. */
export function holdsVariable(value: string): boolean {
  return /\$\{?\w+|\[\[\w+/.test(value);
}

function stringAt(text: string, at: number): string {
  const quote = text[at];
  if (quote !== '"' && quote !== "'" && quote !== '`') return '';
  for (let end = at + 1; end < text.length; end++) {
    if (text[end] === '\\' && quote !== '`') end++;
    else if (text[end] === quote) return text.slice(at, end + 1);
  }
  return text.slice(at);
}

function variableAt(text: string, at: number): { name: string; length: number } | null {
  variable.lastIndex = at;
  const match = variable.exec(text);
  return match === null ? null : { name: match[1] ?? match[2] ?? match[3] ?? '', length: match[0].length };
}

function replacement(name: string, before: string): string {
  if (name in numbers) return numbers[name] ?? '';
  if (/[[:]\s*$/.test(before) && before.lastIndexOf('[') > before.lastIndexOf(']')) return '5m';
  if (/\boffset\s+-?\s*$/i.test(before) || name === '__interval' || name === '__rate_interval' || name === '__range') return '5m';
  if (/\b(?:topk|bottomk|quantile|limitk|limit_ratio)\s*(?:by\s*\([^)]*\)\s*)?\(\s*$/i.test(before)) return '5';
  return prefix + name;
}

function backwards(edits: readonly Edit[], pieces: readonly Piece[]): readonly Edit[] | null {
  const place = (position: number): number => {
    const before = pieces.filter((piece) => piece.at + piece.length <= position);
    return position + before.reduce((shift, piece) => shift + (piece.to - piece.from) - piece.length, 0);
  };
  const cuts = edits.some((edit) => pieces.some((piece) => edit.from < piece.at + piece.length && edit.to > piece.at));
  return cuts ? null : edits.map((edit) => ({ from: place(edit.from), to: place(edit.to), text: edit.text }));
}
