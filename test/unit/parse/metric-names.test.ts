import { describe, expect, it } from 'vitest';
import { escapeName, labelNamer, normaliseLabel, normaliseName, sampleName, unescapeName } from '../../../src/parse/metric-names.ts';

// prometheus/common model/metric_test.go, TestEscapeName; legal names are left alone, as on the way through EscapeMetricFamily.
const escaped = [
  ['', '', '', ''],
  ['no:escaping_required', 'no:escaping_required', 'no:escaping_required', 'no:escaping_required'],
  [
    'mysystem.prod.west.cpu.load',
    'mysystem_prod_west_cpu_load',
    'mysystem_dot_prod_dot_west_dot_cpu_dot_load',
    'U__mysystem_2e_prod_2e_west_2e_cpu_2e_load',
  ],
  [
    'mysystem.prod.west.cpu.load_total',
    'mysystem_prod_west_cpu_load_total',
    'mysystem_dot_prod_dot_west_dot_cpu_dot_load__total',
    'U__mysystem_2e_prod_2e_west_2e_cpu_2e_load__total',
  ],
  ['http.status:sum', 'http_status:sum', 'http_dot_status:sum', 'U__http_2e_status:sum'],
  ['label with 😱', 'label_with__', 'label__with____', 'U__label_20_with_20__1f631_'],
  ['花火', '__', '____', 'U___82b1__706b_'],
  ['花火.1', '___1', '_____dot_1', 'U___82b1__706b__2e_1'],
  ['1abc', '_abc', '__abc', 'U___31_abc'],
] as const;

describe('names under the escaping schemes', () => {
  it.each(escaped)('%j', (name, underscores, dots, values) => {
    expect([
      escapeName(name, 'allow-utf-8'),
      escapeName(name, 'underscores'),
      escapeName(name, 'dots'),
      escapeName(name, 'values'),
    ]).toEqual([name, underscores, dots, values]);
  });

  it.each(escaped)('%j comes back from values', (name, _, __, values) => {
    expect(unescapeName(values, 'values')).toBe(name);
  });

  it.each([
    ['no prefix', 'a_2e_b', 'a_2e_b'],
    ['an open escape', 'U__a_2e', 'U__a_2e'],
    ['a lone underscore at the end', 'U__a_', 'U__a_'],
    ['no hexadecimal digit', 'U__a_zz_b', 'U__a_zz_b'],
    ['a surrogate', 'U__bad__utf_D900_', 'U__bad__utf_D900_'],
    ['too many digits', 'U__bad__utf_D9000001_', 'U__bad__utf_D9000001_'],
    ['beyond Unicode', 'U__a_110000_', 'U__a_110000_'],
  ])('values with %s stay as they are', (_, name, want) => expect(unescapeName(name, 'values')).toBe(want));

  it('comes back from dots when nothing but dots and underscores was escaped', () => {
    expect(unescapeName('gen__ai_dot_operation_dot_name', 'dots')).toBe('gen_ai.operation.name');
  });
});

describe('one name for all spellings', () => {
  it.each(['gen_ai.operation.name', 'gen_ai_operation_name', 'gen__ai_dot_operation_dot_name', 'U__gen__ai_2e_operation_2e_name'])(
    'label %s',
    (name) => {
      expect(normaliseLabel(name)).toBe('gen_ai_operation_name');
    },
  );

  it.each([
    'gen_ai.client.token.usage_token_sum',
    'gen_ai_client_token_usage_token_sum',
    'gen__ai_dot_client_dot_token_dot_usage__token_sum',
    'U__gen__ai_2e_client_2e_token_2e_usage__token_sum',
  ])('sample %s', (name) => expect(normaliseName(name)).toBe('gen_ai_client_token_usage_token_sum'));

  it('leaves a legal name with two underscores alone', () => {
    expect(normaliseLabel('a__b')).toBe('a__b');
  });
});

describe('the parts of a sample name', () => {
  it.each([
    ['x_sum', 'x', '_sum'],
    ['x_count', 'x', '_count'],
    ['x_bucket', 'x', '_bucket'],
    ['authorized_hits', 'authorized_hits', ''],
    ['x_total', 'x', '_total'],
    ['_sum', '_sum', ''],
  ])('%s', (name, family, suffix) => expect(sampleName(name)).toEqual({ family, suffix }));
});

// What the real v1.1.0 made of each attribute; null: HTTP 500.
describe('labels from v0.5 on', () => {
  it.each([
    ['user.id', 'user_id'],
    ['user-id', 'user_id'],
    ['user:id', 'user_id'],
    ['a/b:c', 'a_b_c'],
    ['a__b', 'a_b'],
    ['a..b', 'a_b'],
    ['1abc', 'key_1abc'],
    ['le', 'le'],
    ['_x', '_x'],
    ['_', null],
    ['用户', null],
    ['__name__', null],
    ['__x__', null],
    ['__x', '_x'],
  ])('%s', (attribute, label) => expect(labelNamer(attribute)).toBe(label));
});
