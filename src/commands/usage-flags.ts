import { readFile } from 'node:fs/promises';
import type { UsageMatch, UsageWindow } from '../model/usage.ts';
import { durationOf } from '../parse/duration.ts';
import { PriceError, type PriceList, priceList } from '../parse/price.ts';
import { anchored } from '../parse/re2/match.ts';
import { PatternError } from '../parse/re2/state.ts';
import type { RunFlags } from './flags.ts';
import { UsageError } from './usage-error.ts';

/** What commander made of the flags of `usage`. */
export interface UsageFlags extends RunFlags {
  readonly by?: readonly string[];
  readonly since?: string;
  readonly start?: string;
  readonly end?: string;
  readonly top?: string;
  readonly where?: readonly string[];
  readonly type?: readonly string[];
  readonly direct?: boolean;
  readonly price?: string;
  readonly strict?: boolean;
  readonly watch?: string | true;
  readonly output?: readonly string[];
}

/** "label=value", "label!=value", "label=~pattern", "label!~pattern". */
export function matchOf(text: string): UsageMatch {
  const [, label = '', op, value = ''] = /^([^=!~]+)(=~|!~|!=|=)(.*)$/s.exec(text) ?? [];
  if (op !== '=' && op !== '!=' && op !== '=~' && op !== '!~')
    throw new UsageError(`--where takes LABEL=VALUE, !=, =~ or !~, not "${text}"`);
  if (op === '=~' || op === '!~') checkPattern(value);
  return { label: label.trim(), op, value: value === '(none)' ? '' : value };
}

function checkPattern(pattern: string): void {
  try {
    anchored(pattern);
  } catch (error) {
    if (!(error instanceof PatternError)) throw error;
    throw new UsageError(`--where: "${pattern}" is no pattern: ${error.message}`, { cause: error });
  }
}

/** What --type may name, and which type it is a part of. */
const partOf: Readonly<Record<string, string | null>> = {
  input: null,
  output: null,
  cached_input: 'input',
  cache_creation_input: 'input',
  reasoning: 'output',
};

/** The types to add up; null: the total's. */
export function typesOf(types: readonly string[] | undefined): readonly string[] | null {
  if (types === undefined) return null;
  for (const type of types) {
    const whole = partOf[type];
    if (whole === undefined) throw new UsageError(`unknown value of --type: "${type}"; there are ${Object.keys(partOf).join(', ')}`);
    if (whole !== null && types.includes(whole))
      throw new UsageError(`--type: ${type} is a part of ${whole}, adding both would count it twice`);
  }
  return [...new Set(types)];
}

/** How many rows to show; null: all. */
export function topOf(text: string | undefined): number | null {
  if (text === undefined) return null;
  if (!/^[1-9]\d{0,6}$/.test(text)) throw new UsageError(`--top takes a whole number from 1, not "${text}"`);
  return Number(text);
}

const day = 86_400;
/** Lengths of a piece that people read; a window is cut into at most `mostPieces` of them. */
const niceSteps = [120, 300, 600, 900, 1800, 3600, 2 * 3600, 3 * 3600, 4 * 3600, 6 * 3600, 12 * 3600, day, 2 * day, 7 * day];
const mostPieces = 48;
/** A piece holds several scrapes at any usual interval; a shorter window is one piece. */
const shortest = 300;

/** The window of --since, or of --start and --end; `now` in seconds. */
export function windowOf({ since, start, end }: Pick<UsageFlags, 'since' | 'start' | 'end'>, now: number): UsageWindow {
  if (since !== undefined && start !== undefined) throw new UsageError('--since and --start exclude each other');
  const until = end === undefined ? Math.floor(now) : secondsOf('--end', end);
  const from = start === undefined ? until - sinceOf(since ?? '24h') : secondsOf('--start', start);
  if (until > now + 60) throw new UsageError(`--end: ${end} lies in the future`);
  if (from >= until) throw new UsageError(`--start: ${start ?? ''} is not before ${end === undefined ? 'now' : end}`);
  return { start: from, end: until, step: stepOf(until - from) };
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

/** The price list of --price. */
export async function pricesOf(file: string | undefined): Promise<PriceList | null> {
  if (file === undefined) return null;
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new UsageError(`--price: ${file} cannot be read: ${error.code ?? error.message}`);
  });
  try {
    return priceList(text);
  } catch (error) {
    if (!(error instanceof PriceError)) throw error;
    throw new UsageError(`--price: ${file}: ${error.message}`, { cause: error });
  }
}
