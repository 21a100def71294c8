import { withoutSecretText } from './secrets.ts';

/** How often a pattern was found in a log, and one of the texts it found. */
export interface LogFind {
  /** The regular expression that was asked for. */
  readonly pattern: string;
  /** Lines. A line counts for the first of the patterns that finds something in it. */
  readonly count: number;
  /** The text that was found last, made safe; null when nothing was. */
  readonly example: string | null;
}

export interface LogFinds {
  /** Lines that were looked at: none in a log that is empty. */
  readonly lines: number;
  /** One for each pattern, in the order they were asked. */
  readonly finds: readonly LogFind[];
}

/** Longest text of a line that is kept, in characters. */
const longest = 200;

/**
 * What may be kept of a log, which can hold prompts and credentials: of each line the text that the first pattern finds, every other line empty.
 * Done once more it changes nothing, as long as no pattern looks beyond what it finds. Throws when a pattern could take in what it does not name.
 */
export function keptOfLog(log: string, patterns: readonly string[]): string {
  const wanted = patterns.map(compiled);
  return linesOf(log)
    .map((line) => `${foundIn(line, wanted)?.text ?? ''}\n`)
    .join('');
}

/** Counts in a log, kept or whole. */
export function logFinds(log: string, patterns: readonly string[]): LogFinds {
  const wanted = patterns.map(compiled);
  const lines = linesOf(log);
  const found = lines.flatMap((line) => foundIn(line, wanted) ?? []);
  const finds = patterns.map((pattern, at) => {
    const own = found.filter((find) => find.at === at);
    return { pattern, count: own.length, example: own.at(-1)?.text ?? null };
  });
  return { lines: lines.length, finds };
}

function linesOf(log: string): readonly string[] {
  const lines = log.split('\n');
  return lines.at(-1) === '' ? lines.slice(0, -1) : lines;
}

/** Secrets are hidden before anything is looked for, since what tells one may stand outside of what is found. */
function foundIn(line: string, wanted: readonly RegExp[]): { readonly at: number; readonly text: string } | null {
  const safe = withoutSecretText(line.replace(/[\p{Cc}\p{Cf}]+/gu, ' '));
  for (const [at, pattern] of wanted.entries()) {
    const text = pattern.exec(safe)?.[0].trim().slice(0, longest) ?? '';
    if (text !== '') return { at, text };
  }
  return null;
}

/** Whatever stands there, in any number: it would keep what a user wrote. */
const greedy = /(?<!\\)(?:\.|\[\^(?:\\.|[^\]\\])*\]|\[\\s\\S\])(?:[*+]|\{\d+,(?:\d{3,})?\})|\\[DSW](?:[*+]|\{\d+,(?:\d{3,})?\})/;

function compiled(pattern: string): RegExp {
  if (greedy.test(pattern))
    throw new Error(`the log pattern ${pattern} could keep what users wrote: name the words, or bound it by {0,40}`);
  return new RegExp(pattern, 'u');
}
