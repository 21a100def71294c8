/** What can be told of a CEL expression without evaluating it. */

/** Whether it looks at what the caller was authenticated as: kuadrant-operator internal/wasm, HasAuthAccess, which searches for the same. */
export function asksAuth(expression: string): boolean {
  return expression.includes('auth.');
}

/** Keys of auth.identity that it reads without asking first whether they are there: auth.identity.userid, auth.identity["userid"]. */
export function identityKeys(expression: string): readonly string[] {
  const guarded = new Set([...expression.matchAll(/\bhas\(\s*auth\.identity\.(\w+)/g)].map(([, key = '']) => key));
  const read = [...expression.matchAll(/\bauth\.identity(?:\.(\w+)(?![\w(])|\[\s*["']([^"']+)["']\s*\])/g)];
  const keys = read.map(([, dotted, indexed]) => dotted ?? indexed ?? '');
  return [...new Set(keys)].filter((key) => key !== '' && !guarded.has(key));
}

/** Whether it looks at the response, which is not there yet when a request is judged. */
export function asksResponse(expression: string): boolean {
  return /\bresponse\s*\.\s*\w/.test(withoutStrings(expression));
}

/** Whether it reads the response's body: Limitador is told of it with the report alone. */
export function asksResponseBody(expression: string): boolean {
  return /\bresponseBodyJSON\s*\(/.test(withoutStrings(expression));
}

function withoutStrings(expression: string): string {
  return expression.replace(/"(?:[^"\\]|\\[\s\S])*"?|'(?:[^'\\]|\\[\s\S])*'?/g, '""');
}
