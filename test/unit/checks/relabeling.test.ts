import { describe, expect, it } from 'vitest';
import { tenantsMerged } from '../../../src/checks/tenants-merged.ts';
import { tokensDropped } from '../../../src/checks/tokens-dropped.ts';
import type { Coverage } from '../../../src/facts/coverage.ts';
import type { Emission, IdentityLabel, Nouns } from '../../../src/facts/emitters.ts';
import type { Server } from '../../../src/facts/prometheus.ts';
import type { ServerRules } from '../../../src/facts/scrape-rules.ts';
import type { Targets } from '../../../src/facts/targets.ts';
import type { Verdict } from '../../../src/model/check.ts';
import type { Attempt } from '../../../src/model/fact.ts';
import { relabelRule } from '../../../src/parse/relabel.ts';
import { jobFrom, type ScrapeJob } from '../../../src/parse/scrape-config.ts';
import { emitterOf, nounsOf, options, proxies } from './world.ts';

const server = { key: 'prometheus monitoring/k8s', subject: 'Prometheus monitoring/k8s', object: null, shards: [], unread: [] } as Server;
const pool = 'podMonitor/gateways/tokens/0';
const [pod] = proxies;
const nouns: Nouns = {
  ...nounsOf({}),
  family: { ...nounsOf({}).family, total: { label: 'gen_ai_token_type', attribute: 'gen_ai.token.type', values: ['input', 'output'] } },
};
const namespaceLabel: IdentityLabel = { label: 'user_namespace', attribute: 'user_namespace', header: 'x-user-namespace' };
const dottedUser: IdentityLabel = { label: 'user_id', attribute: 'user.id', header: 'x-user-id' };

const unknownMonitors: Attempt<Coverage> = { status: 'unread', unread: { what: 'list', reason: 'forbidden', message: '', needs: null } };

function emission(family: string): Emission {
  if (pod === undefined) throw new Error('no pod');
  const series = ['team-a', 'team-b'].flatMap((team, index) =>
    ['input', 'output', 'cached_input'].map((type) => ({
      labels: { user_namespace: team, user_id: `${team}-user`, gen_ai_token_type: type, gen_ai_request_model: 'gpt-4o' },
      sum: (index + 1) * 100,
      count: 1,
    })),
  );
  return { emitter: emitterOf(pod), outcome: { status: 'metered', family, series, labelNames: [], requests: [] }, target: {} };
}

function known(
  rules: readonly Record<string, unknown>[],
  change: {
    job?: Record<string, unknown>;
    write?: readonly Record<string, unknown>[];
    labels?: Record<string, string>;
    family?: string;
    coverage?: Attempt<Coverage>;
  } = {},
) {
  const one = emission(change.family ?? 'gen_ai_client_token_usage');
  const job: ScrapeJob = jobFrom(
    { job_name: pool, ...change.job },
    rules.map((rule) => relabelRule(rule)),
    3,
  );
  const remoteWrites =
    change.write === undefined ? [] : [{ url: 'https://mimir/api/v1/push', rules: change.write.map((rule) => relabelRule(rule)) }];
  const target = {
    emitter: one.emitter,
    ownPath: true,
    pool,
    url: 'http://10.0.0.1:1064/metrics',
    labels: { job: 'gateways/tokens', instance: '10.0.0.1:1064', ...change.labels },
    health: 'up',
    lastError: '',
    lastScrape: null,
    interval: '30s',
  };
  const targets: Targets = {
    servers: [{ server, pools: [pool], targets: [target], active: 1, dropped: null, reload: null, unread: [] }],
    now: '',
  };
  const all: readonly ServerRules[] = [{ server, jobs: [job], remoteWrites, dialect: 3, unread: [] }];
  return {
    emissions: { read: [one], unread: [] },
    identity: [namespaceLabel, dottedUser],
    targets,
    rules: all,
    coverage: change.coverage ?? unknownMonitors,
  };
}

const text = (verdict: Verdict): string =>
  verdict.status === 'fail' ? verdict.findings.map(({ message }) => message).join('\n') : verdict.status;
const merged = (...args: Parameters<typeof known>): string =>
  text(tenantsMerged(nouns, { tenantsMerged: 'tenants-merged', identity: [] }).judge(known(...args), options));
const dropped = (...args: Parameters<typeof known>): string =>
  text(tokensDropped(nouns, { tokensDropped: 'tokens-dropped', silent: [] }).judge(known(...args), options));

