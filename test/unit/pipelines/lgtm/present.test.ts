import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../../../../src/model/source.ts';
import { dashboardUnwatched } from '../../../../src/pipelines/lgtm/checks/dashboard-unwatched.ts';
import { datasourceMissing } from '../../../../src/pipelines/lgtm/checks/datasource-missing.ts';
import { retentionShort } from '../../../../src/pipelines/lgtm/checks/retention-short.ts';
import { findingsOf, lineOf } from '../envoy-ai-gateway/world.ts';
import { configMap, datasourceMap, datasourceYaml, grafana, mimir, mimirConfig, mimirLabels, pod, service } from './objects.ts';
import { type Change, judgedLgtm } from './world.ts';

const panel = (expr: string): string =>
  JSON.stringify({ title: 'Tokens', panels: [{ title: 'by user', gridPos: {}, targets: [{ expr }] }] });
const tokens = (range: string): string => panel(`sum by (user_id) (increase(gen_ai_client_token_usage_sum{user_id!=""}[${range}]))`);
const dashboard = (
  json = tokens('30d'),
  labels: Record<string, string> = { grafana_dashboard: '1' },
  namespace = 'monitoring',
): KubeObject => configMap('token-usage-dashboard', { 'per-user-token-usage.json': json }, labels, namespace);
const watching = (env: Record<string, string>, ...more: KubeObject[]): Change => ({
  grafana: [grafana({ LABEL: 'grafana_dashboard', ...env }), datasourceMap()],
  extra: more,
});

describe('dashboard-unwatched', () => {
  it.each<[string, Change, RegExp]>([
    ['all namespaces', watching({ NAMESPACE: 'ALL' }, dashboard(undefined, undefined, 'llm')), /^pass/],
    ['its own namespace', watching({}, dashboard()), /^pass/],
    [
      'another namespace',
      watching({}, dashboard(undefined, undefined, 'llm')),
      /^fail: no Grafana picks it up: grafana-sc-dashboard of Deployment monitoring\/lgtm-pack-grafana watches namespace monitoring alone/,
    ],
    ['a list of namespaces', watching({ NAMESPACE: 'a,llm' }, dashboard(undefined, undefined, 'llm')), /^pass/],
    [
      'another value of the label',
      watching({ LABEL_VALUE: '1' }, dashboard(undefined, { grafana_dashboard: 'true' })),
      /^fail: .* looks for grafana_dashboard=1, and it has grafana_dashboard=true/,
    ],
    ['another label', watching({ LABEL: 'dashboards' }, dashboard()), /^fail: .* looks for the label dashboards/],
    ['no JSON', watching({}, dashboard(`${tokens('30d')},`)), /^fail: it is no valid JSON/],
    [
      'a dashboard about something else',
      watching({}, dashboard(panel('up'), { grafana_dashboard: '1' }, 'llm')),
      /^skip: no ConfigMap with a dashboard is about tokens/,
    ],
    ['no sidecar', { grafana: [], extra: [dashboard(undefined, undefined, 'llm')] }, /^skip: no Grafana of the cluster has a sidecar/],
    [
      'a second Grafana that watches it',
      {
        grafana: [
          grafana({ LABEL: 'grafana_dashboard' }),
          { ...grafana({ LABEL: 'grafana_dashboard', NAMESPACE: 'llm' }), metadata: { name: 'second', namespace: 'x' } },
        ],
        extra: [dashboard(undefined, undefined, 'llm')],
      },
      /^pass/,
    ],
    ['ConfigMaps that are refused', { ...watching({}, dashboard()), refused: { configmaps: 'forbidden' } }, /^unknown/],
  ])('%s', async (_, change, line) => expect(lineOf(await judgedLgtm(dashboardUnwatched, change))).toMatch(line));

  it('is mended by the label, where that is what it lacks', async () => {
    const [finding] = findingsOf(
      await judgedLgtm(dashboardUnwatched, watching({ LABEL_VALUE: '1' }, dashboard(undefined, { grafana_dashboard: 'true' }))),
    );
    expect(finding?.remedy?.command).toBe('kubectl -n monitoring label configmap token-usage-dashboard --overwrite grafana_dashboard=1');
  });
});

