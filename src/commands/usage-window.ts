import type { UsageWindow } from '../model/usage.ts';
import { durationOf } from '../parse/duration.ts';
import { UsageError } from './usage-error.ts';
import type { UsageFlags } from './usage-flags.ts';

const day = 86_400;
/** Lengths of a piece that people read; a window is cut into at most `mostPieces` of them. */
const niceSteps = [120, 300, 600, 900, 1800, 3600, 2 * 3600, 3 * 3600, 4 * 3600, 6 * 3600, 12 * 3600, day, 2 * day, 7 * day];
const mostPieces = 48;
/** A piece holds several scrapes at any usual interval; a shorter window is one piece. */
const shortest = 300;

/** The window of --since, or of --start and --end, in pieces of --step; `now` in seconds. With --step, a window that ends now ends with its last whole piece. */
export function windowOf({ since, start, end, step }: Pick<UsageFlags, 'since' | 'start' | 'end' | 'step'>, now: number): UsageWindow {
  if (since !== undefined && start !== undefined) throw new UsageError('--since and --start exclude each other');
  const until = end === undefined ? Math.floor(now) : secondsOf('--end', end);
  const from = start === undefined ? until - sinceOf(since ?? '24h') : secondsOf('--start', start);
  if (until > now + 60) throw new UsageError(`--end: ${end} lies in the future`);
  if (from >= until) throw new UsageError(`--start: ${start ?? ''} is not before ${end === undefined ? 'now' : end}`);
  if (step === undefined) return { start: from, end: until, step: stepOf(until - from) };
  const piece = pieceOf(step);
  const whole = start !== undefined && end === undefined && until - from > piece ? until - ((until - from) % piece) : until;
  checkPieces(whole - from, piece);
  return { start: from, end: whole, step: piece };
}

/** Seconds of --step. */
export function pieceOf(text: string): number {
  const seconds = durationOf(text);
  if (seconds === null || seconds < 1 || !Number.isInteger(seconds))
    throw new UsageError(`--step takes a duration of whole seconds such as 5m, 1h or 1d, not "${text}"`);
  return seconds;
}

/** What Prometheus answers at most of one series, whatever its flags: web/api/v1/api.go, queryRange. Mimir and Thanos keep to it too. */
const mostPoints = 11_000;

function checkPieces(length: number, piece: number): void {
  const [window, step] = [durationText(length), durationText(piece)];
  if (piece > length) throw new UsageError(`--step: ${step} is longer than the window of ${window}`);
  if (length / piece > mostPoints) {
    const enough = durationText(Math.ceil(length / mostPoints));
    throw new UsageError(
      `--step: ${step} cuts the window of ${window} into ${Math.ceil(length / piece)} pieces, and Prometheus answers at most ${mostPoints} points a series; ask for at least ${enough}`,
    );
  }
  if (length % piece === 0) return;
  const near = [Math.ceil(length / piece), Math.floor(length / piece)].map((pieces) => length / pieces).filter(Number.isInteger);
  const instead = near.length === 0 ? '' : `; ${[...new Set(near)].map(durationText).join(' or ')} would`;
  throw new UsageError(`--step: ${step} does not cut the window of ${window} into equal pieces${instead}`);
}

/** Seconds as --step takes them: "1h30m". */
function durationText(seconds: number): string {
  const units = [
    [day, 'd'],
    [3600, 'h'],
    [60, 'm'],
    [1, 's'],
  ] as const;
  let left = seconds;
  const parts = units.flatMap(([unit, name]) => {
    const count = Math.floor(left / unit);
    left -= count * unit;
    return count === 0 ? [] : [`${count}${name}`];
  });
  return parts.join('');
}

function sinceOf(text: string): number {
  const seconds = durationOf(text);
  if (seconds === null || seconds < 1) throw new UsageError(`--since takes a duration such as 30m, 24h or 7d, not "${text}"`);
  if (seconds > 10 * 365 * day) throw new UsageError(`--since: ${text} is more than ten years`);
  return seconds;
}

function secondsOf(flag: string, text: string): number {
  if (/^\d{9,11}(\.\d+)?$/.test(text)) return Math.floor(Number(text));
  const written = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2}))?$/.test(text);
  const time = written ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(time)) throw new UsageError(`${flag} takes a time such as 2026-11-24T12:00:00Z, a day or Unix seconds, not "${text}"`);
  return Math.floor(time / 1000);
}

/** The shortest step that people read and that divides the window; else equal pieces. */
export function stepOf(length: number): number {
  if (length < 2 * shortest) return length;
  const nice = niceSteps.find((step) => step >= shortest && length % step === 0 && length / step <= mostPieces);
  return nice ?? length / Math.max(1, Math.min(24, Math.floor(length / shortest)));
}
