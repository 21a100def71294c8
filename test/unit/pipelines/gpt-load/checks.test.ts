import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../../../../src/model/source.ts';
import { faulty } from '../../memory-source.ts';
import {
  busy,
  type Change,
  html,
  judged,
  lineOf,
  missingToken,
  monitorPool,
  page,
  plain,
  pod,
  podMonitor,
  service,
  standing,
  tokenFromSecret,
  withoutToken,
  workload,
} from './world.ts';

const dsn = { name: 'DATABASE_DSN', valueFrom: { secretKeyRef: { name: 'db', key: 'dsn' } } };
const both = (shape: Parameters<typeof workload>[0], count = 1): Change => ({
  workloads: [workload(shape)],
  pods: Array.from({ length: count }, (_, index) => pod({ ...shape, index })),
});
const table = (id: string, rows: readonly (readonly [string, Change, RegExp])[]): void => {
  describe(id, () => {
    it.each(rows)('%s', async (_, change, line) => expect(lineOf(await judged(id, change))).toMatch(line));
  });
};
const none: Change = { workloads: [], pods: [] };

table('storage-unsound', [
  ['a file on a claim', {}, /^pass$/],
  ['a file on an emptyDir', both({ volumes: [{ name: 'data', emptyDir: {} }] }), /^fail: \[warning\] .*on a volume that goes with the pod/],
  ['a file on no volume', both({ volumes: [], mounts: [] }), /^fail: \[warning\] .*in the container itself/],
  ['a claim at another directory', both({ mounts: [{ name: 'data', mountPath: '/srv' }] }), /^pass$/],
  ['a claim above', both({ mounts: [{ name: 'data', mountPath: '/app/' }] }), /^pass$/],
  [
    'a path of its own',
    both({ env: [{ name: 'DATABASE_DSN', value: '/db/x.db' }], mounts: [{ name: 'data', mountPath: '/db' }] }),
    /^pass$/,
  ],
  ['two replicas of a file', both({ replicas: 2 }, 2), /^fail: 2 replicas keep their request logs in an SQLite file/],
  ['two replicas of a server', both({ replicas: 2, env: [dsn], volumes: [] }, 2), /^pass$/],
  ['a server without a volume', both({ env: [{ name: 'DATABASE_DSN', value: 'u:p@tcp(db:3306)/g' }], volumes: [], mounts: [] }), /^pass$/],
  ['an environment that is not read', both({ envFrom: [{ secretRef: { name: 'env' } }], volumes: [], mounts: [] }), /^pass$/],
  ['nothing', none, /^skip/],
  ['pods that are refused', { refused: { pods: 'forbidden' } }, /^unknown: forbidden list pods/],
]);

table('health-failing', [
  ['a pod that is well', {}, /^pass$/],
  ['one that is not', { health: plain('{"status":"unhealthy"}', 503) }, /^fail: it is not well: port 3001\/health answers HTTP 503/],
  ['nothing on the port', { endpoints: { 'llm/gpt-load-5d9f-0:3001/health': faulty('refused') } }, /^fail: it is not well/],
  ['a pod that waits', { pods: [pod({ status: { phase: 'Pending' } })] }, /^fail: it is not well: the pod is Pending/],
  [
    'a pod that starts beside one that runs',
    {
      pods: [
        pod(),
        pod({ index: 1, status: { phase: 'Pending', containerStatuses: [] }, metadata: { creationTimestamp: '2026-11-24T11:59:00Z' } }),
      ],
    },
    /^pass$/,
  ],
  [
    'one that has been starting for an hour',
    {
      pods: [
        pod(),
        pod({ index: 1, status: { phase: 'Pending', containerStatuses: [] }, metadata: { creationTimestamp: '2026-11-24T11:00:00Z' } }),
      ],
    },
    /^fail: it is not well: the pod is Pending/,
  ],
  ['a workload without pods', { pods: [] }, /^fail: it has no pod/],
  ['one that wants none', { workloads: [workload({ replicas: 0 })], pods: [] }, /^skip/],
  ['a tunnel that is refused', { endpoints: { 'llm/gpt-load-5d9f-0:3001/health': refusal() } }, /^unknown: forbidden/],
]);

