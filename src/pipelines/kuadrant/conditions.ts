/** What can be told of `when`: CEL predicates that all have to hold. */

/** The conditions that all have to hold, each in one spelling: `a && b` is two of them, and neither blanks nor the kind of quotes matter. */
export function conjuncts(predicates: readonly string[]): readonly string[] {
  return [...new Set(predicates.flatMap((predicate) => conjunctsIn(spelled(predicate))))].filter((each) => each !== 'true');
}

/** The paths that requests must have to meet all of them, where that is said by equality; null: whichever path, or one that cannot be told. */
export function pathsOf(predicates: readonly string[]): readonly string[] | null {
  const said = conjuncts(predicates).flatMap((each) => {
    const paths = pathsIn(each);
    return paths === null ? [] : [paths];
  });
  const [first, ...others] = said;
  const sets = others.map((paths) => new Set(paths));
  return first === undefined ? null : first.filter((path) => sets.every((paths) => paths.has(path)));
}

/** Whether they say something of a request's method or path, so that not every request of a caller meets them. */
export function tellsRequests(predicates: readonly string[]): boolean {
  return predicates.some((predicate) => /\brequest\s*\.\s*(path|url_path|method|headers|body)\b|\brequestBodyJSON\s*\(/.test(predicate));
}

/** `request.path == "/a"`, the other way round, several of them joined by `||`, and `request.path in ["/a"]`. */
function pathsIn(condition: string): readonly string[] | null {
  const tokens = tokensOf(condition);
  const each = piecesAt(tokens, { from: 0, to: tokens.words.length }, '||').map((piece) => {
    const [, right, left, several] = onPath.exec(textOf(tokens, unbracketed(tokens, piece))) ?? [];
    const one = right ?? left;
    if (one !== undefined) return [one];
    return several === undefined ? null : [...several.matchAll(/"([^"\\]*)"/g)].map(([, path = '']) => path);
  });
  return each.every((paths) => paths !== null) ? each.flat() : null;
}

const onPath =
  /^request\.(?:url_)?path=="([^"\\]*)"$|^"([^"\\]*)"==request\.(?:url_)?path$|^request\.(?:url_)?path in\s?\[((?:"[^"\\]*",?)+)\]$/;

// One that is never closed goes on to the end: texts of the cluster may be long, and are read once.
const quoted = String.raw`"(?:[^"\\]|\\[\s\S])*"?|'(?:[^'\\]|\\[\s\S])*'?`;

/** Strings have double quotes, blanks stand between words alone, and comments are gone. */
function spelled(predicate: string): string {
  const comment = new RegExp(String.raw`(${quoted})|//[^\n]*`, 'g');
  const token = new RegExp(String.raw`(${quoted})|\s*([^\w\s"'])\s*|\s+`, 'g');
  const bare = predicate.replace(comment, (_, string?: string) => string ?? ' ').trim();
  return bare.replace(token, (_, string?: string, sign?: string) => {
    if (string !== undefined) return /^'[^"]*'$/.test(string) ? `"${string.slice(1, -1)}"` : string;
    return sign ?? ' ';
  });
}

/** An expression in strings, operators, brackets and what stands between them. */
interface Tokens {
  readonly words: readonly string[];
  /** Where the bracket closes that opens at an index. */
  readonly closing: ReadonlyMap<number, number>;
}

interface Span {
  readonly from: number;
  readonly to: number;
}

const brackets: Readonly<Record<string, string>> = { ')': '(', ']': '[', '}': '{' };

/** One whose brackets do not match is one word: nothing can be told of it. */
function tokensOf(expression: string): Tokens {
  const words = expression.match(new RegExp(String.raw`${quoted}|&&|\|\||[^"'&|()[\]{}?]+|[\s\S]`, 'g')) ?? [];
  const closing = new Map<number, number>();
  const open: number[] = [];
  for (const [at, word] of words.entries()) {
    const opened = brackets[word];
    if ('([{'.includes(word)) open.push(at);
    if (opened === undefined) continue;
    const start = open.pop();
    if (start === undefined || words[start] !== opened) return { words: [expression], closing: new Map() };
    closing.set(start, at);
  }
  return open.length > 0 ? { words: [expression], closing: new Map() } : { words, closing };
}

const textOf = ({ words }: Tokens, { from, to }: Span): string => words.slice(from, to).join('');

/** `a&&b` in pieces, with or without brackets; a choice (`||`, `? :`) is one condition. */
function conjunctsIn(expression: string): readonly string[] {
  const tokens = tokensOf(expression);
  const found: string[] = [];
  const left: Span[] = [{ from: 0, to: tokens.words.length }];
  for (let span = left.pop(); span !== undefined; span = left.pop()) {
    const whole = unbracketed(tokens, span);
    const pieces = piecesAt(tokens, whole, '&&');
    const isChoice = piecesAt(tokens, whole, '||').length > 1 || piecesAt(tokens, whole, '?').length > 1;
    if (isChoice || pieces.length === 1) found.push(textOf(tokens, whole));
    else for (const piece of pieces.toReversed()) left.push(piece);
  }
  return found;
}

/** Between the operator where it stands outside strings and brackets; the whole when it does not. */
function piecesAt({ words, closing }: Tokens, { from, to }: Span, operator: string): readonly Span[] {
  const pieces: Span[] = [];
  let start = from;
  for (let at = from; at < to; at = (closing.get(at) ?? at) + 1) {
    if (words[at] !== operator) continue;
    pieces.push({ from: start, to: at });
    start = at + 1;
  }
  return [...pieces, { from: start, to }];
}

/** Without brackets around the whole. */
function unbracketed({ words, closing }: Tokens, { from, to }: Span): Span {
  let [start, end] = [from, to];
  while (words[start] === '(' && closing.get(start) === end - 1) {
    start += 1;
    end -= 1;
  }
  return { from: start, to: end };
}
