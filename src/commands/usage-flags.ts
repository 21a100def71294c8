import { readFile } from 'node:fs/promises';
import type { UsageMatch } from '../model/usage.ts';
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
  readonly step?: string;
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
