import { dashboard, rule, spellingOf } from './objects/dashboards.ts';
import type { Cluster, GatewayWorld, Manifest } from './world.ts';

const broken = (id: string): GatewayWorld['expect'] => ({ exitCode: 1, brokenAt: id });

/** Worlds whose path breaks where people look at it. */
export const presentWorlds: readonly GatewayWorld[] = [
  {
    name: 'dashboard-of-the-release-before',
    title: 'a dashboard asks for the name that v0.4 had',
    on: { release: 'v0.5' },
    change: (cluster) =>
      replace(
        cluster,
        dashboard(['sum by (user_id) (increase(gen_ai_client_token_usage_token_sum{gen_ai_token_type=~"input|output"}[5m]))']),
      ),
    expect: broken('queries-empty'),
  },
  {
    name: 'dashboard-groups-by-another-spelling',
    title: 'a dashboard groups dotted series by a label with underscores: all users become one',
    on: { release: 'v0.4' },
    change: (cluster) => replace(cluster, dashboard([`sum by (user_id) (increase(${spellingOf('v0.4', '3.16').tokens}[5m]))`])),
    expect: broken('queries-collapsed'),
  },
  {
    name: 'dashboard-sums-every-token-type',
    title: 'a dashboard sums input, output and their total',
    on: { release: 'v0.3' },
    change: (cluster) => replace(cluster, dashboard(['sum by ("user.id") (increase({"gen_ai.client.token.usage_token_sum"}[5m]))'])),
    expect: broken('queries-overcounted'),
  },
  {
    name: 'dashboard-for-a-newer-prometheus',
    title: 'a dashboard is written in the quoted syntax, which Prometheus 2 cannot parse',
    on: { release: 'v0.4', prometheus: '2.42' },
    change: (cluster) => replace(cluster, dashboard([`sum by ("user.id") (increase(${spellingOf('v0.4', '3.16').tokens}[5m]))`])),
    expect: broken('queries-too-new'),
  },
  {
    name: 'rule-groups-by-a-quoted-label',
    title: 'a recording rule groups by a quoted label, which this operator refuses with the whole object',
    on: { release: 'v0.4' },
    change: (cluster) => replace(cluster, rule(`sum by ("user.id") (rate(${spellingOf('v0.4', '3.16').tokens}[5m]))`)),
    expect: broken('rejected-rules'),
  },
];

function replace(cluster: Cluster, object: Manifest): void {
  cluster.objects = cluster.objects.map((old) => (old.kind === object.kind && old.metadata.name === object.metadata.name ? object : old));
}
