import type { Answer } from './http.ts';

// What client-go retries (rest/with_retry.go: 429 and 5xx with Retry-After), and the answers of load balancers before it.
const transient = [429, 500, 502, 503, 504];
const firstDelayMs = 200;

/** How long to wait before asking again; null when that is of no use. */
export function retryDelay({ status, headers }: Pick<Answer, 'status' | 'headers'>, retries: number): number | null {
  if (!transient.includes(status)) return null;
  const asked = retryAfterMs(headers['retry-after']);
  if (asked !== null) return asked;
  // A 500 without Retry-After is as likely a bug as an overload: once more is enough.
  if (status === 500 && retries > 0) return null;
  return firstDelayMs * 2 ** retries * (0.75 + Math.random() / 2);
}

/** Retry-After in milliseconds: seconds or a date, RFC 9110 §10.2.3. */
export function retryAfterMs(value: string | undefined): number | null {
  if (value === undefined || value.trim() === '') return null;
  if (/^\s*\d+\s*$/.test(value)) return Number(value) * 1000;
  const date = Date.parse(value);
  return Number.isNaN(date) ? null : Math.max(0, date - Date.now());
}
