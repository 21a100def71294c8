import { describe, expect, it } from 'vitest';
import { selectorOf, selectorProblem, selectorText, selects, unmet } from '../../../src/parse/selector.ts';

const labels = { app: 'gw', tier: 'a' };
const expression = (operator: string, key: string, values?: readonly string[]) => ({ matchExpressions: [{ key, operator, values }] });

describe('a label selector', () => {
  it.each([
    ['empty', {}, true],
    ['a label that is there', { matchLabels: { app: 'gw' } }, true],
    ['a label with another value', { matchLabels: { app: 'web' } }, false],
    ['a label that is not there', { matchLabels: { team: 'x' } }, false],
    ['two labels, of which one is there', { matchLabels: { app: 'gw', team: 'x' } }, false],
    ['In with the value', expression('In', 'tier', ['a', 'b']), true],
    ['In without the value', expression('In', 'tier', ['b']), false],
    ['In of a missing label', expression('In', 'team', ['x']), false],
    ['NotIn with the value', expression('NotIn', 'tier', ['a']), false],
    ['NotIn without the value', expression('NotIn', 'tier', ['b']), true],
    ['NotIn of a missing label', expression('NotIn', 'team', ['x']), true],
    ['Exists', expression('Exists', 'tier'), true],
    ['Exists of a missing label', expression('Exists', 'team'), false],
    ['DoesNotExist', expression('DoesNotExist', 'tier'), false],
    ['DoesNotExist of a missing label', expression('DoesNotExist', 'team'), true],
    ['labels and expressions together', { matchLabels: { app: 'gw' }, ...expression('Exists', 'team') }, false],
    ['an operator that does not exist', expression('Like', 'tier', ['a']), false],
    ['a label named as a method of objects', { matchLabels: { constructor: 'x' } }, false],
  ])('%s', (_, selector, expected) => {
    const parsed = selectorOf(selector);
    expect(parsed).not.toBeNull();
    if (parsed !== null) expect(selects(parsed, labels)).toBe(expected);
  });

  it.each([null, undefined, 'x', []])('%j is absent, which is not empty', (value) => expect(selectorOf(value)).toBeNull());

  it('names what is not met', () => {
    const selector = selectorOf({
      matchLabels: { release: 'kps' },
      matchExpressions: [
        { key: 'tier', operator: 'NotIn', values: ['a', 'z'] },
        { key: 'debug', operator: 'DoesNotExist' },
      ],
    });
    expect(selector && unmet(selector, labels).map(({ key }) => key)).toEqual(['release', 'tier']);
    expect(selector && selectorText(selector)).toBe('release=kps,tier notin (a,z),!debug');
  });

  it.each([
    [expression('In', 'a', []), "for 'in'"],
    [expression('Exists', 'a', ['b']), 'must be empty'],
    [expression('Like', 'a', ['b']), 'not a valid label selector operator'],
    [expression('In', 'a', ['b']), null],
  ])('%j is refused', (selector, words) => {
    const parsed = selectorOf(selector);
    const problem = parsed && selectorProblem(parsed);
    if (words === null) expect(problem).toBeNull();
    else expect(problem).toContain(words);
  });
});