describe('datasource-missing', () => {
  const from = (...urls: string[]): Change => ({
    grafana: urls.map((url, at) => configMap(`ds-${at}`, { 'datasources.yaml': datasourceYaml(url) }, { grafana_datasource: '1' })),
  });
  it.each<[string, Change, RegExp]>([
    ['with /prometheus', {}, /^pass/],
    ['by its full name', from('http://lgtm-pack-mimir.monitoring.svc.cluster.local:8080/prometheus/'), /^pass/],
    ['one of two', from('http://lgtm-pack-mimir:8080', 'http://lgtm-pack-mimir:8080/prometheus'), /^pass/],
    ['without /prometheus', from('http://lgtm-pack-mimir:8080'), /^fail: data source Mimir: its URL lacks \/prometheus/],
    ['with a slash alone', from('http://lgtm-pack-mimir:8080/'), /^fail: data source Mimir: its URL lacks/],
    ['under a prefix of its own', from('http://lgtm-pack-mimir:8080/metrics'), /^pass/],
    [
      'on a port that its Service has not',
      from('http://lgtm-pack-mimir/prometheus'),
      /^fail: data source Mimir: Service monitoring\/lgtm-pack-mimir has no port 80, only 8080/,
    ],
    [
      'a Service that does not exist',
      from('http://mimir.observability.svc:8080/prometheus'),
      /^fail: data source Mimir: Service observability\/mimir does not exist/,
    ],
    [
      'another server',
      { ...from('http://prometheus.monitoring.svc:9090'), extra: [service('prometheus', { app: 'x' })] },
      /^pass: no data source that can be seen here asks the store/,
    ],
    [
      'another server, and a dashboard about tokens',
      { ...from('http://prometheus.monitoring.svc:9090'), extra: [service('prometheus', { app: 'x' }), dashboard()] },
      /^fail: \[warning\] no data source that Grafana is provisioned with asks StatefulSet monitoring\/lgtm-pack-mimir: Mimir asks http:\/\/prometheus/,
    ],
    ['an address outside the cluster', { ...from('https://mimir.example.com/prometheus'), extra: [dashboard()] }, /^pass/],
    [
      'Services that may not be listed',
      { ...from('http://mimir.observability.svc:8080/prometheus'), extra: [dashboard()], refused: { services: 'forbidden' } },
      /^pass/,
    ],
    ['none that is seen', { grafana: [] }, /^skip: no ConfigMap or GrafanaDatasource gives Grafana a data source/],
    ['no Mimir', { mimir: [], collector: [] }, /^skip: there is no Grafana Mimir/],
    ['ConfigMaps that are refused', { refused: { configmaps: 'forbidden' } }, /^unknown/],
  ])('%s', async (_, change, line) => expect(lineOf(await judgedLgtm(datasourceMissing, change))).toMatch(line));

  it('says which URL works', async () => {
    const [finding] = findingsOf(await judgedLgtm(datasourceMissing, from('http://lgtm-pack-mimir:8080')));
    expect(finding?.remedy?.text).toBe('set its url to http://lgtm-pack-mimir.monitoring.svc:8080/prometheus');
  });
});

describe('retention-short', () => {
  const keeping = (yaml: string, range = '30d'): Change => ({
    mimir: [mimir(), mimirConfig(yaml), pod('lgtm-pack-mimir-0', mimirLabels), service('lgtm-pack-mimir', mimirLabels)],
    extra: [dashboard(tokens(range))],
  });
  const days = (count: number): string => `multitenancy_enabled: false\nlimits: {compactor_blocks_retention_period: ${count}d}`;
  it.each<[string, Change, RegExp]>([
    ['just as long as the dashboard looks back', keeping(days(30)), /^pass/],
    [
      'less',
      keeping(days(15)),
      /^fail: it keeps 15 d, and ConfigMap monitoring\/token-usage-dashboard, per-user-token-usage.json, panel "by user" looks back 30 d/,
    ],
    ['for ever', keeping('multitenancy_enabled: false'), /^pass/],
    ['a range that the viewer chooses', keeping(days(15), '$__range'), /^skip: no query about tokens has a range/],
    ['less for another tenant', keeping(`${days(30)}\noverrides: {other: {compactor_blocks_retention_period: 1d}}`), /^pass/],
    ['not told', { ...keeping(days(15)), mimir: [mimir(), pod('lgtm-pack-mimir-0', mimirLabels)] }, /^skip: no configuration of the store/],
    ['no store that answers', { ...keeping(days(15)), answers: null }, /^(skip|unknown)/],
  ])('%s', async (_, change, line) => expect(lineOf(await judgedLgtm(retentionShort, change))).toMatch(line));
});
