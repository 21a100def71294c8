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
  return first === undefined ? null : first.filter((path) => others.every((paths) => paths.includes(path)));
}

/** Whether they say something of a request's method or path, so that not every request of a caller meets them. */
export function tellsRequests(predicates: readonly string[]): boolean {
  return predicates.some((predicate) => /\brequest\s*\.\s*(path|url_path|method|headers|body)\b|\brequestBodyJSON\s*\(/.test(predicate));
}

/** `request.path == "/a"`, the other way round, several of them joined by `||`, and `request.path in ["/a"]`. */
function pathsIn(condition: string): readonly string[] | null {
  const each = piecesAt(condition, '||').map((piece) => {
    const [, right, left, several] = onPath.exec(unbracketed(piece)) ?? [];
    const one = right ?? left;
    if (one !== undefined) return [one];
    return several === undefined ? null : [...several.matchAll(/"([^"\\]*)"/g)].map(([, path = '']) => path);
  });
  return each.every((paths) => paths !== null) ? each.flat() : null;
}

const onPath =
  /^request\.(?:url_)?path=="([^"\\]*)"$|^"([^"\\]*)"==request\.(?:url_)?path$|^request\.(?:url_)?path in\s?\[((?:"[^"\\]*",?)+)\]$/;

const quoted = String.raw`"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'`;

/** Strings have double quotes, and blanks stand between words alone. */
function spelled(predicate: string): string {
  const token = new RegExp(String.raw`(${quoted})|\s*([^\w\s"'])\s*|\s+`, 'g');
  return predicate.trim().replace(token, (_, string?: string, sign?: string) => {
    if (string !== undefined) return string.startsWith("'") && !string.includes('"') ? `"${string.slice(1, -1)}"` : string;
    return sign ?? ' ';
  });
}

/** `a&&b` in pieces, with or without brackets; a choice (`||`, `? :`) is one condition. */
function conjunctsIn(expression: string): readonly string[] {
  const whole = unbracketed(expression);
  const pieces = piecesAt(whole, '&&');
  const isChoice = piecesAt(whole, '||').length > 1 || piecesAt(whole, '?').length > 1;
  return isChoice || pieces.length === 1 ? [whole] : pieces.flatMap(conjunctsIn);
}

/** Between the operator where it stands outside strings and brackets; the whole when it does not. */
function piecesAt(expression: string, operator: string): readonly string[] {
  const pieces = [''];
  let depth = 0;
  for (const [token] of expression.matchAll(new RegExp(String.raw`${quoted}|&&|\|\||[\s\S]`, 'g'))) {
    if (token === operator && depth === 0) {
      pieces.push('');
      continue;
    }
    depth += '([{'.includes(token) ? 1 : ')]}'.includes(token) ? -1 : 0;
    pieces.push(`${pieces.pop() ?? ''}${token}`);
  }
  return pieces;
}

/** Without brackets around the whole. */
function unbracketed(expression: string): string {
  const inner = /^\(([\s\S]*)\)$/.exec(expression)?.[1];
  return inner === undefined || !isBalanced(inner) ? expression : unbracketed(inner);
}

/** Whether no bracket closes that was not opened: "a)&&(b" is not. */
function isBalanced(expression: string): boolean {
  let depth = 0;
  for (const [token] of expression.matchAll(new RegExp(`${quoted}|[()]`, 'g'))) {
    depth += token === '(' ? 1 : token === ')' ? -1 : 0;
    if (depth < 0) return false;
  }
  return depth === 0;
}
