import { describe, expect, it } from 'vitest';
import { consequences } from '../../../../src/engine/consequence.ts';
import { hops } from '../../../../src/model/check.ts';
import type { KubeObject } from '../../../../src/model/source.ts';
import { lgtm } from '../../../../src/pipelines/lgtm/index.ts';
import { memorySource } from '../../memory-source.ts';
import { controller, metricsPage, proxyPod } from '../envoy-ai-gateway/objects.ts';
import { readerOf } from '../envoy-ai-gateway/reader.ts';
import { configMap, datasourceMap, grafana, mimir, mimirConfig, mimirLabels, pod, service, tenant } from './objects.ts';
import { type Answers, type Change, collector, lgtmMemory, relay, sound, writeTo } from './world.ts';

/** Parts of a gateway that these worlds do not have; their own tests do. */
const elsewhere = new Set(['extension-unwired', 'webhook-unsound', 'streams-unmetered', 'otlp-double']);

const policy = (forwardClientIDHeader?: string): KubeObject => ({
  apiVersion: 'gateway.envoyproxy.io/v1alpha1',
  kind: 'SecurityPolicy',
  metadata: { name: 'external-auth', namespace: 'maas-system' },
  spec: {
    targetRefs: [{ kind: 'HTTPRoute', name: 'maas-route' }],
    apiKeyAuth: { credentialRefs: [{ name: 'keys' }], sanitize: true, forwardClientIDHeader },
  },
  status: { ancestors: [{ ancestorRef: { name: 'maas', namespace: 'maas-system' }, conditions: [{ type: 'Accepted', status: 'True' }] }] },
});

const dashboard = (
  expr = 'sum by (user_id) (increase(gen_ai_client_token_usage_sum{user_id!=""}[30d]))',
  namespace = 'monitoring',
): KubeObject =>
  configMap(
    'token-usage',
    { 'tokens.json': JSON.stringify({ panels: [{ title: 'by user', gridPos: {}, targets: [{ expr }] }] }) },
    { grafana_dashboard: '1' },
    namespace,
  );

/** Failing checks: those that stand, and those that follow, as "id < root"; and those that could not tell. */
async function standing(change: Change): Promise<readonly string[]> {
  const reader = readerOf(memorySource(lgtmMemory(change)), change.options);
  const judged = await Promise.all(
    lgtm.checks
      .filter(({ id }) => !elsewhere.has(id))
      .map(async ({ id, severity, follows, examine }) => {
        const verdict = await examine(reader);
        return { id, severity, follows, status: verdict.status, findings: verdict.status === 'fail' ? verdict.findings : [] };
      }),
  );
  const roots = consequences(judged);
  const failing = judged.filter(({ status }) => status === 'fail').map(({ id }) => (roots.has(id) ? `${id} < ${roots.get(id)}` : id));
  return [...failing, ...judged.filter(({ status }) => status === 'unknown').map(({ id }) => `${id}?`)];
}

const samples = (more: NonNullable<Answers['samples']>): Answers => ({ ...sound, samples: { ...more, ...sound.samples } });
const instead = (more: NonNullable<Answers['samples']>): Answers => ({ ...sound, samples: { ...sound.samples, ...more } });
const withPolicy = (...extra: KubeObject[]): readonly KubeObject[] => [policy('x-user-id'), dashboard(), ...extra];
const found = samples({ 'count({__name__="gen_ai_client_token_usage_sum"': [[{}, 4]] });
const nameless: Answers = instead({ 'user_id!=""': [], 'count({__name__="gen_ai_client_token_usage_sum"}': [[{}, 4]] });
const nothing: Answers = { samples: {} };
const apart = [
  mimir(),
  mimirConfig('multitenancy_enabled: true'),
  pod('lgtm-pack-mimir-0', mimirLabels),
  service('lgtm-pack-mimir', mimirLabels),
];

describe('the chain', () => {
  it('goes from hop to hop', () => {
    const places = lgtm.checks.map(({ hop }) => hops.indexOf(hop));
    expect(places).toEqual(places.toSorted((a, b) => a - b));
  });

  it('names each check once, and follows only checks of its own', () => {
    const ids = lgtm.checks.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { follows } of lgtm.checks) expect(ids).toEqual(expect.arrayContaining([...follows]));
  });

  it.each<[string, Change, string[]]>([
    ['nothing', { extra: withPolicy(), answers: found }, []],
    [
      'a header that is not mapped',
      {
        controller: controller({ mapping: [] }),
        pods: [proxyPod({ mapping: [] })],
        metrics: metricsPage([null], 200),
        extra: withPolicy(),
        answers: nameless,
      },
      ['mapping-missing < client-id-unmapped', 'client-id-unmapped', 'queries-empty < client-id-unmapped'],
    ],
    [
      'a client ID that is not forwarded',
      { metrics: metricsPage([null], 200), extra: [policy(), dashboard()], answers: nameless },
      [
        'identity-unsourced < client-id-unforwarded',
        'client-id-unforwarded',
        'identity-absent < client-id-unforwarded',
        'queries-empty < client-id-unforwarded',
      ],
    ],
    [
      'a data source for another tenant',
      {
        collector: collector(relay(writeTo('http://lgtm-pack-mimir.monitoring.svc:8080/api/v1/push', 'a'))),
        mimir: apart,
        grafana: [grafana(), datasourceMap(undefined, tenant('b'))],
        extra: withPolicy(),
        answers: nothing,
      },
      ['tenant-mismatched', 'series-absent < tenant-mismatched'],
    ],
    [
      'a job for another port',
      { collector: collector(relay(undefined, 'pods', 19_001)), extra: withPolicy(), answers: nothing },
      ['unscraped-proxies', 'series-absent < unscraped-proxies'],
    ],
    ['series that never came', { extra: withPolicy(), answers: nothing }, ['series-absent']],
    [
      'a dashboard that is not watched',
      {
        grafana: [grafana({ LABEL: 'grafana_dashboard' }), datasourceMap()],
        extra: [policy('x-user-id'), dashboard(undefined, 'llm')],
        answers: found,
      },
      ['dashboard-unwatched'],
    ],
    [
      'a data source without /prometheus',
      { grafana: [grafana(), datasourceMap('http://lgtm-pack-mimir:8080')], extra: withPolicy(), answers: found },
      ['datasource-missing'],
    ],
    [
      'two faults',
      {
        collector: collector(relay(undefined, 'pods', 19_001)),
        grafana: [grafana(), datasourceMap('http://lgtm-pack-mimir:8080')],
        extra: withPolicy(),
        answers: nothing,
      },
      ['unscraped-proxies', 'series-absent < unscraped-proxies', 'datasource-missing'],
    ],
  ])('has one root each: %s', async (_, change, expected) => expect(await standing(change)).toEqual(expected));
});

describe('what a failure explains', () => {
  it.each([
    ['discovery-forbidden', ['collector-unready', 'series-absent', 'series-stale', 'queries-empty']],
    ['volume-full', ['store-unreachable', 'export-failing', 'series-absent', 'series-stale']],
    // A warning about what may come explains nothing that is.
    ['volume-filling', []],
    ['dashboard-unwatched', ['dashboard-unloaded']],
  ])('%s: %s', (id, explained) => {
    const following = lgtm.checks.filter(({ follows }) => follows.includes(id)).map((check) => check.id);
    expect(following).toEqual(expect.arrayContaining(explained));
    if (explained.length === 0) expect(following).toEqual([]);
  });
});
