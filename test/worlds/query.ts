import { traffic } from './healthy.ts';
import { edit, find, type WorldDefinition } from './world.ts';

const broken = (id: string): WorldDefinition['expect'] => ({ exitCode: 1, brokenAt: id });
const drops = [{ action: 'drop', sourceLabels: ['__name__'], regex: 'gen_ai_client_token_usage.*' }];

/** Worlds whose path breaks between the store and the query. */
export const queryWorlds: readonly WorldDefinition[] = [
  {
    name: 'metric-relabeling-drops-tokens',
    title: 'metric relabeling drops the token series: targets are up and nothing is stored',
    on: { release: 'v0.5' },
    change: (cluster) =>
      edit(cluster, 'PodMonitor', undefined, ({ spec }) => {
        spec.podMetricsEndpoints[0].metricRelabelings = drops;
      }),
    expect: broken('series-absent'),
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
    name: 'metric-relabeling-drops-the-user',
    title: 'metric relabeling removes the user from every stored series',
    on: { release: 'v0.5' },
    change: (cluster) =>
      edit(cluster, 'PodMonitor', undefined, ({ spec }) => {
        spec.podMetricsEndpoints[0].metricRelabelings = [{ action: 'labeldrop', regex: 'user_id' }];
      }),
    expect: broken('stored-identity-absent'),
  },
  {
    name: 'tokens-dropped-since-a-reload',
    title: 'a rule that was added a minute ago drops the token series: the stored ones grow old',
    on: { release: 'v0.5' },
    later: async (hands) => {
      edit(hands.cluster, 'PodMonitor', undefined, ({ spec }) => {
        spec.podMetricsEndpoints[0].metricRelabelings = drops;
      });
      await hands.apply(find(hands.cluster, 'PodMonitor'));
      await hands.reload();
      await hands.scrapes(4);
    },
    expect: { exitCode: 0, brokenAt: 'series-stale' },
  },
];
