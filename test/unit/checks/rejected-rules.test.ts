import { describe, expect, it } from 'vitest';
import { rejectedRules } from '../../../src/checks/rejected-rules.ts';
import { gather } from '../../../src/engine/gather.ts';
import type { KubeObject } from '../../../src/model/source.ts';
import { memorySource } from '../memory-source.ts';
import { namespace, nounsOf, operatorDeployment, options, prometheusObject } from './world.ts';

const sound = 'sum by (user_id) (rate(gen_ai_client_token_usage_sum[5m]))';

function rule(expr: string, labels: Record<string, string> = { release: 'kps' }, where = 'monitoring'): KubeObject {
  return {
    apiVersion: 'monitoring.coreos.com/v1',
    kind: 'PrometheusRule',
    metadata: { name: 'tokens', namespace: where, labels },
    spec: { groups: [{ name: 'g', rules: [{ record: 'r', expr }] }] },
  };
}

const wanting = (spec: Record<string, unknown> = {}): KubeObject =>
  prometheusObject('k8s', { ruleSelector: { matchLabels: { release: 'kps' } }, ruleNamespaceSelector: {}, ...spec });

async function said(objects: readonly KubeObject[], refused: Record<string, 'absent' | 'forbidden'> = {}): Promise<string> {
  const check = rejectedRules(nounsOf({}), { rejectedRules: 'rejected-rules', earlier: [] });
  const { reader } = gather(
    memorySource({
      objects: [operatorDeployment(), namespace('monitoring'), namespace('other', { team: 'a' }), ...objects],
      endpoints: {},
      refused,
    }),
    options,
  );
  const verdict = await check.examine(reader);
  return verdict.status === 'fail'
    ? verdict.findings.map(({ message, remedy }) => `${message} → ${remedy?.command ?? remedy?.text}`).join('\n')
    : verdict.status;
}

describe('rejected-rules', () => {
  it.each<[string, KubeObject[], RegExp]>([
    ['a rule that is taken', [rule(sound), wanting()], /^pass$/],
    ['no rule about tokens', [rule('sum(up)'), wanting()], /^skip$/],
    ['no Prometheus object', [rule(sound)], /^skip$/],
    [
      'a label that is missing',
      [rule(sound, {}), wanting()],
      /wants release=kps → kubectl -n monitoring label prometheusrule tokens --overwrite release=kps/,
    ],
    [
      'a selector that is absent',
      [rule(sound), wanting({ ruleSelector: null })],
      /ruleSelector of Prometheus monitoring\/k8s is absent, which selects nothing → kubectl -n monitoring patch prometheus k8s --type merge -p '\{"spec":\{"ruleSelector":\{\}\}\}'/,
    ],
    [
      'labels that expressions want',
      [
        rule(sound, { debug: 'yes' }),
        wanting({
          ruleSelector: {
            matchExpressions: [
              { key: 'team', operator: 'In', values: ['a', 'b'] },
              { key: 'role', operator: 'Exists' },
              { key: 'debug', operator: 'DoesNotExist' },
            ],
          },
        }),
      ],
      /label prometheusrule tokens --overwrite team=a role=true debug-$/,
    ],
    [
      'a label and a namespace selector',
      [rule(sound, {}, 'other'), wanting({ ruleNamespaceSelector: null })],
      /wants release=kps, and ruleNamespaceSelector .* → kubectl -n other label prometheusrule tokens --overwrite release=kps && kubectl -n monitoring patch prometheus k8s/,
    ],
    [
      'another namespace, and no namespace selector',
      [rule(sound, undefined, 'other'), wanting({ ruleNamespaceSelector: null })],
      /looks only in namespace monitoring → kubectl -n monitoring patch prometheus k8s --type merge -p '\{"spec":\{"ruleNamespaceSelector":\{\}\}\}'/,
    ],
    [
      'a namespace that is selected',
      [rule(sound, undefined, 'other'), wanting({ ruleNamespaceSelector: { matchLabels: { team: 'a' } } })],
      /^pass$/,
    ],
    [
      'a namespace that is not',
      [rule(sound, undefined, 'other'), wanting({ ruleNamespaceSelector: { matchLabels: { team: 'b' } } })],
      /takes only namespaces with team=b → kubectl label namespace other --overwrite team=b/,
    ],
    [
      'namespaces by a name that no label can change',
      [
        rule(sound, undefined, 'other'),
        wanting({ ruleNamespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'monitoring' } } }),
      ],
      /→ widen ruleNamespaceSelector of the Prometheus object$/,
    ],
    [
      'two of which one needs a single change',
      [
        rule(sound, {}, 'other'),
        wanting({ ruleNamespaceSelector: null }),
        prometheusObject('b', { ruleSelector: { matchLabels: { tier: 'b' } }, ruleNamespaceSelector: {} }),
      ],
      /→ kubectl -n other label prometheusrule tokens --overwrite tier=b$/,
    ],
    [
      'one of two takes it',
      [rule(sound), wanting({ ruleSelector: null }), prometheusObject('b', { ruleSelector: {}, ruleNamespaceSelector: {} })],
      /^pass$/,
    ],
    ['an expression that does not parse', [rule('sum by (user_id) (rate(gen_ai_client_token_usage_sum[5m])'), wanting()], /does not parse/],
    [
      'a quoted group before 0.86',
      [rule('sum by ("user.id") (rate({"gen_ai.client.token.usage_sum"}[5m]))'), wanting()],
      /groups by a quoted label, .* → kubectl -n monitoring patch prometheusrule tokens --type json -p '\[\{"op":"test".*"op":"replace","path":"\/spec\/groups\/0\/rules\/0\/expr","value":"sum by \(user_id\) \(label_replace\(rate/,
    ],
    [
      'all but a quoted group before 0.86',
      [rule('sum without ("user.id") (rate({"gen_ai.client.token.usage_sum"}[5m]))'), wanting()],
      /→ upgrade the operator to 0.86 or later, or group by labels without quotes$/,
    ],
    ['a quoted metric alone', [rule('sum by (user_id) (rate({"gen_ai.client.token.usage_sum"}[5m]))'), wanting()], /^pass$/],
  ])('%s', async (_, objects, expected) => expect(await said(objects)).toMatch(expected));

  it('does not know what it may not list', async () => {
    expect(await said([rule(sound), wanting()], { prometheusrules: 'forbidden' })).toBe('unknown');
  });
});