table('metrics-absent', [
  ['a page of counters', {}, /^pass$/],
  ['the web page', { metrics: html }, /^fail: this build \(image tag pr-416\) has no metrics endpoint/],
  ['an error', { metrics: plain('internal error', 500) }, /^pass$/],
  ['no token', { metrics: missingToken, options: withoutToken }, /^unknown: forbidden --metrics-token-file$/],
  ['nothing', none, /^skip/],
]);

table('metrics-unreadable', [
  ['a page of counters', {}, /^pass$/],
  ['a tab in the name of a model', { metrics: plain(page('tab.prom')) }, /^pass$/],
  ['the web page is another check', { metrics: html }, /^pass$/],
  ['a refused token is another check', { metrics: plain('invalid metrics token', 401) }, /^pass$/],
  [
    'a query that failed',
    { metrics: plain('internal error', 500) },
    /^fail: port 3001\/metrics answers with an error: HTTP 500: internal error/,
  ],
  ['metrics of another program', { metrics: plain('go_goroutines 12\n') }, /^fail: .*serves metrics of another program/],
  ['half a page', { metrics: plain('gpt_load_requests_total{group="a') }, /^fail: .*stops in the middle/],
  ['no token', { metrics: missingToken, options: withoutToken }, /^unknown: forbidden --metrics-token-file$/],
  ['nothing', none, /^skip/],
]);

table('metrics-token-refused', [
  ['the right token', {}, /^pass$/],
  [
    'another token',
    { metrics: plain('invalid metrics token', 401) },
    /^fail: .*refuses the token of --metrics-token-file: HTTP 401: invalid metrics token/,
  ],
  ['no token given', { metrics: missingToken, options: withoutToken }, /^skip/],
  ['nothing', none, /^skip/],
  ['a tunnel that is refused', { endpoints: { 'llm/gpt-load-5d9f-0:3001/metrics': refusal() } }, /^unknown: forbidden/],
]);

table('idle-pods', [
  ['traffic', {}, /^pass$/],
  ['families without samples', { metrics: plain(page('empty.prom')) }, /^fail: 1 pod shows no sample/],
  ['an empty page beside a full one', beside(), /^pass$/],
  ['the web page', { metrics: html }, /^skip/],
  ['no token', { metrics: missingToken, options: withoutToken }, /^unknown/],
]);

table('tokens-absent', [
  ['tokens of every chat model', {}, /^pass$/],
  ['an embedding', { metrics: plain(`${busy}gpt_load_requests_total{group="openai",model="text-embedding-3-small"} 900\n`) }, /^pass$/],
  ['lists of models', { metrics: plain(`${busy}gpt_load_requests_total{group="openai",model=""} 9\n`) }, /^pass$/],
  [
    'a chat model on a path that is not parsed',
    { metrics: plain(`${busy}gpt_load_requests_total{group="openai",model="gpt-4.1"} 40\n`) },
    /^fail: no token was counted for openai\/gpt-4.1 \(40 requests\)/,
  ],
  [
    'real traffic',
    { metrics: plain(page('traffic.prom')) },
    /^fail: \[warning\] no token was counted for team-a\/gpt-4.1 .* and team-g\/gemini-2.5-flash/,
  ],
  ['no request', { metrics: plain(page('empty.prom')) }, /^skip/],
  ['no token', { metrics: missingToken, options: withoutToken }, /^unknown/],
]);

table('identity-absent', [
  ['the group', {}, /^pass: tenants are told apart by their group alone: 1 group$/],
  [
    'a label that is expected and absent',
    { options: { expectLabels: ['user.id'] } },
    /^fail: no counter has the label user.id: tenants are told apart by group and model$/,
  ],
  ['one that is there', { options: { expectLabels: ['model'] } }, /^pass/],
  ['no traffic', { metrics: plain(page('empty.prom')) }, /^skip/],
  ['no token', { metrics: missingToken, options: withoutToken }, /^unknown/],
]);

const open: Change = both({ env: [] });
const ingress = (path: string): KubeObject => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'Ingress',
  metadata: { name: 'public', namespace: 'llm' },
  spec: { rules: [{ http: { paths: [{ path, pathType: 'Prefix', backend: { service: { name: 'gpt-load', port: { number: 80 } } } }] } }] },
});
const route = (matches: readonly unknown[]): KubeObject => ({
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'HTTPRoute',
  metadata: { name: 'public', namespace: 'llm' },
  spec: { rules: [{ matches, backendRefs: [{ name: 'gpt-load', port: 80 }] }] },
});

