import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { Check, Remedy } from '../../../../src/model/check.ts';
import type { KubeObject } from '../../../../src/model/source.ts';
import { changesOf, commandsOf, pipesOf } from '../../../../src/parse/changes.ts';
import { patched } from '../../../../src/parse/patch.ts';
import type { TextEdit } from '../../../../src/parse/yaml-edit.ts';
import { dashboardUnwatched } from '../../../../src/pipelines/lgtm/checks/dashboard-unwatched.ts';
import { datasourceMissing } from '../../../../src/pipelines/lgtm/checks/datasource-missing.ts';
import { duplicateCollectors } from '../../../../src/pipelines/lgtm/checks/duplicate-collectors.ts';
import { exportFailing } from '../../../../src/pipelines/lgtm/checks/export-failing.ts';
import { overrideIgnored } from '../../../../src/pipelines/lgtm/checks/override-ignored.ts';
import { receiverUnwired } from '../../../../src/pipelines/lgtm/checks/receiver-unwired.ts';
import { replacementMisescaped } from '../../../../src/pipelines/lgtm/checks/replacement-misescaped.ts';
import { retentionShort } from '../../../../src/pipelines/lgtm/checks/retention-short.ts';
import { tenantMismatched } from '../../../../src/pipelines/lgtm/checks/tenant-mismatched.ts';
import { unscrapedProxies } from '../../../../src/pipelines/lgtm/checks/unscraped-proxies.ts';
import { lgtm } from '../../../../src/pipelines/lgtm/index.ts';
import { addressRule, agent, type Change, configMap, job, judged, keep, nodeRule, override } from './collector-world.ts';
import {
  datasourceMap,
  datasourceYaml,
  grafana,
  configMap as labelledMap,
  mimir,
  mimirConfig,
  mimirLabels,
  pod,
  service,
  tenant,
} from './objects.ts';
import { collector, judgedLgtm, relay, type Change as StoreChange, sound, writeTo } from './world.ts';

/** A text as the edits of a command leave it: as jq makes them. */
function edited(text: string, { command = '' }: Remedy): string {
  const words = (pipesOf(command) ?? []).flat().find(([program]) => program === 'jq') ?? [];
  const edits: TextEdit[] = JSON.parse(words[words.indexOf('edits') + 1] ?? '[]');
  expect(edits).not.toEqual([]);
  return edits.reduce((before, [old, fresh, at = 0, of = 1]) => {
    const pieces = before.split(old);
    expect(pieces).toHaveLength(of + 1);
    return pieces.slice(0, at + 1).join(old) + fresh + pieces.slice(at + 1).join(old);
  }, text);
}

async function remedyOf(check: Check, change: Change): Promise<Remedy> {
  const verdict = await judged(check, change);
  return (verdict.status === 'fail' ? verdict.findings[0]?.remedy : undefined) ?? { text: verdict.status };
}

const restart = (kind = 'daemonset', name = 'opentelemetry-collector-agent') => [
  'kubectl',
  '-n',
  'monitoring',
  'rollout',
  'restart',
  `${kind}/${name}`,
];

