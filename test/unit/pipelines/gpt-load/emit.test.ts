import { faulty } from '../../memory-source.ts';
import { pod, tokenFromSecret, workload } from './objects.ts';
import { both, dsn, none, refusal, table } from './table.ts';
import { busy, type Change, html, missingToken, monitorPool, page, plain, withoutToken } from './world.ts';

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
  ['two replicas that have no pod yet', { ...both({ replicas: 2 }), pods: [] }, /^fail: 2 replicas/],
  ['a StatefulSet that has no pod yet', claimed(), /^pass$/],
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

function beside(): Change {
  return {
    ...both({ replicas: 2, env: [tokenFromSecret, dsn] }, 2),
    endpoints: { 'llm/gpt-load-5d9f-1:3001/metrics': plain(page('empty.prom')) },
    stored: { targets: [{ pool: monitorPool }, { index: 1 }] },
  };
}

/** A StatefulSet whose claims are made of a template. */
function claimed(): Change {
  const set = workload({ kind: 'StatefulSet', volumes: [] });
  const volumeClaimTemplates = [{ metadata: { name: 'data' }, spec: {} }];
  return { workloads: [{ ...set, spec: { ...(set.spec as object), volumeClaimTemplates } }], pods: [] };
}