table('metrics-open', [
  ['a token', {}, /^pass$/],
  [
    'none, inside the cluster',
    { ...open, extra: [service()] },
    /^fail: \[warning\] METRICS_TOKEN is not set: 1 pod answers \/metrics to anybody$/,
  ],
  ['an empty one', { ...both({ env: [{ name: 'METRICS_TOKEN', value: '' }] }) }, /^fail: \[warning\]/],
  [
    'a LoadBalancer',
    { ...open, extra: [service({ type: 'LoadBalancer' })] },
    /^fail: METRICS_TOKEN .* Service llm\/gpt-load is of type LoadBalancer/,
  ],
  [
    'one of the private network',
    { ...open, extra: [service({ type: 'LoadBalancer' }, { annotations: { 'networking.gke.io/load-balancer-type': 'Internal' } })] },
    /^fail: \[warning\]/,
  ],
  ['a NodePort of other pods', { ...open, extra: [service({ type: 'NodePort', selector: { app: 'other' } })] }, /^fail: \[warning\]/],
  ['an Ingress at /', { ...open, extra: [service(), ingress('/')] }, /^fail: METRICS_TOKEN .* Ingress llm\/public leads \/metrics to them/],
  ['an Ingress at /proxy', { ...open, extra: [service(), ingress('/proxy')] }, /^fail: \[warning\]/],
  ['an HTTPRoute of everything', { ...open, extra: [service(), route([])] }, /^fail: METRICS_TOKEN .* HTTPRoute llm\/public/],
  [
    'an HTTPRoute of /proxy',
    { ...open, extra: [service(), route([{ path: { type: 'PathPrefix', value: '/proxy' } }])] },
    /^fail: \[warning\]/,
  ],
  ['a token that may come from elsewhere', both({ env: [], envFrom: [{ secretRef: { name: 'env' } }] }), /^pass$/],
  [
    'which it does not',
    { ...both({ env: [], envFrom: [{ configMapRef: { name: 'env' } }] }), options: withoutToken },
    /^fail: \[warning\]/,
  ],
  ['the web page', { ...open, metrics: html }, /^skip/],
  ['no token given', { metrics: missingToken, options: withoutToken }, /^unknown/],
]);

const down = { lastError: 'server returned HTTP status 401 Unauthorized' };
table('scrape-unauthorized', [
  ['the token of the pod', {}, /^pass$/],
  [
    'no authorization, not scraped yet',
    { extra: [podMonitor({})], stored: { targets: [] } },
    /^fail: \[warning\] its endpoint 0 brings no token/,
  ],
  [
    'no authorization, refused',
    { extra: [podMonitor({})], stored: { targets: [down] } },
    /^fail: its endpoint 0 brings no token, and 1 pod asks for METRICS_TOKEN: HTTP 401/,
  ],
  ['no authorization, and up', { extra: [podMonitor({})] }, /^pass$/],
  ['another token', { stored: { targets: [down] } }, /^fail: its endpoint 0 brings a token that 1 pod refuses/],
  ['a job of its own', { extra: [], stored: { targets: [{ ...down, pool: 'gpt-load' }] } }, /^fail: scrape job gpt-load brings no token/],
  ['no metrics token', both({ env: [] }), /^skip/],
  ['down for another reason', { stored: { targets: [{ lastError: 'connection refused' }] } }, /^pass$/],
  ['pods that are refused', { refused: { pods: 'forbidden' } }, /^unknown: forbidden/],
]);

const resets = (value: number, instance = '10.0.1.1:3001') =>
  ({ answers: { 'sum by (instance) (resets(': [[{ instance }, value]] } }) as const;
table('counters-falling', [
  ['never', {}, /^pass$/],
  ['three times', { stored: resets(3) }, /^fail: its counters fell 3 times within 8 days in Prometheus monitoring\/k8s/],
  ['of a pod that is gone', { stored: resets(1, '10.0.1.9:3001') }, /^fail: counters of pods that are gone fell 1 time/],
  ['nothing is stored', { stored: { answers: { 'count by (__name__)': [] } } }, /^skip/],
]);

