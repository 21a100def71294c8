import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../../../../src/model/source.ts';
import { seriesDoubled } from '../../../../src/pipelines/lgtm/checks/series-doubled.ts';
import { storeUnreachable } from '../../../../src/pipelines/lgtm/checks/store-unreachable.ts';
import { tenantMismatched } from '../../../../src/pipelines/lgtm/checks/tenant-mismatched.ts';
import { stores } from '../../../../src/pipelines/lgtm/facts/stores.ts';
import { lgtm } from '../../../../src/pipelines/lgtm/index.ts';
import { memorySource } from '../../memory-source.ts';
import { readerOf } from '../envoy-ai-gateway/reader.ts';
import { findingsOf, lineOf } from '../envoy-ai-gateway/world.ts';
import { datasourceMap, grafana, mimir, mimirConfig, mimirLabels, mimirPart, pod, service, tenant } from './objects.ts';
import { type Answers, type Change, collector, judgedLgtm, lgtmMemory, relay, sound, writeTo } from './world.ts';

const push = 'http://lgtm-pack-mimir.monitoring.svc:8080/api/v1/push';
const readUrl = 'http://lgtm-pack-mimir:8080/prometheus';
const tenants = 'multitenancy_enabled: true';

/** A Mimir of one process with this configuration. */
const store = (yaml = tenants): KubeObject[] => [
  mimir(),
  mimirConfig(yaml),
  pod('lgtm-pack-mimir-0', mimirLabels),
  service('lgtm-pack-mimir', mimirLabels),
];
const writing = (name?: string): Change => ({ collector: collector(relay(writeTo(push, name))) });
const reading = (name?: string, url = readUrl): readonly KubeObject[] => [
  grafana(),
  datasourceMap(url, name === undefined ? {} : tenant(name)),
];

async function placesOf(change: Change): Promise<readonly string[]> {
  const found = await readerOf(memorySource(lgtmMemory(change)), change.options).ask(stores);
  return found.servers.flatMap(({ subject, shards, unread }) => [
    ...shards.map(({ prefix, headers, endpoint }) =>
      [
        subject,
        endpoint.at,
        prefix,
        Object.entries(headers)
          .map((pair) => pair.join('='))
          .join(),
      ]
        .filter(Boolean)
        .join(' '),
    ),
    ...unread.map(({ message }) => `unread: ${message}`),
  ]);
}

const mimirHere = 'StatefulSet monitoring/lgtm-pack-mimir pod /prometheus';
const buildinfo = '{"status":"success","data":{"application":"Grafana Mimir","version":"3.0.5"}}';

describe('the store that is asked', () => {
  it.each<[string, Change, readonly string[]]>([
    ['without tenants', {}, [mimirHere]],
    ['by the tenant of the data source', { ...writing('a'), mimir: store(), grafana: reading('a') }, [`${mimirHere} X-Scope-OrgID=a`]],
    [
      'by the tenant of the data source before that of the exporter',
      { ...writing('a'), mimir: store(), grafana: reading('b') },
      [`${mimirHere} X-Scope-OrgID=b`],
    ],
    ['by the tenant of the exporter', { ...writing('a'), mimir: store(), grafana: [] }, [`${mimirHere} X-Scope-OrgID=a`]],
    ['by none where tenants are off', { ...writing('a'), grafana: reading('a') }, [mimirHere]],
    [
      'not ready',
      { mimir: [mimir(), pod('lgtm-pack-mimir-0', mimirLabels, false)] },
      ['unread: no pod of StatefulSet monitoring/lgtm-pack-mimir is ready'],
    ],
    [
      'as the user says',
      {
        options: {
          prometheus: {
            target: { at: 'service', namespace: 'monitoring', service: 'lgtm-pack-mimir', port: 8080 },
            headers: { 'X-Scope-OrgID': 'z' },
          },
        },
        endpoints: { 'monitoring/lgtm-pack-mimir:8080/api/v1/status/buildinfo': buildinfo },
      },
      ['Service monitoring/lgtm-pack-mimir service /prometheus X-Scope-OrgID=z'],
    ],
    [
      'behind the exporter, where no Mimir is found',
      {
        mimir: [],
        collector: collector(relay(writeTo('http://vm.monitoring.svc:8428/api/v1/write'))),
        endpoints: { 'monitoring/vm:8428/api/v1/status/buildinfo': '{"status":"success","data":{}}' },
      },
      ['Service monitoring/vm service'],
    ],
    [
      'not behind an exporter to another collector',
      { mimir: [], collector: collector(relay(writeTo('http://gateway.monitoring.svc:4318'))) },
      [],
    ],
    [
      'not where writes and queries are apart',
      { mimir: [], collector: collector(relay(writeTo('http://vminsert.m.svc:8480/insert/0/prometheus/api/v1/write'))) },
      [],
    ],
    [
      'one that collectors write to, of two',
      { mimir: [...store('multitenancy_enabled: false'), mimirPart('query-frontend', { namespace: 'other' })] },
      [mimirHere],
    ],
    [
      'unread where workloads are refused',
      { mimir: [], collector: [], refused: { statefulsets: 'forbidden' } },
      ['unread: statefulsets.apps: forbidden'],
    ],
  ])('%s', async (_, change, places) => expect(await placesOf(change)).toEqual(places));
});

