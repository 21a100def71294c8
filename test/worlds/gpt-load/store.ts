import { rule } from '../objects/dashboards.ts';
import { type Cluster, drop, type Editable, type Expected, edit, find, type Manifest, type OtherWorld } from '../world.ts';
import { chats, gptLoad, type Shape } from './cluster.ts';
import { authorization, dashboard, serviceMonitor, token } from './objects.ts';

const broken = (id: string): Expected => ({ exitCode: 1, brokenAt: id });

interface Told extends Omit<OtherWorld, 'make' | 'options'> {
  readonly shape?: Shape;
}

const world = ({ shape, ...rest }: Told): OtherWorld => ({ ...rest, options: { metricsToken: token }, make: gptLoad(shape) });

const late = new WeakMap<Cluster, Manifest>();

/** Worlds in which gpt-load is sound and what is to store its counters is not. */
export const gptLoadStoreWorlds: readonly OtherWorld[] = [
  world({
    name: 'gpt-load-no-prometheus-object',
    title: 'a ServiceMonitor is there and no Prometheus',
    shape: { dashboards: [] },
    change: (cluster) => {
      drop(cluster, ({ kind, metadata }) => kind === 'Prometheus' || metadata.name.startsWith('prometheus-k8s'));
      cluster.servers = [];
    },
    expect: broken('operator-missing'),
  }),
  world({
    name: 'gpt-load-timeout-over-interval',
    title: 'the operator refuses a scrape timeout longer than the interval',
    shape: { monitors: [serviceMonitor({ authorization, interval: '5s', scrapeTimeout: '10s' })], dashboards: [] },
    expect: broken('rejected-monitors'),
  }),
  world({
    name: 'gpt-load-prometheus-unreachable',
    title: 'nothing answers behind the Prometheus pod',
    shape: { dashboards: [] },
    change: (cluster) => {
      cluster.servers = [];
    },
    expect: { exitCode: 2, brokenAt: null, unknown: ['prometheus-unreachable'] },
  }),
  world({
    name: 'gpt-load-configuration-not-reloaded',
    title: 'the ServiceMonitor is there and Prometheus has not taken it up',
    // A Secret that it would name could be what keeps it out.
    shape: { monitors: [serviceMonitor({ bearerTokenFile: '/etc/prometheus/tokens/gpt-load' })], dashboards: [] },
    change: (cluster) => {
      const monitor = find(cluster, 'ServiceMonitor');
      drop(cluster, (object) => object === monitor);
      late.set(cluster, monitor);
    },
    later: async ({ cluster, apply }) => {
      const monitor = late.get(cluster);
      if (monitor !== undefined) await apply(monitor);
    },
    expect: broken('pool-absent'),
  }),
  world({
    name: 'gpt-load-target-label-shadows-group',
    title: 'a relabeling gives every target a label group, so that the real one is renamed',
    shape: {
      monitors: [serviceMonitor({ authorization, relabelings: [{ targetLabel: 'group', replacement: 'platform' }] })],
      dashboards: [],
    },
    expect: { exitCode: 0, brokenAt: 'labels-exported' },
  }),
  world({
    name: 'gpt-load-disk-full',
    title: 'Prometheus cannot write any more: the target is up and no sample is stored',
    shape: { flows: chats.map((flow) => ({ ...flow, before: 4000, perSecond: 0 })), dashboards: [] },
    later: async ({ fillDisks, scrapes }) => {
      await fillDisks();
      await scrapes(4);
    },
    expect: { exitCode: 0, brokenAt: 'series-stale' },
  }),
  world({
    name: 'gpt-load-dashboard-for-a-newer-prometheus',
    title: 'a dashboard is written in the quoted syntax, which Prometheus 2 cannot parse',
    shape: {
      prometheus: '2.42',
      dashboards: [dashboard(['Tokens', 'sum by (group) (increase({"gpt_load_tokens_total", type="total"}[1h]))'])],
    },
    expect: broken('queries-too-new'),
  }),
  world({
    name: 'gpt-load-rule-not-selected',
    title: 'Prometheus takes rules of another release only',
    shape: { dashboards: [rule('sum by (group) (rate(gpt_load_tokens_total{type="total"}[5m]))')] },
    change: (cluster) =>
      edit(cluster, 'Prometheus', undefined, (prometheus: Editable) => {
        prometheus.spec.ruleSelector = { matchLabels: { release: 'other' } };
      }),
    expect: broken('rejected-rules'),
  }),
];