describe('tenants-merged', () => {
  it.each<[string, Parameters<typeof known>, string]>([
    ['no rule', [[]], 'pass'],
    ['a rule about something else', [[{ action: 'labeldrop', regex: 'otel_scope_.*' }]], 'pass'],
    ['buckets are dropped', [[{ action: 'drop', sourceLabels: ['__name__'], regex: '.*_bucket' }]], 'pass'],
    [
      'every identity is dropped',
      [[{ action: 'labeldrop', regex: 'user.*' }]],
      '{action: labeldrop, regex: user.*} removes user_namespace ("team-a", "team-b"), so that series become equal and all but the first of them are lost: 0.33 × the tokens are stored',
    ],
    [
      'a constant tenant',
      [[{ targetLabel: 'user_namespace', replacement: 'all' }]],
      'makes one user_namespace, "all", of "team-a", "team-b"',
    ],
    [
      'one tenant becomes another',
      [
        [
          { sourceLabels: ['user_namespace'], regex: 'team-b', targetLabel: 'user_namespace', replacement: 'team-a' },
          { action: 'labeldrop', regex: 'user_id' },
        ],
      ],
      'makes one user_namespace, "team-a", of "team-a", "team-b"',
    ],
    [
      'one label goes, the other still tells them apart',
      [[{ action: 'labeldrop', regex: 'user_namespace' }]],
      'removes user_namespace ("team-a", "team-b")',
    ],
    ['lower case changes nobody', [[{ action: 'lowercase', sourceLabels: ['user_id'], targetLabel: 'user_id' }]], 'pass'],
    ['a target label of that name is another check', [[], { labels: { user_namespace: 'gateways' } }], 'pass'],
    [
      'dotted names and a rule for dots',
      [[{ action: 'labeldrop', regex: 'user\\.id' }], { family: 'gen_ai.client.token.usage_token' }],
      'user.id',
    ],
    [
      'dotted names asked for with underscores',
      [
        [{ action: 'labeldrop', regex: 'user\\.id' }],
        { family: 'gen_ai.client.token.usage_token', job: { metric_name_escaping_scheme: 'underscores' } },
      ],
      'pass',
    ],
    [
      'on the way to another store',
      [[], { write: [{ action: 'labeldrop', regex: 'user_.*' }] }],
      'in what it sends to https://mimir/api/v1/push',
    ],
  ])('%s', (_, args, expected) => expect(merged(...args)).toContain(expected));

  it('names the rule that does it among others', () => {
    expect(
      merged([
        { action: 'labeldrop', regex: 'otel.*' },
        { action: 'labeldrop', regex: 'user_.*' },
        { action: 'labeldrop', regex: 'le' },
      ]),
    ).toContain('{action: labeldrop, regex: user_.*}');
  });
});

describe('tokens-dropped', () => {
  it.each<[string, Parameters<typeof known>, string]>([
    ['no rule', [[]], 'pass'],
    ['buckets', [[{ action: 'drop', sourceLabels: ['__name__'], regex: '.*_bucket' }]], 'pass'],
    ['parts of the total', [[{ action: 'drop', sourceLabels: ['gen_ai_token_type'], regex: 'cached_.*' }]], 'pass'],
    [
      'the family',
      [[{ action: 'drop', sourceLabels: ['__name__'], regex: 'gen_ai_client.*' }]],
      'drops 6 of 6 token series with 600 tokens',
    ],
    ['one tenant', [[{ action: 'drop', sourceLabels: ['user_namespace'], regex: 'team-b' }]], 'drops 3 of 6 token series with 400 tokens'],
    [
      'a keep written with underscores, for dots',
      [[{ action: 'keep', sourceLabels: ['__name__'], regex: 'gen_ai_.*' }], { family: 'gen_ai.client.token.usage_token' }],
      'drops 6 of 6',
    ],
    [
      'the same where underscores are asked for',
      [
        [{ action: 'keep', sourceLabels: ['__name__'], regex: 'gen_ai_.*' }],
        { family: 'gen_ai.client.token.usage_token', job: { scrape_protocols: ['PrometheusText0.0.4'] } },
      ],
      'pass',
    ],
    ['native histograms', [[], { job: { convert_classic_histograms_to_nhcb: true } }], 'gen_ai_client_token_usage_sum is not stored'],
    [
      'native histograms beside classic ones',
      [[], { job: { convert_classic_histograms_to_nhcb: true, always_scrape_classic_histograms: true } }],
      'pass',
    ],
    [
      'some of them on the way to another store',
      [[], { write: [{ action: 'drop', sourceLabels: ['user_namespace'], regex: 'team-a' }] }],
      'lacks 3 of 6 token series',
    ],
  ])('%s', (_, args, expected) => expect(dropped(...args)).toContain(expected));
});

it('says that the rules could not be read', () => {
  const unread = { what: 'GET /api/v1/status/config of Thanos', reason: 'absent' as const, message: 'it has none', needs: null };
  const verdict = tenantsMerged(nouns, { tenantsMerged: 'tenants-merged', identity: [] }).judge(
    { ...known([]), rules: [{ server, jobs: [], remoteWrites: [], dialect: 3, unread: [unread] }] },
    options,
  );
  expect(verdict).toEqual({ status: 'unknown', unread: [unread] });
});

describe('the rule that does the harm', () => {
  const rule = { action: 'labeldrop', regex: 'user_.*' };
  const endpoint = (rules: readonly object[]) => ({
    pool,
    monitor: { kind: 'PodMonitor', subject: 'PodMonitor gateways/tokens', namespace: 'gateways', name: 'tokens' },
    endpoint: { index: 0, metricRelabelings: rules },
  });
  const monitors = (rules: readonly object[]) =>
    ({ status: 'read', value: { monitors: [{ endpoints: [endpoint(rules)] }] } }) as unknown as Attempt<Coverage>;
  const remedyOf = (...args: Parameters<typeof known>) => {
    const verdict = tenantsMerged(nouns, { tenantsMerged: 'tenants-merged', identity: [] }).judge(known(...args), options);
    return verdict.status === 'fail' ? verdict.findings[0]?.remedy : undefined;
  };

  it('is removed from its monitor by a patch', () => {
    const coverage = monitors([{ action: 'drop', sourceLabels: ['__name__'], regex: 'go_.*' }, rule]);
    const path = '/spec/podMetricsEndpoints/0/metricRelabelings/1';
    const patch = [
      { op: 'test', path, value: rule },
      { op: 'remove', path },
    ];
    expect(remedyOf([{ action: 'labeldrop', regex: 'pod_ip' }, rule], { coverage })).toEqual({
      text: 'remove podMetricsEndpoints/0/metricRelabelings/1 of PodMonitor gateways/tokens',
      command: `kubectl -n gateways patch podmonitor tokens --type json -p '${JSON.stringify(patch)}'`,
      patch,
    });
  });

  it('is only named where no object that is read has it', () => {
    expect(remedyOf([rule], { coverage: monitors([]) })).toEqual({ text: expect.stringContaining('remove that rule') });
  });
});