describe('what is wrong in a text of a collector is mended there, and the collector reads it again', () => {
  const rules = (...wanted: readonly Record<string, unknown>[]) => ({ jobs: [job({ relabel_configs: wanted })] });
  it.each<[string, Check, string]>([
    ['a group with one dollar sign', replacementMisescaped, override(rules(nodeRule, addressRule('${1}:1064')))],
    ['a group with four', replacementMisescaped, override(rules(nodeRule, addressRule('$$$$1:1064')))],
    ['two groups alike', replacementMisescaped, override(rules(addressRule('${1}:1064'), addressRule('${1}:1064')))],
    ['a gateway that is left out', unscrapedProxies, override(rules(nodeRule, keep('gateway_name', 'other')))],
    ['a port of another name', unscrapedProxies, override(rules(nodeRule, keep('port', 'aigw-metrics')))],
    [
      'another namespace',
      unscrapedProxies,
      override({ jobs: [job({ kubernetes_sd_configs: [{ role: 'pod', namespaces: { names: ['llm'] } }] })] }),
    ],
    ['another path', unscrapedProxies, override({ jobs: [job({ metrics_path: '/stats' })] })],
    ['no job for them', unscrapedProxies, 'exporters: {debug: {}}\n'],
    ['a receiver that no pipeline names', receiverUnwired, override({ receivers: ['otlp', 'prometheus'] })],
    ['a pipeline that prints', receiverUnwired, override({ exporters: ['debug'] })],
  ])('%s', async (_, check, text) => {
    const remedy = await remedyOf(check, { override: text });
    expect(commandsOf(remedy.command ?? '')?.at(-1)).toEqual(restart());
    expect((await judged(check, { override: edited(text, remedy) })).status).toBe('pass');
  });

  it('a second job lets the targets go', async () => {
    const jobs = [job({ job_name: 'again', relabel_configs: [keep('port', 'aigw-admin')] })];
    const text = override({ jobs });
    const two = (own: string): Change => ({
      override: own,
      extra: [
        { ...agent({ name: 'second', args: ['--config=/conf/relay.yaml'] }), kind: 'Deployment', status: {} },
        configMap('second', { relay: override() }),
      ],
    });
    const remedy = await remedyOf(duplicateCollectors, two(text));
    expect(commandsOf(remedy.command ?? '')?.at(-1)).toEqual(restart());
    expect((await judged(duplicateCollectors, two(edited(text, remedy)))).status).toBe('pass');
  });

  it('pods that all scrape everything take those of their own node', async () => {
    const text = override({ jobs: [job({ relabel_configs: [keep('port', 'aigw-admin')] })] });
    const many = (own: string): Change => ({ override: own, agent: agent({ nodes: 3 }) });
    const remedy = await remedyOf(duplicateCollectors, many(text));
    expect((await judged(duplicateCollectors, many(edited(text, remedy)))).status).toBe('pass');
  });

  it('a drop rule is spared by hand', async () => {
    const text = override(rules(nodeRule, { ...keep('port', 'aigw-admin'), action: 'drop' }));
    const remedy = await remedyOf(unscrapedProxies, { override: text });
    expect(remedy.command).toBeUndefined();
    expect(remedy.text).toContain('let the rule spare aigw-admin');
  });
});

describe('the configuration in an OpenTelemetryCollector', () => {
  const resource = (config: unknown): KubeObject => ({
    apiVersion: typeof config === 'string' ? 'opentelemetry.io/v1alpha1' : 'opentelemetry.io/v1beta1',
    kind: 'OpenTelemetryCollector',
    metadata: { name: 'metrics', namespace: 'monitoring' },
    spec: { mode: 'deployment', config },
  });
  const alone = (config: unknown): Change => ({ agent: null, extra: [resource(config)] });
  const texts: readonly (readonly [string, Check, string])[] = [
    ['a rule', unscrapedProxies, override({ jobs: [job({ relabel_configs: [keep('port', 'aigw-metrics')] })] })],
    ['a list', receiverUnwired, override({ receivers: ['otlp'] })],
    ['a job that is not there', unscrapedProxies, override({ jobs: [] })],
  ];

  it.each(texts)('in fields is patched: %s', async (_, check, text) => {
    const remedy = await remedyOf(check, alone(parse(text)));
    const [change] = changesOf(remedy);
    expect(change).toMatchObject({ does: 'patch', target: { word: 'opentelemetrycollector', namespace: 'monitoring', name: 'metrics' } });
    const operations = change?.does === 'patch' ? change.operations : [];
    const { spec } = patched(resource(parse(text)), operations) as { spec: { config: unknown } };
    expect((await judged(check, alone(spec.config))).status).toBe('pass');
  });

  it.each(texts)('in a text is changed there: %s', async (_, check, text) => {
    const remedy = await remedyOf(check, alone(text));
    expect(remedy.command).toMatch(/^kubectl -n monitoring get opentelemetrycollector metrics -o json \| jq .*\["spec"\]\["config"\]/);
    expect(remedy.command).not.toContain('rollout');
    expect((await judged(check, alone(edited(text, remedy)))).status).toBe('pass');
  });
});

