import { describe, expect, it } from 'vitest';
import { authorization, pod, podMonitor, tokenFromSecret, workload } from './objects.ts';
import { both, dashboard, down, dsn } from './table.ts';
import { type Change, judged, plain, storedNames } from './world.ts';

/** The command of the first finding, or its advice. */
async function remedyOf(id: string, change: Change): Promise<string> {
  const verdict = await judged(id, change);
  const [finding] = verdict.status === 'fail' ? verdict.findings : [];
  return finding?.remedy?.command ?? finding?.remedy?.text ?? verdict.status;
}

const rows = (id: string, cases: readonly (readonly [string, Change, RegExp])[]): void => {
  describe(`${id} is mended`, () => {
    it.each(cases)('%s', async (_, change, expected) => expect(await remedyOf(id, change)).toMatch(expected));
  });
};

const refused: Change = { metrics: plain('invalid metrics token', 401) };
const open: Change = { ...both({ env: [{ name: 'TZ', value: 'UTC' }] }), stored: { targets: [{}] } };
const owned = { metadata: { name: 'gpt-load', namespace: 'llm', ownerReferences: [{ kind: 'GptLoad', name: 'a', controller: true }] } };
const elsewhere = podMonitor({});
const restart = /^kubectl -n llm rollout restart deployment\/gpt-load$/;

rows('metrics-token-refused', [
  ['by new pods where Prometheus, with the token of now, is refused as well', { ...refused, stored: { targets: [down] } }, restart],
  ['by another token where Prometheus is not', refused, /^give the token that METRICS_TOKEN of the pod holds/],
  [
    'by another token where Prometheus has another Secret',
    {
      ...refused,
      extra: [podMonitor({ authorization: { credentials: { name: 'other', key: 'metrics-token' } } })],
      stored: { targets: [down] },
    },
    /^give the token/,
  ],
]);

rows('scrape-unauthorized', [
  ['by new pods where the monitor brings their Secret', { stored: { targets: [down] } }, restart],
  [
    'by the Secret of the pods',
    { extra: [podMonitor({})], stored: { targets: [down] } },
    /"op":"add","path":"\/spec\/podMetricsEndpoints\/0\/authorization","value":\{"credentials":\{"name":"gpt-load","key":"metrics-token"\}\}/,
  ],
  [
    'in place of another way to authenticate',
    { extra: [podMonitor({ bearerTokenSecret: { name: 'a', key: 'b' } })], stored: { targets: [down] } },
    /"op":"remove","path":"\/spec\/podMetricsEndpoints\/0\/bearerTokenSecret"\},\{"op":"add"/,
  ],
  [
    'by hand where the monitor cannot read the Secret',
    {
      extra: [{ ...podMonitor({}, { namespaceSelector: { any: true } }), metadata: { name: 'gpt-load', namespace: 'monitoring' } }],
      stored: { targets: [{ ...down, pool: 'podMonitor/monitoring/gpt-load/0' }] },
    },
    /^let endpoint 0 bring the token as authorization.credentials, from a Secret in namespace monitoring$/,
  ],
]);

const made =
  'openssl rand -hex 32 \\| jq -R .*"Secret".*"namespace":"llm","name":"gpt-load-metrics".*stringData: \\{metrics: \\.\\}\\}\' \\| kubectl create -f -';
