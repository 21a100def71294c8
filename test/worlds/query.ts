import type { Flow } from '../e2e/emulator/sidecar.ts';
import { traffic } from './healthy.ts';
import { additionalJobs } from './scrape.ts';
import { type Cluster, drop, edit, type GatewayWorld } from './world.ts';

const broken = (id: string): GatewayWorld['expect'] => ({ exitCode: 1, brokenAt: id });
const dropping = { action: 'drop', sourceLabels: ['__name__'], regex: 'gen_ai_client_token_usage.*' };
const forgetting = { action: 'labeldrop', regex: 'user_id' };

/** What cannot be judged without targets and configuration. */
const unscraped = ['prometheus-unreachable', 'pool-absent', 'targets-missing', 'targets-down', 'duplicate-targets'];

/** Worlds whose path breaks between the store and the query. */
export const queryWorlds: readonly GatewayWorld[] = [
  {
    name: 'metric-relabeling-drops-tokens',
    title: 'metric relabeling drops the token series: targets are up and nothing is stored',
    on: { release: 'v0.5' },
    change: (cluster) => relabelMetrics(cluster, dropping),
    expect: broken('tokens-dropped'),
  },
  {
    name: 'metric-relabeling-drops-the-user',
    title: 'metric relabeling removes the user, so that all users of a team become one',
    on: { release: 'v0.5' },
    change: (cluster) => relabelMetrics(cluster, forgetting),
    expect: broken('tenants-merged'),
  },
  {
    name: 'tokens-dropped-behind-a-query-proxy',
    title: 'a job that nobody can read drops the token series: a proxy before Prometheus hides its configuration',
    on: { release: 'v0.5' },
    change: (cluster) => scrapeByHand(cluster, '{action: drop, source_labels: [__name__], regex: gen_ai_client_token_usage.*}'),
    expect: { exitCode: 1, brokenAt: 'series-absent', unknown: ['tokens-dropped'] },
  },
  {
    name: 'user-dropped-behind-a-query-proxy',
    title: 'a job that nobody can read drops the label of the user',
    on: { release: 'v0.5' },
    change: (cluster) => scrapeByHand(cluster, '{action: labeldrop, regex: user_id}'),
    expect: { exitCode: 1, brokenAt: 'stored-identity-absent', unknown: ['tenants-merged'] },
  },
  {
    name: 'monitor-drops-tokens-behind-a-query-proxy',
    title: 'a PodMonitor drops the token series, and the proxy before Prometheus lets queries through alone',
    on: { release: 'v0.5' },
    change: (cluster) => {
      relabelMetrics(cluster, dropping);
      queriesAlone(cluster);
    },
    expect: { exitCode: 1, brokenAt: 'series-absent', unknown: unscraped },
  },
  {
    name: 'monitor-drops-the-user-behind-a-query-proxy',
    title: 'a PodMonitor drops the label of the user, and the proxy before Prometheus lets queries through alone',
    on: { release: 'v0.5' },
    change: (cluster) => {
      relabelMetrics(cluster, forgetting);
      queriesAlone(cluster);
    },
    expect: { exitCode: 1, brokenAt: 'stored-identity-absent', unknown: unscraped },
  },
  {
    name: 'prometheus-disk-full',
    title: 'Prometheus cannot write any more: targets are up and no sample is stored',
    on: { release: 'v0.5' },
    change: (cluster) => {
      const slow = (flow: Flow): Flow => ({ ...flow, before: 2000, perSecond: 0.1 });
      for (const proxy of cluster.proxies)
        if (proxy.emulated) proxy.emulated = { ...proxy.emulated, flows: proxy.emulated.flows.map(slow) };
    },
    later: async (hands) => {
      await hands.fillDisks();
      await hands.scrapes(4);
    },
    expect: { exitCode: 0, brokenAt: 'series-stale' },
  },
  {
    name: 'upgraded-across-a-renaming',
    title: 'v0.4 was upgraded to v0.5 a moment ago: the stored series have two names',
    on: { release: 'v0.5' },
    change: (cluster) => {
      for (const proxy of cluster.proxies) if (proxy.emulated) proxy.emulated = { ...proxy.emulated, release: 'v0.4' };
    },
    later: async (hands) => {
      for (const [index, proxy] of hands.cluster.proxies.entries())
        await hands.emulate(proxy, { release: 'v0.5', flows: traffic('v0.5', index) });
      await hands.scrapes(3);
    },
    expect: { exitCode: 0, brokenAt: 'spellings-mixed' },
  },
  {
    name: 'second-scraper-pushes-the-same',
    title: 'another Prometheus with the same monitors writes the same series into this one, as its own replica',
    on: { release: 'v0.5' },
    change: (cluster) => {
      edit(cluster, 'Prometheus', 'k8s', ({ spec }) => {
        spec.enableRemoteWriteReceiver = true;
      });
      cluster.servers = cluster.servers.map((server) => ({ ...server, pushed: true }));
    },
    // series that are new could still be growth
    later: (hands) => hands.scrapes(4),
    expect: broken('counts-disagree'),
  },
];

function relabelMetrics(cluster: Cluster, rule: object): void {
  edit(cluster, 'PodMonitor', undefined, ({ spec }) => {
    spec.podMetricsEndpoints[0].metricRelabelings = [rule];
  });
}

function queriesAlone(cluster: Cluster): void {
  const hidden = ['/api/v1/status/config', '/api/v1/status/runtimeinfo', '/api/v1/targets', '/api/v1/scrape_pools'];
  cluster.servers = cluster.servers.map((server) => ({ ...server, hidden }));
}

/** Without a PodMonitor, by a job with a rule of its own, and a proxy that hides the configuration. */
function scrapeByHand(cluster: Cluster, rule: string): void {
  drop(cluster, ({ kind }) => kind === 'PodMonitor');
  additionalJobs(cluster, { pods: [`metric_relabel_configs: [${rule}]`] });
  cluster.servers = cluster.servers.map((server) => ({ ...server, hidden: ['/api/v1/status/config'] }));
}
