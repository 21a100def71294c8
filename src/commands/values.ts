import type { Ignore } from '../engine/ignore.ts';
import type { Options, PrometheusChoice } from '../model/fact.ts';
import { UsageError } from './usage-error.ts';

/** "5m", "1m30s", "500ms", or whole seconds, as kubectl's --request-timeout takes them; in milliseconds. */
export function milliseconds(flag: string, text: string): number {
  const units: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
  if (/^\d+$/.test(text)) return Number(text) * 1000;
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)];
  const whole = parts.map(([part]) => part).join('');
  if (text === '' || whole !== text) throw new UsageError(`${flag} takes a duration such as 30s, 5m or 1m30s, not "${text}"`);
  return parts.reduce((sum, [, count, unit]) => sum + Number(count) * (units[unit ?? ''] ?? 0), 0);
}

/** NS/NAME, or NAME together with --namespace. */
export function gatewayOf(text: string, namespace: string | null): NonNullable<Options['gateway']> {
  const parts = text.split('/');
  const [first = '', second] = parts;
  if (parts.length === 2 && first !== '' && second) return { namespace: first, name: second };
  if (parts.length === 1 && first !== '' && namespace !== null) return { namespace, name: first };
  throw new UsageError(`--gateway takes NAMESPACE/NAME, not "${text}"`);
}

/** URL, NS/SERVICE[:PORT] or NS/Kind/NAME. */
export function prometheusTarget(text: string): PrometheusChoice['target'] {
  if (/^https?:\/\//.test(text)) {
    if (!URL.canParse(text)) throw new UsageError(`--prometheus: "${text}" is no URL`);
    return { at: 'url', url: text };
  }
  const parts = text.split('/');
  const [namespace = '', second = '', name] = parts;
  if (parts.length > 3 || parts.length < 2 || parts.some((part) => part === '')) {
    throw new UsageError(`--prometheus takes a URL, NAMESPACE/SERVICE[:PORT] or NAMESPACE/Kind/NAME, not "${text}"`);
  }
  if (name !== undefined) return { at: 'object', namespace, kind: second, name };
  const [service = '', port] = second.split(':');
  return { at: 'service', namespace, service, port: port === undefined || port === '' ? null : /^\d+$/.test(port) ? Number(port) : port };
}

/** "Name: value" or "Name=value". */
export function headerOf(text: string): readonly [name: string, value: string] {
  const match = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+)\s*[:=]\s*([^\r\n\0]*)$/.exec(text);
  if (match === null) throw new UsageError('--prometheus-header takes "Name: value"');
  return [match[1] ?? '', match[2] ?? ''];
}

/** ID[=SUBJECT]:REASON[:UNTIL]; UNTIL is a day such as 2026-12-31. */
export function ignoreOf(text: string): Ignore {
  const match = /^([^=:]+)(?:=([^:]+))?:(.*?)(?::(\d{4}-\d{2}-\d{2}))?$/.exec(text);
  const [, id = '', subject, reason = '', until] = match ?? [];
  if (match === null || reason.trim() === '') {
    throw new UsageError(`--ignore takes ID[=SUBJECT]:REASON[:UNTIL], with a reason, not "${text}"`);
  }
  if (until !== undefined && !isDay(until)) throw new UsageError(`--ignore: "${until}" is no day`);
  return { id, subject: subject ?? null, reason: reason.trim(), until: until ?? null };
}

function isDay(text: string): boolean {
  const date = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text);
}