const crashed: KubeObject = {
  ...pod('lgtm-pack-mimir-0', mimirLabels, false),
  status: {
    phase: 'Running',
    containerStatuses: [
      {
        name: 'mimir',
        ready: false,
        restartCount: 7,
        state: { waiting: { reason: 'CrashLoopBackOff' } },
        lastState: { terminated: { reason: 'Error', exitCode: 1, message: 'error loading config: yaml: unmarshal errors' } },
      },
    ],
  },
};

describe('store-unreachable', () => {
  it.each<[string, Change, RegExp]>([
    ['a Mimir that answers', {}, /^pass: StatefulSet monitoring\/lgtm-pack-mimir: Grafana Mimir 3.0.5$/],
    [
      'a Mimir that answers for a tenant',
      { ...writing('a'), mimir: store(), grafana: reading('a'), answers: { ...sound, tenant: 'a' } },
      /^pass: .*, tenant a$/,
    ],
    [
      'one whose program ends',
      { mimir: [mimir(), crashed] },
      /^fail: the store has no pod that is ready: waiting CrashLoopBackOff, 7 restarts, last ended with code 1 \(Error\); it said: error loading config/,
    ],
    ['one that is scaled to zero', { mimir: [mimir()] }, /^fail: the store has no pods/],
    ['one that is just starting', { mimir: [mimir(), pod('lgtm-pack-mimir-0', mimirLabels, false)] }, /^unknown: unreachable/],
    ['pods that may not be listed', { refused: { pods: 'forbidden' } }, /^unknown: forbidden/],
    ['none that listens', { answers: null }, /^unknown: unreachable/],
    ['none at all', { mimir: [], collector: [] }, /^unknown: absent --prometheus/],
    [
      'one outside the cluster',
      { mimir: [], collector: collector(relay(writeTo('https://u:p@mimir.example.com/api/v1/push'))) },
      /^unknown: absent --prometheus/,
    ],
    [
      'tenants that nothing names',
      { mimir: store(), answers: { ...sound, tenant: 'a' } },
      /^unknown: forbidden --prometheus-header 'X-Scope-OrgID: TENANT'$/,
    ],
  ])('%s', async (_, change, line) => expect(lineOf(await judgedLgtm(storeUnreachable, change))).toMatch(line));

  it('says where collectors write, without who they are', async () => {
    const verdict = await judgedLgtm(storeUnreachable, {
      mimir: [],
      collector: collector(relay(writeTo('https://u:p@mimir.example.com/api/v1/push'))),
    });
    expect(verdict.status === 'unknown' && verdict.unread[0]?.message).toMatch(
      /and what is outside the cluster at mimir.example.com\): name one with --prometheus$/,
    );
  });

  it('asks for the tenant in one sentence', async () => {
    const verdict = await judgedLgtm(storeUnreachable, { mimir: store(), answers: { ...sound, tenant: 'a' } });
    expect(verdict.status === 'unknown' && verdict.unread.map(({ message }) => message)).toEqual([
      expect.stringMatching(
        /^the store keeps tenants apart, and neither a collector nor a data source .* --prometheus NAMESPACE\/SERVICE:PORT --prometheus-header 'X-Scope-OrgID: TENANT'$/,
      ),
    ]);
  });
});