rows('metrics-open', [
  [
    'by a Secret, the monitor and the pods',
    { ...open, extra: [elsewhere] },
    new RegExp(
      `^${made} && kubectl -n llm patch podmonitor gpt-load .*authorization.* && kubectl -n llm patch deployment gpt-load .*"path":"/spec/template/spec/containers/0/env/-"`,
    ),
  ],
  [
    'by the Secret that the monitor brings already',
    { ...open, extra: [podMonitor({ authorization })] },
    /^kubectl -n llm patch deployment .*"secretKeyRef":\{"name":"gpt-load","key":"metrics-token"\}/,
  ],
  [
    'by hand where the monitor brings a token that is in no Secret',
    { ...open, extra: [podMonitor({ bearerTokenFile: '/token' })] },
    /^make a Secret with a token/,
  ],
  [
    'in place of an empty variable',
    { ...both({ env: [{ name: 'METRICS_TOKEN', value: '' }] }), extra: [elsewhere] },
    /"op":"replace","path":"\/spec\/template\/spec\/containers\/0\/env\/0"/,
  ],
  [
    'where there is no variable',
    { ...both({ env: [] }), extra: [elsewhere] },
    /"op":"add","path":"\/spec\/template\/spec\/containers\/0\/env","value":\[/,
  ],
  [
    'by hand where a job of its own scrapes',
    { ...open, extra: [], stored: { targets: [{ pool: 'gpt-load' }] } },
    /^make a Secret with a token/,
  ],
  [
    'by hand where a controller makes the Deployment',
    { ...open, workloads: [{ ...workload({ env: [] }), ...owned }], extra: [elsewhere] },
    /^make a Secret/,
  ],
]);

const took = (seconds: number) =>
  ({
    answers: { ...storedNames, 'max by (instance) (avg_over_time(scrape_duration_seconds': [[{ instance: '10.0.1.1:3001' }, seconds]] },
  }) as const;
rows('scrape-slow', [
  [
    'by a longer timeout within the interval',
    { stored: took(6) },
    /'\[\{"op":"add","path":"\/spec\/podMetricsEndpoints\/0\/scrapeTimeout","value":"30s"\}\]'$/,
  ],
  [
    'by a longer interval too',
    { stored: took(6), extra: [podMonitor({ interval: '15s' })] },
    /0\/interval","value":"30s"\},\{"op":"add","path":"\/spec\/podMetricsEndpoints\/0\/scrapeTimeout","value":"30s"/,
  ],
  ['by less to add up where a minute would not do', { stored: took(16) }, /^raise scrapeTimeout and interval of its monitor, or keep/],
  ['by hand where no monitor is known', { stored: took(6), extra: [] }, /^raise scrapeTimeout/],
]);

const server = { replicas: 2, env: [tokenFromSecret, dsn] };
const copies = {
  targets: [{}, { index: 1 }],
  answers: {
    'count(count by (instance) (': [[{}, 2]],
    'count(count by (group, model, type) (': [[{}, 6]],
    'count((max by (group, model, type) (': [[{}, 6]],
    'sum(gpt_load_tokens_total': [[{}, 2]],
  },
} as const;
const asking = (...exprs: readonly string[]): Change => ({
  ...both(server, 2),
  stored: copies,
  extra: [
    podMonitor(),
    ...exprs.map((expr, index) => ({ ...dashboard(expr), metadata: { ...dashboard(expr).metadata, name: `d${index}` } })),
  ],
});
const greatest = 'max without (instance, pod) (increase(gpt_load_tokens_total{type=\\"total\\"}[1h]))';
const increase = 'increase(gpt_load_tokens_total{type="total"}[1h])';
rows('replicas-multiplied', [
  [
    'by the greatest before the sum',
    asking(`sum(${increase})`),
    new RegExp(`--argjson new '"sum\\(${greatest.replace(/[\\()[\]{}]/g, '\\$&')}\\)"'`),
  ],
  [
    'of an instant value',
    asking('sum by (group) (gpt_load_tokens_total)'),
    /new '"sum by \(group\) \(max without \(instance, pod\) \(gpt_load_tokens_total\)\)"'/,
  ],
  ['in every query', asking(`sum(${increase})`, `avg(sum(${increase}))`), /configmap d0 .* && kubectl -n llm get configmap d1 /],
  ['but not where a query tells the copies apart', asking(`sum by (pod) (${increase})`), /^write sum by/],
  ['by hand without a query', asking(), /^write sum by/],
]);

rows('port-undeclared', [
  [
    'by a port in the template, named as the monitor asks for it',
    both({ ports: null }),
    /^kubectl -n llm patch deployment gpt-load --type json -p '\[\{"op":"add","path":"\/spec\/template\/spec\/containers\/0\/ports","value":\[\{"name":"http","containerPort":3001\}\]\}\]'$/,
  ],
  [
    'beside other ports',
    both({ ports: [{ name: 'debug', containerPort: 6060 }], env: [tokenFromSecret, { name: 'PORT', value: '3001' }] }),
    /"op":"add","path":"\/spec\/template\/spec\/containers\/0\/ports\/-"/,
  ],
  ['under a name of its own where none is asked for', { ...both({ ports: null }), extra: [] }, /"name":"metrics","containerPort":3001/],
  [
    'by hand where a controller makes the Deployment',
    { workloads: [{ ...workload({ ports: null }), ...owned }], pods: [pod({ ports: null })] },
    /^declare port 3001 with a name/,
  ],
]);

const file = { replicas: 2, env: [] };
rows('storage-unsound', [
  ['by one replica where all are on a claim', both(file, 2), /^kubectl -n llm scale deployment\/gpt-load --replicas=1$/],
  [
    'by hand where logs would be lost',
    both({ ...file, volumes: [{ name: 'data', emptyDir: {} }] }, 2),
    /^run one replica, or set DATABASE_DSN/,
  ],
]);
