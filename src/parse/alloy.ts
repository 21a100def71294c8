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

/** The text is not Alloy's configuration syntax. */
export class AlloyError extends Error {
  override readonly name = 'AlloyError';
}

/** Reads a configuration file of Alloy. Throws AlloyError. */
export function alloyOf(source: string): Pick<AlloyBlock, 'attributes' | 'blocks'> {
  const reading = { tokens: tokensOf(source), at: 0, depth: 0 };
  const body = bodyOf(reading, null);
  return body;
}

interface Token {
  readonly kind: 'word' | 'text' | 'number' | 'sign' | 'line';
  readonly text: string;
}

interface Reading {
  readonly tokens: readonly Token[];
  at: number;
  depth: number;
}

// Line ends matter only between attributes; commas, dots and brackets carry expressions over them.
const lexemes =
  /([ \t\r]+|\/\/[^\n]*|\/\*[\s\S]*?\*\/)|(\n)|([A-Za-z_]\w*)|("(?:[^"\\\n]|\\[\s\S])*")|(`[^`]*`)|(\d[\w.+-]*)|(&&|\|\||[=!<>]=|[-+*/%^<>!=(){}[\],.;])/y;

function tokensOf(source: string): readonly Token[] {
  const tokens: Token[] = [];
  lexemes.lastIndex = 0;
  while (lexemes.lastIndex < source.length) {
    const at = lexemes.lastIndex;
    const match = lexemes.exec(source);
    if (match === null)
      throw new AlloyError(`line ${source.slice(0, at).split('\n').length}: ${JSON.stringify(source[at])} is out of place`);
    const [, , line, word, quoted, raw, number, sign] = match;
    if (line !== undefined) tokens.push({ kind: 'line', text: '\n' });
    else if (word !== undefined) tokens.push({ kind: 'word', text: word });
    else if (quoted !== undefined) tokens.push({ kind: 'text', text: unquoted(quoted) });
    else if (raw !== undefined) tokens.push({ kind: 'text', text: raw.slice(1, -1) });
    else if (number !== undefined) tokens.push({ kind: 'number', text: number });
    else if (sign !== undefined) tokens.push({ kind: 'sign', text: sign });
  }
  return tokens;
}

const escapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', '\\': '\\', '"': '"' };

function unquoted(quoted: string): string {
  return quoted.slice(1, -1).replace(/\\(u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|[\s\S])/g, (_, code: string) => {
    if (code.length > 1) return String.fromCharCode(Number.parseInt(code.slice(1), 16));
    return escapes[code] ?? code;
  });
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