describe('tenant-mismatched', () => {
  const nothing: Answers = { samples: {} };
  const gateway = mimirPart('gateway', { image: 'nginxinc/nginx-unprivileged:1.29', args: [] });
  const parts = [mimirPart('query-frontend', { volumes: [{ configMap: { name: 'lgtm-pack-mimir' } }] }), gateway, mimirConfig(tenants)];
  const entrances = [service('mimir-gateway', gateway.metadata.labels ?? {}, [80]), service('mimir-qf', parts[0]?.metadata.labels ?? {})];
  const viaGateway = writeTo('http://mimir-gateway.monitoring.svc/api/v1/push');
  it.each<[string, Change, RegExp]>([
    ['the same tenant', { ...writing('a'), mimir: store(), grafana: reading('a') }, /^pass/],
    ['a reader of several', { ...writing('a'), mimir: store(), grafana: reading('b|a') }, /^pass/],
    [
      'one data source of two',
      {
        ...writing('a'),
        mimir: store(),
        grafana: [
          ...reading('b'),
          { ...datasourceMap(readUrl, tenant('a')), metadata: { name: 'x', namespace: 'monitoring', labels: { grafana_datasource: '1' } } },
        ],
      },
      /^pass/,
    ],
    [
      'another tenant',
      { ...writing('a'), mimir: store(), grafana: reading('b') },
      /^fail: data source Mimir reads tenant b, and prometheusremotewrite of DaemonSet .* writes to tenant a/,
    ],
    ['a reader without one', { ...writing('a'), mimir: store(), grafana: reading() }, /^fail: data source Mimir reads no tenant/],
    [
      'a writer without one',
      { ...writing(), mimir: store(), grafana: reading('a') },
      /^fail: prometheusremotewrite names no tenant, .* HTTP 401/,
    ],
    ['neither', { ...writing(), mimir: store(), grafana: reading() }, /^fail: prometheusremotewrite names no tenant/],
    [
      'a writer without one and no data source',
      { ...writing(), mimir: store(), grafana: [] },
      /^fail: prometheusremotewrite names no tenant/,
    ],
    [
      'a tenant that is hidden',
      { ...writing('a'), mimir: store(), grafana: [grafana(), datasourceMap(readUrl, { jsonData: { httpHeaderName1: 'X-Scope-OrgID' } })] },
      /^pass/,
    ],
    ['tenants that are off', { ...writing('a'), grafana: reading('b') }, /^skip: the store does not tell tenants apart/],
    ['tenants unknown, and series for the reader', { ...writing('a'), mimir: store('target: all'), grafana: reading('b') }, /^pass/],
    [
      'tenants unknown, and nothing for the reader',
      { ...writing('a'), mimir: store('target: all'), grafana: reading('b'), answers: nothing },
      /^fail: data source/,
    ],
    [
      'tenants unknown, and nobody to ask',
      { ...writing('a'), mimir: store('target: all'), grafana: reading('b'), answers: null },
      /^fail: \[warning\] data source/,
    ],
    [
      'a gateway that names one for both',
      {
        collector: collector(relay(viaGateway)),
        mimir: [...parts, ...entrances],
        grafana: reading(undefined, 'http://mimir-gateway/prometheus'),
      },
      /^pass/,
    ],
    [
      'a gateway that names one for the writer alone',
      {
        collector: collector(relay(viaGateway)),
        mimir: [...parts, ...entrances],
        grafana: reading('a', 'http://mimir-qf:8080/prometheus'),
      },
      /^fail: .* reads tenant a, .* writes to tenant anonymous/,
    ],
    ['no data source', { grafana: [], ...writing('a'), mimir: store('target: all') }, /^skip: no data source/],
    ['no Mimir', { mimir: [], collector: [] }, /^skip: there is no store/],
    ['ConfigMaps that are refused', { mimir: store(), refused: { configmaps: 'forbidden' } }, /^unknown/],
  ])('%s', async (_, change, line) => expect(lineOf(await judgedLgtm(tenantMismatched, change))).toMatch(line));
});