const server = { replicas: 2, env: [tokenFromSecret, dsn] };
const equal = (same: number) =>
  ({
    targets: [{}, { index: 1 }],
    answers: {
      'count(count by (instance) (': [[{}, 2]],
      'count(count by (group, model, type) (': [[{}, 6]],
      'count((max by (group, model, type) (': [[{}, same]],
      'sum(gpt_load_tokens_total': [[{}, 2]],
    },
  }) as const;
const dashboard = (expr: string, title = 'Tokens'): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'tokens', namespace: 'llm', labels: { grafana_dashboard: '1' } },
  data: { 'tokens.json': JSON.stringify({ panels: [{ title, targets: [{ expr }] }] }) },
});
const sound = 'sum by (group) (max by (group, model, type) (increase(gpt_load_tokens_total{type="total"}[1h])))';

table('replicas-multiplied', [
  ['one pod', {}, /^pass$/],
  ['two pods of one database', { ...both(server, 2), stored: equal(6) }, /^fail: 2 of its pods are scraped .* 2\.00 × too high/],
  ['two pods that differ', { ...both(server, 2), stored: equal(1) }, /^pass$/],
  ['two files', { ...both({ replicas: 2 }, 2), stored: equal(6) }, /^pass$/],
  [
    'queries that take the greatest',
    { ...both(server, 2), stored: equal(6), extra: [podMonitor(), dashboard(sound)] },
    /^pass: pods of one log/,
  ],
  [
    'queries that do not',
    { ...both(server, 2), stored: equal(6), extra: [podMonitor(), dashboard('sum(rate(gpt_load_tokens_total{type="total"}[5m]))')] },
    /^fail/,
  ],
  ['nothing is stored', { stored: { answers: { 'count by (__name__)': [] } } }, /^skip/],
]);

const took = (seconds: number) =>
  ({ answers: { 'max by (instance) (avg_over_time(scrape_duration_seconds': [[{ instance: '10.0.1.1:3001' }, seconds]] } }) as const;
table('scrape-slow', [
  ['in no time', { stored: took(0.1) }, /^pass$/],
  [
    'longer than half the usual timeout',
    { stored: took(6) },
    /^fail: a scrape by Prometheus monitoring\/k8s takes 6.0 s of a timeout of 10 s/,
  ],
  ['with a timeout of its own', { stored: took(6), extra: [podMonitor({ scrapeTimeout: '30s' })] }, /^pass$/],
  ['nothing is stored', { stored: { answers: { 'count by (__name__)': [] } } }, /^skip/],
]);

table('costs-absent', [
  ['nobody asks', {}, /^skip/],
  [
    'a panel asks, and none is stored',
    { extra: [podMonitor(), dashboard('sum(gpt_load_cost_total)', 'Cost')] },
    /^fail: panel "Cost": it asks for gpt_load_cost_total/,
  ],
  [
    'a panel asks, and some are stored',
    { extra: [podMonitor(), dashboard('sum(gpt_load_cost_total)')], stored: { answers: { 'count(gpt_load_cost_total)': [[{}, 2]] } } },
    /^pass$/,
  ],
  ['dashboards are refused', { refused: { configmaps: 'forbidden' } }, /^unknown/],
]);

table('streams-unmetered', [
  ['nobody bills', {}, /^pass: streamed requests are not counted by this build$/],
  ['a panel of tokens', { extra: [podMonitor(), dashboard(sound)] }, /^pass/],
  [
    'a panel of the bill',
    { extra: [podMonitor(), dashboard(sound, 'Monthly bill')] },
    /^fail: panel "Monthly bill": it bills by counters that leave out/,
  ],
  ['no counters', { metrics: html }, /^skip/],
  ['no token', { metrics: missingToken, options: withoutToken }, /^unknown/],
]);

