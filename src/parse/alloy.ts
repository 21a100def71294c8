import { AlloyError, type Token, tokensOf } from './alloy-tokens.ts';

/** An expression of Alloy's configuration syntax, as far as wiring needs it. */
export type AlloyValue =
  | { readonly is: 'text'; readonly text: string }
  | { readonly is: 'list'; readonly items: readonly AlloyValue[] }
  | { readonly is: 'object'; readonly fields: readonly (readonly [name: string, value: AlloyValue])[] }
  /** "discovery.kubernetes.pods.targets" as its parts. */
  | { readonly is: 'reference'; readonly path: readonly string[] }
  | { readonly is: 'call'; readonly name: string; readonly args: readonly AlloyValue[] }
  /** Operands of an operator. */
  | { readonly is: 'operation'; readonly parts: readonly AlloyValue[] };

/** A block with its attributes and inner blocks: `discovery.relabel "x" { … }`. */
export interface AlloyBlock {
  /** "discovery.relabel", "rule". */
  readonly name: string;
  readonly label: string | null;
  readonly attributes: ReadonlyMap<string, AlloyValue>;
  readonly blocks: readonly AlloyBlock[];
}

/** Reads a configuration file of Alloy. Throws AlloyError. */
export function alloyOf(source: string): Pick<AlloyBlock, 'attributes' | 'blocks'> {
  const reading = { tokens: tokensOf(source), at: 0, depth: 0 };
  const body = bodyOf(reading, null);
  return body;
}

interface Reading {
  readonly tokens: readonly Token[];
  at: number;
  depth: number;
}

function peek(reading: Reading): Token | undefined {
  return reading.tokens[reading.at];
}

function take(reading: Reading, sign?: string): Token {
  const token = reading.tokens[reading.at++];
  if (token === undefined || (sign !== undefined && token.text !== sign)) {
    throw new AlloyError(`${sign ?? 'more'} is missing ${token === undefined ? 'at the end' : `before ${JSON.stringify(token.text)}`}`);
  }
  return token;
}

function skipLines(reading: Reading): void {
  while (peek(reading)?.kind === 'line' || isSign(reading, ';')) reading.at++;
}

function isSign(reading: Reading, sign: string): boolean {
  const token = peek(reading);
  return token?.kind === 'sign' && token.text === sign;
}

/** Deeper than any configuration is: a text that is meant to exhaust the stack ends here. */
const deepest = 200;

function bodyOf(reading: Reading, end: string | null): Pick<AlloyBlock, 'attributes' | 'blocks'> {
  const attributes = new Map<string, AlloyValue>();
  const blocks: AlloyBlock[] = [];
  if (++reading.depth > deepest) throw new AlloyError('it is nested too deeply');
  for (skipLines(reading); peek(reading) !== undefined && !(end !== null && isSign(reading, end)); skipLines(reading)) {
    const name = dotted(reading);
    if (isSign(reading, '=')) {
      take(reading);
      attributes.set(name, expressionOf(reading));
      continue;
    }
    const label = peek(reading)?.kind === 'text' ? take(reading).text : null;
    take(reading, '{');
    blocks.push({ name, label, ...bodyOf(reading, '}') });
    take(reading, '}');
  }
  reading.depth--;
  return { attributes, blocks };
}

function dotted(reading: Reading): string {
  const parts = [wordOf(reading)];
  while (isSign(reading, '.')) {
    take(reading);
    parts.push(wordOf(reading));
  }
  return parts.join('.');
}

function wordOf(reading: Reading): string {
  const token = take(reading);
  if (token.kind !== 'word') throw new AlloyError(`${JSON.stringify(token.text)} is no name`);
  return token.text;
}

const operators = new Set(['+', '-', '*', '/', '%', '^', '&&', '||', '==', '!=', '<', '>', '<=', '>=']);

function expressionOf(reading: Reading): AlloyValue {
  if (++reading.depth > deepest) throw new AlloyError('it is nested too deeply');
  const parts = [operandOf(reading)];
  while (peek(reading)?.kind === 'sign' && operators.has(peek(reading)?.text ?? '')) {
    take(reading);
    skipLines(reading);
    parts.push(operandOf(reading));
  }
  reading.depth--;
  const [only] = parts;
  return parts.length === 1 && only !== undefined ? only : { is: 'operation', parts };
}

function operandOf(reading: Reading): AlloyValue {
  const token = take(reading);
  if (token.kind === 'text' || token.kind === 'number') return accessed(reading, { is: 'text', text: token.text });
  if (token.kind === 'word') return accessed(reading, worded(token.text));
  if (token.text === '-' || token.text === '!') return operandOf(reading);
  if (token.text === '(') {
    skipLines(reading);
    const inner = expressionOf(reading);
    skipLines(reading);
    take(reading, ')');
    return accessed(reading, inner);
  }
  if (token.text === '[') return accessed(reading, { is: 'list', items: itemsOf(reading, ']') });
  if (token.text === '{') return accessed(reading, { is: 'object', fields: fieldsOf(reading) });
  throw new AlloyError(`${JSON.stringify(token.text)} is out of place`);
}

function worded(word: string): AlloyValue {
  return word === 'true' || word === 'false' || word === 'null' ? { is: 'text', text: word } : { is: 'reference', path: [word] };
}

/** Fields, indexes and calls after an operand. */
function accessed(reading: Reading, start: AlloyValue): AlloyValue {
  let value = start;
  for (;;) {
    if (isSign(reading, '.')) {
      take(reading);
      value = field(value, wordOf(reading));
    } else if (isSign(reading, '[')) {
      take(reading);
      const [index] = itemsOf(reading, ']');
      value = field(value, index?.is === 'text' ? index.text : '*');
    } else if (isSign(reading, '(')) {
      take(reading);
      value = { is: 'call', name: value.is === 'reference' ? value.path.join('.') : '', args: itemsOf(reading, ')') };
    } else return value;
  }
}

function field(value: AlloyValue, name: string): AlloyValue {
  return value.is === 'reference' ? { is: 'reference', path: [...value.path, name] } : { is: 'operation', parts: [value] };
}

function itemsOf(reading: Reading, end: string): readonly AlloyValue[] {
  const items: AlloyValue[] = [];
  for (skipLines(reading); !isSign(reading, end); skipLines(reading)) {
    items.push(expressionOf(reading));
    skipLines(reading);
    if (!isSign(reading, end)) take(reading, ',');
  }
  take(reading, end);
  return items;
}

function fieldsOf(reading: Reading): readonly (readonly [string, AlloyValue])[] {
  const fields: (readonly [string, AlloyValue])[] = [];
  for (skipLines(reading); !isSign(reading, '}'); skipLines(reading)) {
    const name = take(reading).text;
    skipLines(reading);
    take(reading, '=');
    skipLines(reading);
    fields.push([name, expressionOf(reading)]);
    skipLines(reading);
    if (!isSign(reading, '}')) take(reading, ',');
  }
  take(reading, '}');
  return fields;
}
