import { describe, expect, it } from 'vitest';
import { consequences, type Judged } from '../../../src/engine/consequence.ts';

const failing = (
  id: string,
  follows: readonly string[] = [],
  abouts: readonly (readonly string[] | undefined)[] = [undefined],
): Judged => ({
  id,
  follows,
  severity: 'error',
  status: 'fail',
  findings: abouts.map((about) => (about === undefined ? {} : { about })),
});
const other = (id: string, status: Judged['status'], follows: readonly string[] = []): Judged => ({ ...failing(id, follows, []), status });
const folded = (judged: readonly Judged[]): Record<string, string> => Object.fromEntries(consequences(judged));

const a = ['pod n/a'];
const b = ['pod n/b'];

describe('consequences', () => {
  it.each<[string, readonly Judged[], Record<string, string>]>([
    ['a failure alone is its own root', [failing('a')], {}],
    ['two unrelated failures both stand', [failing('a'), failing('b')], {}],
    ['a failure follows from one about everything', [failing('a'), failing('b', ['a'])], { b: 'a' }],
    ['a failure follows from one about the same pod', [failing('a', [], [a]), failing('b', ['a'], [a])], { b: 'a' }],
    ['a failure about another pod stands', [failing('a', [], [a]), failing('b', ['a'], [b])], {}],
    ['a failure about one pod more stands', [failing('a', [], [a]), failing('b', ['a'], [a, b])], {}],
    ['a finding about two pods needs both', [failing('a', [], [a]), failing('b', ['a'], [[...a, ...b]])], {}],
    ['findings of one check together explain a finding', [failing('a', [], [a, b]), failing('b', ['a'], [[...a, ...b]])], { b: 'a' }],
    ['a finding about everything is explained by any it follows', [failing('a', [], [a]), failing('b', ['a'])], { b: 'a' }],
    ['an empty about is explained only by one about everything', [failing('a', [], [a]), failing('b', ['a'], [[]])], {}],
    ['a chain leads to its root', [failing('a'), failing('b', ['a']), failing('c', ['b'])], { b: 'a', c: 'a' }],
    ['what passed explains nothing', [other('a', 'pass'), failing('b', ['a'])], {}],
    ['the way leads through what could not tell', [failing('a'), other('b', 'unknown', ['a']), failing('c', ['b'])], { c: 'a' }],
    ['the way leads through what was skipped', [failing('a'), other('b', 'skip', ['a']), failing('c', ['b'])], { c: 'a' }],
    ['the way does not lead through what passed', [failing('a'), other('b', 'pass', ['a']), failing('c', ['b'])], {}],
    [
      'each finding may have its own root; the first names it',
      [failing('a', [], [a]), failing('b', [], [b]), failing('c', ['b', 'a'], [a, b])],
      { c: 'a' },
    ],
    [
      'an error is the root before a warning',
      [{ ...failing('a'), severity: 'warning' }, failing('b'), failing('c', ['a', 'b'])],
      { c: 'b' },
    ],
    ['of two that follow each other one stays', [failing('a', ['b']), failing('b', ['a'])], { a: 'b' }],
    ['a check that follows itself stands', [failing('a', ['a'])], {}],
    ['an unknown id explains nothing', [failing('a', ['nothing'])], {}],
    ['a later check of the hop may be the root', [failing('a', ['b']), failing('b')], { a: 'b' }],
  ])('%s', (_, judged, expected) => expect(folded(judged)).toEqual(expected));

  it('leaves a root to every ring of failures', () => {
    const ring = [failing('a', ['c']), failing('b', ['a']), failing('c', ['b'])];
    const roots = consequences(ring);
    expect(ring.filter(({ id }) => !roots.has(id)).length).toBeGreaterThan(0);
  });
});
