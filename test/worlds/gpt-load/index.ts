import { startGptLoad } from '../../e2e/emulator/gpt-load.ts';
import { requestLog } from '../../e2e/emulator/gpt-load-page.ts';
import { rule } from '../objects/dashboards.ts';
import type { Cluster, Expected, Hands, OtherWorld } from '../world.ts';
import { chats, gptLoad, type Shape } from './cluster.ts';
import { authorization, dashboard, deployed, namespace, podMonitor, serviceMonitor, soundPanel, token } from './objects.ts';
import { gptLoadSharedWorlds } from './shared.ts';
import { gptLoadStoreWorlds } from './store.ts';

const sound: Expected = { exitCode: 0, brokenAt: null };
const broken = (id: string): Expected => ({ exitCode: 1, brokenAt: id });
const warned = (id: string): Expected => ({ exitCode: 0, brokenAt: id });
const given = { options: { metricsToken: token } };

interface Told extends Omit<OtherWorld, 'make'> {
  readonly shape?: Shape;
}

const world = ({ shape, ...rest }: Told): OtherWorld => ({ ...given, ...rest, make: gptLoad(shape) });

/** Worlds with gpt-load alone. */
export const gptLoadWorlds: readonly OtherWorld[] = [
  world({ name: 'gpt-load-healthy', title: 'gpt-load with metrics and a token, scraped through its Service', expect: sound }),
  world({
    name: 'gpt-load-healthy-prometheus-2',
    title: 'gpt-load scraped by a PodMonitor of Prometheus 2.42',
    shape: { prometheus: '2.42', monitors: [podMonitor()] },
    expect: sound,
  }),
  world({
    name: 'gpt-load-one-database-greatest-first',
    title: 'two pods of one PostgreSQL, whose dashboards take the greatest before they sum',
    shape: {
      replicas: 2,
      database: 'postgres',
      dashboards: [
        dashboard(['Tokens', 'sum by (group) (max by (group, model, type) (increase(gpt_load_tokens_total{type="total"}[1h])))']),
        rule('max by (group, model, type) (gpt_load_tokens_total)'),
      ],
    },
    expect: sound,
  }),
  world({
    name: 'gpt-load-follower-unscraped',
    title: 'a follower of the same PostgreSQL, which shows the counters of its master and is not scraped',
    shape: { database: 'postgres' },
    change: withFollower,
    expect: sound,
  }),
  world({
    name: 'gpt-load-costs-computed',
    title: 'a build that computes costs, and a panel of them',
    shape: {
      flows: chats.map((flow) => ({ ...flow, cost: (flow.prompt ?? 0) / 1e6 })),
      dashboards: [dashboard(soundPanel, ['Money', 'sum by (group) (increase(gpt_load_cost_total[1h]))'])],
    },
    expect: sound,
  }),
  world({
    name: 'gpt-load-no-traffic',
    title: 'gpt-load has counted no request yet',
    shape: { flows: [] },
    expect: warned('idle-pods'),
  }),
  world({
    name: 'gpt-load-streams-only',
    title: 'every request is streamed, and none is counted',
    shape: { flows: [{ group: 'team-a', model: 'gpt-4o', prompt: 100, completion: 50, streamed: true, before: 90, perSecond: 1 }] },
    expect: warned('idle-pods'),
  }),
  world({
    name: 'gpt-load-embeddings-only',
    title: 'embeddings and lists of models, which leave no tokens and are no loss',
    shape: { flows: chats.filter(({ prompt }) => prompt === undefined), dashboards: [] },
    expect: sound,
  }),
  world({
    name: 'gpt-load-stock-build',
    title: 'the image of the project, which answers its web page at /metrics',
    shape: { image: 'ghcr.io/tbphp/gpt-load:v1.4.9', guarded: false, program: { stock: true } },
    expect: broken('metrics-absent'),
  }),
  world({
    name: 'gpt-load-stock-build-unmonitored',
    title: 'the image of the project, which nobody scrapes',
    shape: { image: 'ghcr.io/tbphp/gpt-load:v1.4.9', guarded: false, program: { stock: true }, monitors: [], dashboards: [] },
    expect: broken('metrics-absent'),
  }),
  world({
    name: 'gpt-load-open-load-balancer',
    title: 'no metrics token, and a Service of type LoadBalancer in front',
    shape: { guarded: false, service: { type: 'LoadBalancer' } },
    expect: broken('metrics-open'),
  }),
  world({
    name: 'gpt-load-open-inside',
    title: 'no metrics token, reachable in the cluster only',
    shape: { guarded: false },
    expect: warned('metrics-open'),
  }),
  world({
    name: 'gpt-load-monitor-without-token',
    title: 'the ServiceMonitor brings no token and is answered 401',
    shape: { monitors: [serviceMonitor({})] },
    expect: broken('scrape-unauthorized'),
  }),
  world({
    name: 'gpt-load-token-not-given',
    title: 'the pods ask for a token that doctor was not given',
    shape: {},
    options: {},
    expect: { exitCode: 2, brokenAt: null, unknown: ['metrics-unreadable', 'tokens-absent'] },
  }),
  world({
    name: 'gpt-load-token-renewed',
    title: 'the pods still run with the token that their Secret held before',
    shape: { program: { token: 'tkm-former-token-of-the-test' } },
    expect: broken('metrics-token-refused'),
  }),
  world({
    name: 'gpt-load-replicas-on-one-database',
    title: 'two pods of one PostgreSQL are both scraped, and sums count everything twice',
    shape: { replicas: 2, database: 'postgres' },
    expect: broken('replicas-multiplied'),
  }),
  world({
    name: 'gpt-load-two-files',
    title: 'two replicas keep a file each',
    shape: { replicas: 2, database: 'claim' },
    expect: broken('storage-unsound'),
  }),
  world({
    name: 'gpt-load-file-on-empty-dir',
    title: 'the request log is on an emptyDir',
    shape: { database: 'emptyDir' },
    expect: warned('storage-unsound'),
  }),
  world({
    name: 'gpt-load-dashboard-of-all-types',
    title: 'a panel sums prompt, completion and their total',
    shape: { dashboards: [dashboard(['Tokens', 'sum by (group) (increase(gpt_load_tokens_total[1h]))'])] },
    expect: broken('queries-overcounted'),
  }),
  world({
    name: 'gpt-load-dashboard-of-costs',
    title: 'a panel asks for costs, which nothing computes',
    shape: { dashboards: [dashboard(soundPanel, ['Money', 'sum by (group) (gpt_load_cost_total)'])] },
    expect: warned('costs-absent'),
  }),
  world({
    name: 'gpt-load-dashboard-of-bills',
    title: 'a panel bills by counters that leave out streams',
    shape: { dashboards: [dashboard(['Monthly bill', soundPanel[1]])] },
    expect: warned('streams-unmetered'),
  }),
  world({
    name: 'gpt-load-log-purged',
    title: 'rows of the request log are deleted, and the counters fall',
    later: purged,
    expect: broken('counters-falling'),
  }),
  world({
    name: 'gpt-load-unparsed-path',
    title: 'a chat model is asked on a path whose usage is not parsed',
    shape: { flows: [...chats, { group: 'team-c', model: 'gpt-4.1', before: 60, perSecond: 1 }] },
    expect: broken('tokens-absent'),
  }),
  world({
    name: 'gpt-load-user-expected',
    title: 'a label is expected that no counter has',
    options: { metricsToken: token, expectLabels: ['user_id'] },
    expect: broken('identity-absent'),
  }),
  world({
    name: 'gpt-load-no-monitor',
    title: 'nothing scrapes gpt-load',
    shape: { monitors: [], dashboards: [] },
    expect: broken('unmonitored-pods'),
  }),
  world({
    name: 'gpt-load-monitor-on-wrong-port',
    title: 'the PodMonitor asks for a port that the pods name otherwise',
    shape: { monitors: [podMonitor({ port: 'metrics', authorization })] },
    expect: broken('unmonitored-pods'),
  }),
  world({
    name: 'gpt-load-database-without-columns',
    title: 'the database lacks the token columns, and /metrics answers 500',
    shape: { program: { trouble: 'database' } },
    expect: broken('metrics-unreadable'),
  }),
  world({
    name: 'gpt-load-slow-scrapes',
    title: 'a scrape takes most of its timeout',
    shape: { program: { trouble: 'slow' } },
    expect: warned('scrape-slow'),
  }),
  world({
    name: 'gpt-load-not-listening',
    title: 'PORT is set and nothing listens there',
    change: silent,
    expect: broken('health-failing'),
  }),
  world({
    name: 'gpt-load-open-and-overcounted',
    title: 'no metrics token behind a LoadBalancer, and a panel that sums all types: two faults',
    shape: {
      guarded: false,
      service: { type: 'LoadBalancer' },
      dashboards: [dashboard(['Tokens', 'sum(increase(gpt_load_tokens_total[1h]))'])],
    },
    expect: { ...broken('metrics-open'), also: ['queries-overcounted'] },
  }),
  ...gptLoadSharedWorlds,
  ...gptLoadStoreWorlds,
];

function withFollower(cluster: Cluster): void {
  const address = `${cluster.subnet}.71`;
  const pods = deployed({
    name: 'gpt-load-follower',
    addresses: [address],
    database: 'postgres',
    env: [{ name: 'IS_SLAVE', value: 'true' }],
  });
  cluster.objects.push(...pods);
  const log = requestLog(...chats);
  const name = pods.find(({ kind }) => kind === 'Pod')?.metadata.name ?? '';
  cluster.backends.push({ namespace, name, address, port: 3001, start: () => startGptLoad(address, { log, token }) });
}

function silent(cluster: Cluster): void {
  for (const backend of cluster.backends) backend.start = null;
}

/** The clean-up leaves a third of each flow. */
async function purged({ cluster, restart, scrapes }: Hands): Promise<void> {
  const left = requestLog(...chats.map((flow) => ({ ...flow, before: Math.floor(flow.before / 3) })));
  for (const backend of cluster.backends) {
    backend.start = () => startGptLoad(backend.address, { log: left, token }, backend.port);
    await restart(backend);
  }
  await scrapes(3);
}