const typed = (matcher: string): Change => ({
  extra: [podMonitor(), dashboard(`sum(increase(gpt_load_tokens_total${matcher}[1h]))`)],
  stored: {
    answers: {
      'count({__name__="gpt_load_tokens_total"': [[{}, 9]],
      'sum({__name__="gpt_load_tokens_total"})': [[{}, 200]],
      'sum({__name__="gpt_load_tokens_total","type"=~"prompt|completion"})': [[{}, 100]],
      'sum({__name__="gpt_load_tokens_total",type=~"prompt|completion"})': [[{}, 100]],
    },
  },
});
table('queries-overcounted', [
  ['all types', typed(''), /^fail: .*2\.00 × the tokens on this cluster/],
  ['the whole alone', typed('{type="total"}'), /^pass$/],
  ['the parts', typed('{type=~"prompt|completion"}'), /^pass$/],
  ['one part', typed('{type="prompt"}'), /^pass$/],
  [
    'what is kept, as it is',
    { extra: [podMonitor(), dashboard('sum(gpt_load_tokens_total{type="total"})')], stored: typed('').stored ?? {} },
    /^pass$/,
  ],
]);

describe('the root of what fails', () => {
  const notMetrics = {
    lastError: 'received unsupported Content-Type "text/html; charset=utf-8" and no fallback_scrape_protocol specified for target',
  };
  const nothing = { answers: { 'count by (__name__)': [] } } as const;
  it.each<[string, Change, RegExp]>([
    ['nothing', { stored: counted() }, /^$/],
    [
      'a stock build that is scraped',
      { metrics: html, stored: { ...nothing, targets: [notMetrics] } },
      /^metrics-absent, targets-down < metrics-absent$/,
    ],
    [
      'a stock build that is not',
      { metrics: html, extra: [], stored: { ...nothing, targets: [] } },
      /^metrics-absent, unmonitored-pods < metrics-absent, targets-missing < metrics-absent$/,
    ],
    ['no monitor', { extra: [], stored: { ...nothing, targets: [] } }, /^unmonitored-pods, .*series-absent < unmonitored-pods$/],
    [
      'a monitor without the token',
      { extra: [podMonitor({})], stored: { ...nothing, targets: [down] } },
      /^scrape-unauthorized, targets-down < scrape-unauthorized, series-absent < \S+$/,
    ],
    [
      'a database that fails',
      {
        metrics: plain('internal error', 500),
        stored: { ...nothing, targets: [{ lastError: 'server returned HTTP status 500 Internal Server Error' }] },
      },
      /^metrics-unreadable, targets-down < metrics-unreadable$/,
    ],
    [
      'a pod that is not well',
      { health: faulty('refused'), metrics: faulty('refused'), stored: { ...nothing, targets: [{ lastError: 'connection refused' }] } },
      /^health-failing, metrics-unreadable < health-failing, targets-down < health-failing$/,
    ],
    ['no traffic', { metrics: plain(page('empty.prom')), stored: nothing }, /^idle-pods$/],
    [
      'counters that fall with the container',
      { ...both({ volumes: [], mounts: [] }), pods: [pod({ volumes: [], mounts: [], status: restarted })], stored: falling() },
      /^storage-unsound, counters-falling < storage-unsound$/,
    ],
    [
      'counters that fall, and a file that goes with the pod',
      { ...both({ volumes: [], mounts: [] }), stored: falling() },
      /^storage-unsound, counters-falling$/,
    ],
  ])('%s', async (_, change, line) => expect((await standing(change)).join(', ')).toMatch(line));
});

const restarted = { containerStatuses: [{ name: 'gpt-load', ready: true, restartCount: 1, state: { running: {} } }] };
const falling = () => ({ answers: { ...counted().answers, ...resets(1).answers } });

/** A Prometheus that holds what the page says. */
function counted() {
  return {
    answers: {
      'sum({__name__="gpt_load_tokens_total"': [[{}, 72576]],
      'sum(gpt_load_tokens_total': [[{}, 72576]],
      'count({__name__=~"gpt_load_tokens_total","group"': [[{}, 9]],
      'count({__name__=~"gpt_load_tokens_total",group': [[{}, 9]],
      'time() - max(timestamp(': [[{}, 7]],
    },
  } as const;
}

function refusal() {
  const error = faulty('refused', 'pods/portforward is forbidden');
  return Object.assign(error, { reason: 'forbidden', fault: null, needs: null });
}

function beside(): Change {
  return {
    ...both({ replicas: 2, env: [tokenFromSecret, dsn] }, 2),
    endpoints: { 'llm/gpt-load-5d9f-1:3001/metrics': plain(page('empty.prom')) },
    stored: { targets: [{ pool: monitorPool }, { index: 1 }] },
  };
}
