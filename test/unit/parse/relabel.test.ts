import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { md5Tail } from '../../../src/parse/md5.ts';
import { relabel, relabelRule, withTargetLabels } from '../../../src/parse/relabel.ts';

const series = { __name__: 'gen_ai_client_token_usage_sum', user_id: 'alice', user_namespace: 'team-a', gen_ai_token_type: 'input' };

function relabelled(rule: Record<string, unknown>, labels: Record<string, string> = series): Record<string, string> | null {
  const result = relabel(new Map(Object.entries(labels)), [relabelRule(rule)]);
  return result === null ? null : Object.fromEntries(result);
}

describe('each action', () => {
  it.each<[string, Record<string, unknown>, Record<string, string> | null]>([
    ['labeldrop removes the tenant', { action: 'labeldrop', regex: 'user.*' }, { __name__: series.__name__, gen_ai_token_type: 'input' }],
    ['labelkeep removes the rest', { action: 'labelkeep', regex: '__name__|user_id' }, { __name__: series.__name__, user_id: 'alice' }],
    ['keep that matches', { action: 'keep', sourceLabels: ['__name__'], regex: 'gen_ai_.*' }, series],
    ['keep that does not match', { action: 'keep', sourceLabels: ['__name__'], regex: 'gen_ai\\..*' }, null],
    ['drop by the tenant', { action: 'Drop', source_labels: ['user_namespace'], regex: 'team-a' }, null],
    [
      'an empty replacement deletes',
      { targetLabel: 'user_id', replacement: '' },
      { __name__: series.__name__, user_namespace: 'team-a', gen_ai_token_type: 'input' },
    ],
    ['a constant rewrites', { targetLabel: 'user_id', replacement: 'all' }, { ...series, user_id: 'all' }],
    [
      'replace without a match changes nothing',
      { sourceLabels: ['user_id'], regex: 'bob', targetLabel: 'user_id', replacement: 'x' },
      series,
    ],
    [
      'groups by number and separator',
      { sourceLabels: ['user_namespace', 'user_id'], regex: '(.*);(.*)', targetLabel: 'who', replacement: '${2}@$1' },
      { ...series, who: 'alice@team-a' },
    ],
    ['a group name runs on', { sourceLabels: ['user_id'], targetLabel: 'who', replacement: '$1x' }, series],
    ['uppercase', { action: 'uppercase', sourceLabels: ['user_id'], targetLabel: 'user_id' }, { ...series, user_id: 'ALICE' }],
    [
      'labelmap copies',
      { action: 'labelmap', regex: 'user_(.+)', replacement: 'tenant_$1' },
      { ...series, tenant_id: 'alice', tenant_namespace: 'team-a' },
    ],
    [
      'labelmap onto one name: the last by name wins',
      { action: 'labelmap', regex: 'user_.+', replacement: 'who' },
      { ...series, who: 'team-a' },
    ],
    ['dropequal', { action: 'dropequal', sourceLabels: ['user_id'], targetLabel: 'user_id' }, null],
    ['keepequal', { action: 'keepequal', sourceLabels: ['user_id'], targetLabel: 'user_namespace' }, null],
  ])('%s', (_, rule, expected) => expect(relabelled(rule)).toEqual(expected));

  it('hashmod divides the tail of MD5', () => {
    const tail = createHash('md5').update('alice').digest().readBigUInt64BE(8);
    expect(relabelled({ action: 'hashmod', sourceLabels: ['user_id'], targetLabel: 'shard', modulus: 7 })).toEqual({
      ...series,
      shard: String(tail % 7n),
    });
  });
});

it.each(['', 'a', 'alice', 'x'.repeat(55), 'x'.repeat(56), 'x'.repeat(64), 'ünïcode'.repeat(40)])('md5 of %j', (text) => {
  expect(md5Tail(text)).toBe(createHash('md5').update(text).digest().readBigUInt64BE(8));
});

describe('rules that are refused', () => {
  it.each([
    [{ action: 'nope' }, 'unknown relabel action "nope"'],
    [{ action: 'hashmod', targetLabel: 'x' }, 'requires non-zero modulus'],
    [{ action: 'replace', regex: 'a' }, "requires 'target_label' value"],
    [{ action: 'labeldrop', sourceLabels: ['a'], regex: 'b' }, "labeldrop action requires only 'regex'"],
    [{ action: 'drop', regex: '(' }, 'missing closing )'],
  ])('%j', (rule, message) => expect(() => relabelRule(rule)).toThrow(message));
});

describe('target labels', () => {
  const exposed = new Map([
    ['__name__', 'm'],
    ['namespace', 'team-a'],
    ['exported_namespace', 'old'],
    ['pod', ''],
  ]);
  const target = new Map([
    ['namespace', 'gateways'],
    ['pod', 'envoy-1'],
  ]);
  it('rename what they cover, as often as it takes', () => {
    expect(Object.fromEntries(withTargetLabels(exposed, target, false))).toEqual({
      __name__: 'm',
      namespace: 'gateways',
      exported_exported_namespace: 'team-a',
      exported_namespace: 'old',
      pod: 'envoy-1',
    });
  });
  it('give way when labels are honoured', () => {
    expect(Object.fromEntries(withTargetLabels(exposed, target, true))).toEqual({
      __name__: 'm',
      namespace: 'team-a',
      exported_namespace: 'old',
    });
  });
});
