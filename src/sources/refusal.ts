import { ReadError } from '../model/source.ts';
import type { ApiDocument } from './api.ts';
import { excerpt, forbidden, natureOf, type Permission, statusOf } from './status.ts';

/** What an answer other than 200 to a request of ours means. */
export function refusal(name: string, what: string, answer: ApiDocument, permission: Permission): ReadError {
  const { status, headers, text } = answer;
  const kube = statusOf(text);
  const said = kube?.message ?? '';
  if (kube === null && isPage(answer)) return noApiServer(name, what, answer);
  if (status === 401) return unauthorized(name, what);
  if (status === 403) return forbidden(what, permission, kube);
  if (status === 404) return new ReadError('absent', what, `the API server does not serve ${permission.resource}`);
  if (status === 429) return overloaded(name, what, headers['retry-after']);
  if (status >= 300 && status < 400)
    return new ReadError('malformed', what, `${name} redirects to ${headers.location ?? 'nowhere'}: no API server is there`);
  const because = said !== '' ? `: ${said}` : text.trim() === '' ? '' : `: ${excerpt(text)}`;
  return new ReadError('unreachable', what, `${name} answered ${status} when asked to ${what}${because}`);
}

/** An answer that may be quoted: one that is no Status, and may hold data that nobody asked for, without its text. */
export function quotable(answer: ApiDocument): ApiDocument {
  return statusOf(answer.text) === null ? { ...answer, text: '' } : answer;
}

/** The JSON of a 200; throws when it is something else. What may hold data that nobody asked for is not quoted. */
export function documentOf(name: string, what: string, answer: ApiDocument, quoted = true): unknown {
  try {
    return JSON.parse(answer.text);
  } catch (cause) {
    if (isPage(answer) || answer.text.trim() === '') throw noApiServer(name, what, answer);
    const bytes = Buffer.byteLength(answer.text);
    const end = quoted ? ` that end in ${excerpt(answer.text.slice(-40))}` : '';
    const message = `${name} answered broken JSON when asked to ${what}, cut short or mangled on the way: ${bytes} bytes${end}`;
    // The parser's own message quotes the text as well.
    throw new ReadError('malformed', what, message, quoted ? { cause } : {});
  }
}

function isPage({ headers, text }: ApiDocument): boolean {
  return (headers['content-type'] ?? '').includes('html') || /^\s*</.test(text);
}

function noApiServer(name: string, what: string, { status, headers, text }: ApiDocument): ReadError {
  const nature = natureOf(text, headers['content-type'] ?? '');
  return new ReadError(
    'malformed',
    what,
    `${name} answered ${status} and ${nature} when asked to ${what}: a proxy or a login page stands before the API server`,
  );
}

function unauthorized(name: string, what: string): ReadError {
  return new ReadError(
    'forbidden',
    what,
    `${name} does not accept these credentials (401): the token or certificate has expired or belongs to another cluster`,
  );
}

function overloaded(name: string, what: string, retryAfter: string | undefined): ReadError {
  const wait = retryAfter === undefined ? '' : ` and asks to wait ${retryAfter} s`;
  return new ReadError('unreachable', what, `${name} is overloaded: it answered 429 again and again when asked to ${what}${wait}`);
}
