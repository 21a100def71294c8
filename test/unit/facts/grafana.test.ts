import { describe, expect, it } from 'vitest';
import { datasources } from '../../../src/facts/grafana.ts';
import { dashboardSidecars, isAboutTokens } from '../../../src/facts/grafana-dashboards.ts';
import type { KubeObject } from '../../../src/model/source.ts';
import { memorySource } from '../memory-source.ts';
import { ask } from '../pipelines/envoy-ai-gateway/reader.ts';
import { configMap, datasourceMap, datasourceYaml, grafana } from '../pipelines/lgtm/objects.ts';

const url = 'http://mimir.monitoring.svc:8080/prometheus';

describe("Grafana's data sources", () => {
  it.each<[string, KubeObject, string[]]>([
    ['a labelled ConfigMap', datasourceMap(), ['ConfigMap monitoring/lgtm-pack-grafana-datasources, datasources.yaml']],
    [
      "the chart's own",
      configMap('grafana', { 'datasources.yaml': datasourceYaml(url), 'grafana.ini': '[a]' }, { 'app.kubernetes.io/name': 'grafana' }),
      ['ConfigMap monitoring/grafana, datasources.yaml'],
    ],
    [
      'a resource of the operator',
      {
        apiVersion: 'grafana.integreatly.org/v1beta1',
        kind: 'GrafanaDatasource',
        metadata: { name: 'mimir', namespace: 'monitoring' },
        spec: { datasource: { name: 'Mimir', type: 'prometheus', url } },
      },
      ['GrafanaDatasource monitoring/mimir'],
    ],
    ['any other ConfigMap', configMap('x', { 'datasources.yaml': datasourceYaml(url) }), []],
  ])('%s', async (_, object, expected) => {
    const { read } = await ask(datasources, memorySource({ objects: [object] }));
    expect(read.map(({ subject }) => subject)).toEqual(expected);
  });

  it('says what was refused, and nothing of what is not served', async () => {
    const { unread } = await ask(datasources, memorySource({ refused: { configmaps: 'forbidden', grafanadatasources: 'absent' } }));
    expect(unread.map(({ what }) => what)).toEqual(['list configmaps', 'list configmaps']);
  });
});

describe('a dashboard about tokens', () => {
  const about = (json: string): boolean => isAboutTokens({ namespace: 'a', name: 'b', labels: {}, age: null, data: { 'x.json': json } });
  it.each([
    'gen_ai_client_token_usage_sum',
    'gen_ai.client.token.usage_token_sum',
    'gen__ai_dot_client_dot_token_dot_usage__token_sum',
    'U__gen__ai_2e_client_2e_token_2e_usage__token_sum',
  ])('has %s', (name) => expect(about(`{"expr": "sum(${name})"`)).toBe(true));

  it('is told from others in no time, whatever stands there', () => {
    const start = performance.now();
    expect(about(`gen_ai_${'client_token_'.repeat(80_000)}`)).toBe(false);
    expect(performance.now() - start).toBeLessThan(500);
  });
});

describe("Grafana's dashboard sidecars", () => {
  it.each<[string, Record<string, string>, unknown]>([
    ['all namespaces', { LABEL: 'grafana_dashboard', NAMESPACE: 'ALL' }, { label: 'grafana_dashboard', value: null, namespaces: null }],
    ['its own without a word', { LABEL: 'grafana_dashboard', LABEL_VALUE: '1' }, { value: '1', namespaces: ['monitoring'] }],
    ['those of a list', { LABEL: 'dashboards', NAMESPACE: 'a, b' }, { label: 'dashboards', namespaces: ['a', 'b'] }],
  ])('watches %s', async (_, env, expected) => {
    const { sidecars } = await ask(dashboardSidecars, memorySource({ objects: [grafana(env)] }));
    expect(sidecars).toMatchObject([{ subject: 'Deployment monitoring/lgtm-pack-grafana', unsure: false, ...(expected as object) }]);
  });

  it('finds the ConfigMaps of its own label and of the usual one, each once', async () => {
    const objects = [
      grafana({ LABEL: 'dashboards' }),
      configMap('a', {}, { dashboards: '1', grafana_dashboard: '1' }),
      configMap('b', {}, { grafana_dashboard: '1' }),
      configMap('c', {}),
    ];
    const { maps } = await ask(dashboardSidecars, memorySource({ objects }));
    expect(maps.map(({ name }) => name).sort()).toEqual(['a', 'b']);
  });
});