describe('a text that no collector reads', () => {
  const stray = (name: string, key: string): Change => ({ override: null, extra: [configMap(name, { [key]: override() })] });
  it.each<[string, Change, string]>([
    ['goes to another key of its ConfigMap', stray('opentelemetry-collector-overrides', 'relay.yml'), 'replace -f -'],
    ['is copied to another ConfigMap', stray('overrides', 'relay.yaml'), 'apply --server-side -f -'],
  ])('%s', async (_, change, last) => {
    const { command = '' } = await remedyOf(overrideIgnored, change);
    expect(command.split('\n')[0]).toMatch(new RegExp(`\\| kubectl ${last}$`));
    expect(commandsOf(command)?.at(-1)).toEqual(restart());
  });
});

async function storeRemedy(check: Check, change: StoreChange): Promise<Remedy> {
  const verdict = await judgedLgtm(check, change);
  return (verdict.status === 'fail' ? verdict.findings[0]?.remedy : undefined) ?? { text: verdict.status };
}

const panel = JSON.stringify({ title: 'T', panels: [{ targets: [{ expr: 'sum(increase(gen_ai_client_token_usage_sum[30d]))' }] }] });
const dashboard = labelledMap('tokens', { 'tokens.json': panel }, { grafana_dashboard: '1' });

describe('what is wrong between a store and who reads it', () => {
  const push = 'http://lgtm-pack-mimir.monitoring.svc:8080/api/v1/push';
  const store = (yaml: string): Pick<StoreChange, 'mimir'> => ({
    mimir: [mimir(), mimirConfig(yaml), service('lgtm-pack-mimir', mimirLabels), pod('lgtm-pack-mimir-0', mimirLabels)],
  });
  const apart = store('multitenancy_enabled: true');
  const read = (...maps: readonly KubeObject[]): Pick<StoreChange, 'grafana'> => ({ grafana: [grafana(), ...maps] });
  const datasource = (text: string): KubeObject => labelledMap('sources', { 'datasources.yaml': text }, { grafana_datasource: '1' });
  it.each<[string, Check, string, (text: string) => StoreChange]>([
    [
      'the tenant of a data source',
      tenantMismatched,
      datasourceYaml('http://lgtm-pack-mimir:8080/prometheus', tenant('b')),
      (text) => ({
        ...read(datasource(text)),
        collector: collector(relay(writeTo(push, 'a'))),
        ...apart,
      }),
    ],
    [
      'a data source without tenant',
      tenantMismatched,
      datasourceYaml('http://lgtm-pack-mimir:8080/prometheus'),
      (text) => ({
        ...read(datasource(text)),
        collector: collector(relay(writeTo(push, 'a'))),
        ...apart,
      }),
    ],
    [
      'the tenant of an exporter',
      tenantMismatched,
      relay(writeTo(push)),
      (text) => ({
        ...read(datasourceMap(undefined, tenant('a'))),
        collector: collector(text),
        ...apart,
      }),
    ],
    ['the path of a data source', datasourceMissing, datasourceYaml('http://lgtm-pack-mimir:8080'), (text) => read(datasource(text))],
    [
      'the address of an exporter',
      exportFailing,
      relay(writeTo('http://gone.monitoring.svc:8080/api/v1/push')),
      (text) => ({ collector: collector(text) }),
    ],
    [
      'how long samples are kept',
      retentionShort,
      'multitenancy_enabled: false\nlimits:\n  compactor_blocks_retention_period: 1w # a week\n',
      (text) => ({
        ...store(text),
        extra: [dashboard],
      }),
    ],
  ])('%s', async (_, check, text, change) => {
    const remedy = await storeRemedy(check, change(text));
    expect((await judgedLgtm(check, change(edited(text, remedy)))).status).not.toBe('fail');
  });

  it('a dashboard moves to a namespace that is watched', async () => {
    const remedy = await storeRemedy(dashboardUnwatched, {
      grafana: [grafana({ LABEL: 'grafana_dashboard' })],
      extra: [{ ...dashboard, metadata: { ...dashboard.metadata, namespace: 'llm' } }],
    });
    const words = commandsOf(remedy.command ?? '')?.filter(([program]) => program === 'kubectl');
    expect(words?.map((each) => each.slice(1, 4).join(' '))).toEqual(['-n llm get', 'create -f -', '-n llm delete']);
  });
});

