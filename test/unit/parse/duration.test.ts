import { describe, expect, it } from 'vitest';
import { ageText, durationOf } from '../../../src/parse/duration.ts';
import { labelSpellings } from '../../../src/parse/spellings.ts';

describe('durations', () => {
  it.each([
    ['30s', 30],
    ['1m', 60],
    ['1h30m', 5400],
    ['500ms', 0.5],
    ['1d', 86400],
    ['0', 0],
    ['', null],
    ['30', null],
    ['1s1m', null],
    ['-5s', null],
    [null, null],
  ])('%s is %s seconds', (text, seconds) => expect(durationOf(text)).toBe(seconds));

  it.each([
    [-3, '0s'],
    [7.4, '7s'],
    [119.9, '119s'],
    [120, '2m'],
    [190, '3m10s'],
    [660, '11m'],
    [10_000, '166m'],
    [3 * 3600, '3h'],
    [7 * 3600 + 1800, '7h30m'],
    [47.9 * 3600, '47h'],
    [144 * 3600, '6d'],
    [145 * 3600, '6d1h'],
    [200 * 3600, '8d'],
    [800 * 86_400, '2y70d'],
    [3000 * 86_400, '8y'],
  ])('%d seconds are %s', (seconds, text) => expect(ageText(seconds)).toBe(text));
});

describe('spellings of a label', () => {
  it.each([
    ['user_id', ['user_id']],
    ['user.id', ['user_id', 'user.id', 'user_dot_id', 'U__user_2e_id']],
    [
      'gen_ai.request.model',
      ['gen_ai_request_model', 'gen_ai.request.model', 'gen__ai_dot_request_dot_model', 'U__gen__ai_2e_request_2e_model'],
    ],
  ])('%s', (attribute, spellings) => expect(labelSpellings(attribute)).toEqual(spellings));
});
