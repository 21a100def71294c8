/** The text is not Alloy's configuration syntax. */
export class AlloyError extends Error {
  override readonly name = 'AlloyError';
}

/** A lexeme of Alloy's configuration syntax. */
export interface Token {
  readonly kind: 'word' | 'text' | 'number' | 'sign' | 'line';
  readonly text: string;
}

// Line ends matter only between attributes; commas, dots and brackets carry expressions over them.
const lexemes =
  /([ \t\r]+|\/\/[^\n]*|\/\*[\s\S]*?\*\/)|(\n)|([A-Za-z_]\w*)|("(?:[^"\\\n]|\\[\s\S])*")|(`[^`]*`)|(\d[\w.+-]*)|(&&|\|\||[=!<>]=|[-+*/%^<>!=(){}[\],.;])/y;

/** Splits a text into lexemes; comments and blanks are left out. Throws AlloyError. */
export function tokensOf(source: string): readonly Token[] {
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