describe('series-doubled', () => {
  const factor = (value: number, more: NonNullable<Answers['samples']> = {}): Answers => ({
    ...sound,
    samples: { ...sound.samples, '/ sum(avg by': [[{}, value]], ...more },
  });
  const jobs = {
    'count by (job)': [
      [{ job: 'ai-gateway' }, 4],
      [{ job: 'extproc' }, 4],
    ],
  } as const;
  it.each<[string, Change, RegExp]>([
    ['every counter once', {}, /^pass/],
    ['copies that were read a moment apart', { answers: factor(1.01) }, /^pass/],
    [
      'two jobs',
      { answers: factor(2, jobs) },
      /^fail: the same counters are stored under 2 values of job: ai-gateway, extproc; a sum over all is 2.00 × the tokens/,
    ],
    ['labels that cannot be named', { answers: factor(1.5) }, /^fail: .* under labels that differ; a sum over all is 1.50 ×/],
    [
      'no address on the series',
      { answers: { ...factor(2), labels: ['__name__', 'job', 'user_id'] } },
      /^skip: .* do not tell the counters/,
    ],
    [
      'a label that the way renamed',
      {
        answers: {
          ...factor(2),
          labels: ['__name__', 'instance', 'job', 'gen_ai_operation_name', 'gen_ai_request_model', 'gen_ai_token_type', 'caller'],
        },
      },
      /^pass/,
    ],
    ['nothing stored', { answers: { samples: {} } }, /^skip: no token series/],
    ['no store that answers', { answers: null }, /^unknown/],
  ])('%s', async (_, change, line) => expect(lineOf(await judgedLgtm(seriesDoubled, change))).toMatch(line));

  it('names the jobs to take out', async () => {
    const [finding] = findingsOf(await judgedLgtm(seriesDoubled, { answers: factor(2, jobs) }));
    expect(finding?.remedy?.text).toBe('take all jobs but one out of the collectors: ai-gateway, extproc');
  });
});

describe('series-absent', () => {
  const check = lgtm.checks.find(({ id }) => id === 'series-absent') ?? storeUnreachable;
  const dotted = ['gen_ai.client.token.usage_token_sum', 'gen_ai.client.token.usage_token_count'].map(
    (name) => `{"${name}","gen_ai.token.type"="input","user.id"="alice"} 7`,
  );
  const page = ['# TYPE "gen_ai.client.token.usage_token" histogram', ...dotted, 'target_info{telemetry_sdk_version="1.38.0"} 1', ''].join(
    '\n',
  );
  it.each<[string, Change, RegExp]>([
    ['series that are there', {}, /^pass: ask for them as sum by \(user_id\)/],
    [
      'nothing, of plain names',
      { answers: { samples: {} } },
      /^fail: no token series is stored, while 1 sidecar has counted tokens; asked for [^;]*$/,
    ],
    [
      'nothing, of names with dots',
      { answers: { samples: {} }, metrics: page },
      /; they expose gen_ai.client.token.usage_token, and Mimir refuses names with dots one by one/,
    ],
    ['no store that answers', { answers: null }, /^unknown/],
  ])('%s', async (_, change, line) => expect(lineOf(await judgedLgtm(check, change))).toMatch(line));
});
