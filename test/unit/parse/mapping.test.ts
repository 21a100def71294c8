import { describe, expect, it } from 'vitest';
import { labelOf, mergePairs, pairsMissing, parseMapping, printMapping, sameMapping } from '../../../src/parse/mapping.ts';

const pairsOf = (value: string) => {
  const mapping = parseMapping(value);
  return mapping.status === 'parsed' ? mapping.pairs : [];
};

describe('a header mapping', () => {
  it.each([
    ['', []],
    ['x-user-id:user.id', [['x-user-id', 'user.id']]],
    [
      ' x-a : a , x-b:b\n',
      [
        ['x-a', 'a'],
        ['x-b', 'b'],
      ],
    ],
    ['x-a:b:c', [['x-a', 'b:c']]],
    ['\u0085x-a:a\u3000', [['x-a', 'a']]],
    ['\ufeffx-a:a', [['\ufeffx-a', 'a']]],
  ])('%j parses', (value, pairs) => {
    expect(pairsOf(value).map(({ header, attribute }) => [header, attribute])).toEqual(pairs);
  });

  it.each([
    ['x-a:a,', 'attribute', 2, 'empty header-attribute pair at position 2'],
    [',x-a:a', 'attribute', 1, 'empty header-attribute pair at position 1'],
    ['x-a:a,,x-b:b', 'label', 2, 'empty header-label pair at position 2'],
    ['   ', 'label', 1, 'empty header-label pair at position 1'],
    ['x-a', 'attribute', 1, 'invalid header-attribute pair at position 1: "x-a" (expected format: header:attribute)'],
    ['x-a:a, x-b=b', 'label', 2, 'invalid header-label pair at position 2: "x-b=b" (expected format: header:label)'],
    [':path:x', 'attribute', 1, 'empty header or attribute at position 1: ":path:x"'],
    ['x-a:', 'label', 1, 'empty header or label at position 1: "x-a:"'],
  ] as const)('%j of a %s does not', (value, side, position, message) => {
    expect(parseMapping(value, side)).toMatchObject({ status: 'invalid', position, message });
  });

  it('merges by header, and the later one wins', () => {
    expect(printMapping(mergePairs(pairsOf('x-u:user.id,x-d:dept'), pairsOf('x-u:uid,x-n:ns')))).toBe('x-u:uid,x-d:dept,x-n:ns');
  });

  it('compares as a set', () => {
    expect(sameMapping(pairsOf('x-a:a,x-b:b'), pairsOf('x-b:b,x-a:a'))).toBe(true);
    expect(sameMapping(pairsOf('x-a:a'), pairsOf('x-a:a,x-b:b'))).toBe(false);
    expect(sameMapping(pairsOf('x-a:a'), pairsOf('x-a:A'))).toBe(false);
    expect(printMapping(pairsMissing(pairsOf('x-a:a'), pairsOf('x-a:a,x-b:b')))).toBe('x-b:b');
  });
});

describe('the label of an attribute', () => {
  it.each([
    ['user.id', 'user_id', 'user_id'],
    ['user id', 'user_id', 'user_id'],
    ['a__b', 'a_b', 'a__b'],
    ['user:id', 'user_id', 'user:id'],
    ['a/b:c', 'a_b_c', 'a_b:c'],
    ['1abc', 'key_1abc', '_abc'],
    ['用户', '_', '__'],
    ['__x__', '__x__', '__x__'],
    ['User_ID', 'User_ID', 'User_ID'],
  ])('%s is %s from v0.5 on and %s before', (attribute, later, earlier) => {
    expect(labelOf(attribute, 'label-namer')).toBe(later);
    expect(labelOf(attribute, 'escape-name')).toBe(earlier);
  });
});
