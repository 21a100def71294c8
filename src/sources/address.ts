import { ReadError } from '../model/source.ts';
import { withoutEndSlashes } from '../parse/slashes.ts';

/** The longest that a timer of node knows. */
const longestMs = 2 ** 31 - 1;

/** A time limit as node:net takes it; 0 means none. */
export function timerOf(limitMs: number): number {
  return limitMs === 0 ? longestMs : Math.min(limitMs, longestMs);
}

/** Host without brackets and port of an http(s) address. */
export function addressOf(url: URL): { readonly host: string; readonly port: number } {
  const port = url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port);
  return { host: url.hostname.replace(/^\[|\]$/g, ''), port };
}

/** The path that a server's address has, without the last slash: Rancher serves clusters below one. */
export function basePath(server: URL): string {
  return withoutEndSlashes(server.pathname);
}

/** A query string whose order is kept, with its question mark. */
export function queryText(query: readonly (readonly [name: string, value: string])[]): string {
  const pairs = query.map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`);
  return pairs.length === 0 ? '' : `?${pairs.join('&')}`;
}

/** Headers with names as they are compared. */
export function lowerCase(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}

/** The `code` of an error of node or undici, or its name. */
export function codeOf(error: unknown): string {
  if (error instanceof ReadError) return error.reason;
  if (!(error instanceof Error)) return 'error';
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name;
}

/** A GET may be sent once more when a kept connection turns out to have been closed meanwhile. */
export async function onceMore<T>(attempt: () => Promise<T>): Promise<T> {
  try {
    return await attempt();
  } catch (error) {
    if (!['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE'].includes(codeOf(error))) throw error;
    return await attempt();
  }
}

/** Whether what answered is no HTTP/1.1 server: an error of undici's parser. */
export function isNoHttp(error: unknown): boolean {
  return error instanceof Error && (error.name === 'HTTPParserError' || codeOf(error) === 'UND_ERR_HEADERS_OVERFLOW');
}
