import { join, monitored } from './cluster.ts';
import { gptLoad } from './gpt-load/cluster.ts';
import { authorization, podMonitor as gptLoadPodMonitor, serviceMonitor, token } from './gpt-load/objects.ts';
import { sound as kuadrant, labelled } from './kuadrant/cluster.ts';
import { tokenPolicy } from './kuadrant/policies.ts';
import { sidecarJob } from './lgtm/agent.ts';
import { lgtm } from './lgtm/healthy.ts';
import { podMonitor } from './objects/monitoring.ts';
import { names } from './objects/namespaces.ts';
import { workload } from './objects/workloads.ts';
import { type Cluster, drop, type Editable, edit, type GatewayWorld, type OtherWorld, type WorldDefinition } from './world.ts';

/** Addresses for a second system: the third number plus a hundred. */
const beside = (subnet: string): string => subnet.replace(/\d+$/, (third) => String(Number(third) + 100));

/** Worlds with several systems, and one with none. */
export const severalWorlds: readonly WorldDefinition[] = [
  {
    name: 'ai-gateway-and-kuadrant',
    title: 'Envoy AI Gateway and Kuadrant side by side, scraped by one Prometheus',
    on: { release: 'v1.1' },
    change: (cluster) => join(cluster, kuadrant()(beside(cluster.subnet))),
    expect: { exitCode: 0, brokenAt: null },
  } satisfies GatewayWorld,
  {
    name: 'kuadrant-and-gpt-load-each-broken',
    title: 'Kuadrant counts before it knows who asks, and gpt-load is scraped twice',
    make: (subnet) => {
      const cluster = kuadrant({ flows: labelled({}), panels: ['sum(increase(authorized_hits[1h]))'] })(subnet);
      const monitors = [serviceMonitor({ authorization }), gptLoadPodMonitor()];
      join(cluster, gptLoad({ monitors, dashboards: [] })(beside(subnet)));
      return cluster;
    },
    change: (cluster) => {
      drop(cluster, ({ kind }) => kind === 'TokenRateLimitPolicy');
      cluster.objects.push(tokenPolicy({ free: { rates: [{ limit: 100_000, window: '1m' }] } }));
    },
    options: { metricsToken: token },
    expect: { exitCode: 1, pipeline: 'kuadrant', brokenAt: 'auth-unreferenced', also: ['duplicate-monitors'] },
  } satisfies OtherWorld,
  {
    name: 'collector-beside-the-monitor',
    title: 'Prometheus scrapes the sidecars, and a collector writes what it scrapes there too',
    make: (subnet) => {
      // the operator makes this Service for every Prometheus
      const write = `http://prometheus-operated.${names.monitoring}.svc:9090`;
      const cluster = lgtm({ writing: { jobs: [sidecarJob()], endpoint: `${write}/api/v1/write` }, grafana: { url: write } })(subnet);
      withoutMimir(cluster);
      const other = monitored(subnet);
      other.objects.push(podMonitor('aigw-admin', names.envoyGateway));
      edit(other, 'Prometheus', undefined, (prometheus: Editable) => {
        prometheus.spec.enableRemoteWriteReceiver = true;
      });
      join(cluster, other);
      return cluster;
    },
    expect: { exitCode: 1, brokenAt: 'counts-disagree', also: ['series-doubled'] },
  } satisfies OtherWorld,
  {
    name: 'nothing-installed',
    title: 'a cluster with Prometheus and a web shop, and no gateway that counts tokens',
    make: (subnet) => {
      const cluster = monitored(subnet);
      const labels = { app: 'shop' };
      const container = { name: 'shop', image: 'registry.example/shop:2.4.1', ports: [{ name: 'http', containerPort: 8000 }] };
      cluster.objects.push(
        { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop', labels: { 'kubernetes.io/metadata.name': 'shop' } } },
        ...workload({
          namespace: 'shop',
          name: 'shop',
          labels,
          selector: labels,
          spec: { containers: [container] },
          addresses: [`${subnet}.11`],
          hash: '5b7d9c6f48',
        }),
        {
          apiVersion: 'v1',
          kind: 'Service',
          metadata: { name: 'shop', namespace: 'shop', labels },
          spec: { selector: labels, ports: [{ name: 'http', port: 80, targetPort: 'http' }] },
        },
      );
      return { ...cluster, absent: ['*.gateway.envoyproxy.io'] };
    },
    expect: { exitCode: 2, brokenAt: null },
  } satisfies OtherWorld,
];

function withoutMimir(cluster: Cluster): void {
  drop(cluster, ({ metadata }) => metadata.name.includes('mimir'));
  cluster.backends = [];
}
