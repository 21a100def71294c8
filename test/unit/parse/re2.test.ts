import { describe, expect, it } from 'vitest';
import { anchored } from '../../../src/parse/re2/match.ts';

// Expected values are those of Go's regexp (Go 1.26) for ^(?s:PATTERN)$.
describe('anchored patterns match the whole text', () => {
  it.each<[string, string, readonly (string | null)[] | null]>([
    ['(.*)', 'team-a', ['team-a', 'team-a']],
    ['(.*)', '', ['', '']],
    ['a', 'ab', null],
    ['a|ab', 'ab', ['ab']],
    ['a)|(b', 'b', ['b', 'b']],
    ['(a+)(a*)', 'aaa', ['aaa', 'aaa', '']],
    ['(a+?)(a*)', 'aaa', ['aaa', 'a', 'aa']],
    ['(?U)(a+)(a*)', 'aaa', ['aaa', 'a', 'aa']],
    ['(a)|(b)', 'b', ['b', null, 'b']],
    ['(?P<first>x)(?<second>y)', 'xy', ['xy', 'x', 'y']],
    ['.', '\n', ['\n']],
    ['(?-s).', '\n', null],
    ['(?i)Team-[ab]', 'tEAM-B', ['tEAM-B']],
    ['(?i)k', '\u212a', ['\u212a']],
    ['(?i:a)B', 'AB', ['AB']],
    ['(?i:a)B', 'Ab', null],
    ['[^:]+(?::\\d+)?', '10.0.0.1:1064', ['10.0.0.1:1064']],
    ['([^:]+)(?::\\d+)?;(\\d+)', '10.0.0.1:80;1064', ['10.0.0.1:80;1064', '10.0.0.1', '1064']],
    ['[[:alpha:]_]+', 'user_id', ['user_id']],
    ['[[:^digit:]]+', 'user1', null],
    ['\\pL+', 'äß', ['äß']],
    ['\\p{Greek}+', 'λόγος', ['λόγος']],
    ['\\P{Greek}', 'λ', null],
    ['\\w+', 'ä', null],
    ['\\Qa.b\\E+', 'a.bb', ['a.bb']],
    ['a{2,3}', 'aaaa', null],
    ['a{2,3}', 'aaa', ['aaa']],
    ['a{,3}', 'a{,3}', ['a{,3}']],
    ['[]a]', ']', [']']],
    ['[a-]', '-', ['-']],
    ['\\x{1F600}', '😀', ['😀']],
    ['.', '😀', ['😀']],
    ['\\101', 'A', ['A']],
    ['\\bteam\\b', 'team', ['team']],
    ['(?:a|b)*c', 'ababc', ['ababc']],
    ['(a*)*', 'aa', ['aa', 'aa']],
    ['__meta_.*|le', 'le', ['le']],
    ['', '', ['']],
    ['', 'a', null],
  ])('%s on %j', (pattern, text, groups) => expect(anchored(pattern).fullMatch(text)).toEqual(groups));
});

describe('what Go refuses is refused', () => {
  it.each([
    ['(?=a)', 'invalid or unsupported Perl syntax: `(?=`'],
    ['(?!a)', 'invalid or unsupported Perl syntax: `(?!`'],
    ['(?<=a)b', 'invalid or unsupported Perl syntax: `(?<=`'],
    ['(a)\\1', 'invalid escape sequence: `\\1`'],
    ['a**', 'invalid nested repetition operator'],
    ['*a', 'missing argument to repetition operator: `*`'],
    ['(a', 'missing closing )'],
    ['[a', 'missing closing ]'],
    ['a{1001}', 'invalid repeat count: `{1001}`'],
    ['a\\', 'missing closing )'],
    ['[b-a]', 'invalid character class range: `b-a`'],
    ['\\p{Nope}', 'invalid character class range: `\\p{Nope}`'],
    ['{2}', 'missing argument to repetition operator'],
  ])('%s', (pattern, message) => expect(() => anchored(pattern)).toThrow(message));
});

it('a pattern that hangs a backtracking matcher takes no time', () => {
  const start = performance.now();
  expect(anchored('(a+)+b').fullMatch('a'.repeat(2000))).toBeNull();
  expect(performance.now() - start).toBeLessThan(1000);
});