describe('a check that all systems share', () => {
  const find = (id: string): Check => {
    const check = lgtm.checks.find((each) => each.id === id);
    if (check === undefined) throw new Error(`there is no check ${id}`);
    return check;
  };
  const page = [
    '# TYPE "gen_ai.client.token.usage_token" histogram',
    '{"gen_ai.client.token.usage_token_sum","gen_ai.token.type"="input","user.id"="alice"} 7',
    '{"gen_ai.client.token.usage_token_count","gen_ai.token.type"="input","user.id"="alice"} 7',
    'target_info{telemetry_sdk_version="1.38.0"} 1',
    '',
  ].join('\n');
  const push = 'http://lgtm-pack-mimir.monitoring.svc:8080/api/v1/push';

  it('is mended by names with underscores, where a collector leaves them as they are', async () => {
    const text = relay(`prometheusremotewrite: {endpoint: "${push}", translation_strategy: NoTranslation}`);
    const remedy = await storeRemedy(find('series-absent'), { collector: collector(text), metrics: page, answers: { samples: {} } });
    expect(edited(text, remedy)).toBe(text.replace('NoTranslation', 'UnderscoreEscapingWithSuffixes'));
  });

  it('is mended without the rule of a job that drops every token series', async () => {
    const rules = (...all: readonly string[]): string =>
      relay().replace('[{role: pod}]', `[{role: pod}]\n          metric_relabel_configs: [${all.join(', ')}]`);
    const kept = '{action: drop, source_labels: [__name__], regex: "go_.*"}';
    const dropping = '{action: drop, source_labels: [__name__], regex: "gen_ai.*"}';
    const asked = { metrics: page, answers: { samples: {} } };
    const text = rules(kept, dropping);
    const remedy = await storeRemedy(find('series-absent'), { collector: collector(text), ...asked });
    expect(parse(edited(text, remedy))).toEqual(parse(rules(kept)));
    const plain = await storeRemedy(find('series-absent'), { collector: collector(rules(kept)), ...asked });
    expect(plain.command).toBeUndefined();
  });

  it('is mended without the rule of a job that takes the label away', async () => {
    const { 'user_id!=""': _, ...samples } = sound.samples ?? {};
    const rules = (...all: readonly string[]): string =>
      relay().replace('[{role: pod}]', `[{role: pod}]\n          metric_relabel_configs: [${all.join(', ')}]`);
    const kept = '{action: labeldrop, regex: le}';
    const text = rules(kept, '{action: labeldrop, regex: "user_.+"}');
    const answers = { samples, labels: ['__name__', 'instance', 'job', 'pod', 'gen_ai_token_type'] };
    const remedy = await storeRemedy(find('stored-identity-absent'), { collector: collector(text), answers });
    expect(parse(edited(text, remedy))).toEqual(parse(rules(kept)));
    const plain = await storeRemedy(find('stored-identity-absent'), { collector: collector(rules(kept)), answers });
    expect(plain.command).toBeUndefined();
  });
});
