/** What is known of a request when an expression is evaluated. */
export interface Moment {
  /** What the AuthPolicy exposes of the caller; null: nobody has asked yet, or nobody asks at all. */
  readonly identity: Readonly<Record<string, string>> | null;
}

/** Of the model request that every caller of a world sends. */
const request: Readonly<Record<string, string>> = { 'request.path': '/v1/chat/completions', 'request.method': 'POST' };

/** What became of an expression: `late` asks for what is not there yet. */
export type Evaluated =
  | { readonly status: 'value'; readonly value: string | boolean }
  | { readonly status: 'late' | 'unauthenticated' | 'no-such-key' };

const known = (value: string | boolean): Evaluated => ({ status: 'value', value });

/**
 * The few forms of CEL that the worlds and the remedies write, as the filter evaluates them while a request arrives: attributes of the
 * response are not there (kuadrant-operator issue 2242), those of the caller only after authentication (issue 2279), and a key that the
 * AuthPolicy does not expose is an error (issue 2152, `NoSuchKey`).
 *
 * @throws Error for any other form.
 */
export function evaluate(expression: string, { identity }: Moment): Evaluated {
  if (/\bresponse\s*\.|\bresponseBodyJSON\(/.test(expression)) return { status: 'late' };
  if (expression.includes('auth.') && identity === null) return { status: 'unauthenticated' };
  const equal = /^(request\.\w+) == "([^"]*)"$/.exec(expression);
  if (equal !== null) return known(request[equal[1] ?? ''] === equal[2]);
  const [, key = '', rest = ''] = /^auth\.identity\.(\w+)(.*)$/.exec(expression) ?? [];
  const value = identity?.[key];
  if (key !== '' && value === undefined) return { status: 'no-such-key' };
  if (rest === '' && value !== undefined) return known(value);
  const member = /^\.split\(","\)\.exists\((\w+), \1 == "([^"]*)"\)$/.exec(rest);
  if (member === null || value === undefined) throw new Error(`nothing here evaluates ${expression}`);
  return known(value.split(',').includes(member[2] ?? ''));
}
