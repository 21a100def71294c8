import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { anchored } from '../../src/parse/re2/match.ts';
import { PatternError } from '../../src/parse/re2/state.ts';

const go = spawnSync('go', ['version']).status === 0;

/** A small generator of patterns and texts over an alphabet that makes them meet. */
function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const pieces = [
  'a',
  'b',
  'ab',
  '.',
  '[ab]',
  '[^a]',
  '(a|b)',
  '(?:ab|a)',
  '(a*)',
  '(b+?)',
  '\\w',
  '\\d',
  '^',
  '$',
  '(?i:A)',
  '(?P<n>b)',
  'a{1,2}',
  '\\b',
  '\\pL',
  '[[:alpha:]_]',
  '-',
  ';',
  '\\.',
  '(?=a)',
  '(',
  ')',
  '|',
  '*',
  '+?',
  '{2}',
  '\\Qa+\\E',
  'ä',
  '(?s:.)',
  '(?-s)',
  '\\x61',
  '\\1',
];
const texts = ['', 'a', 'b', 'ab', 'aab', 'abab', 'A', 'a;b', 'a-b', '.', '1', 'ä', 'a\nb', 'bb', 'a+', '😀'];

describe.skipIf(!go)('patterns against Go regexp', () => {
  it('agrees on 20,000 random ones: groups, misses and refusals', () => {
    const next = random(Number(process.env.SEED ?? 20261126));
    // A pattern that closes Prometheus's own group is not anchored any more; nobody writes that, and we match the whole text all the same.
    const asks = Array.from({ length: 20_000 }, () => ({
      pattern: Array.from({ length: 1 + next(5) }, () => pieces[next(pieces.length)]).join(''),
      text: texts[next(texts.length)] ?? '',
    })).filter((ask) => !closesTheGroup(ask.pattern));
    const run = spawnSync('go', ['run', join(import.meta.dirname, 're2/main.go')], {
      input: asks.map((ask) => JSON.stringify(ask)).join('\n'),
      maxBuffer: 1 << 28,
      encoding: 'utf8',
    });
    expect(run.stderr).toBe('');
    const theirs = run.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { error?: string; groups: (string | null)[] | null });
    const differing = asks
      .map((ask, index) => ({ ask, ours: ours(ask.pattern, ask.text), theirs: outcome(theirs[index]) }))
      .filter((row) => row.ours !== row.theirs);
    expect(differing.slice(0, 10)).toEqual([]);
  });
});

function closesTheGroup(pattern: string): boolean {
  let depth = 0;
  for (const char of pattern.replace(/\\Q.*?\\E|\\.|\[[^\]]*\]+/g, '')) {
    depth += char === '(' ? 1 : char === ')' ? -1 : 0;
    if (depth < 0) return true;
  }
  return false;
}

function ours(pattern: string, text: string): string {
  try {
    return JSON.stringify(anchored(pattern).fullMatch(text));
  } catch (error) {
    if (error instanceof PatternError) return 'refused';
    throw error;
  }
}

function outcome(answer: { error?: string; groups: (string | null)[] | null } | undefined): string {
  return answer?.error === undefined ? JSON.stringify(answer?.groups ?? null) : 'refused';
}
