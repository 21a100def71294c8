import { monitored } from './cluster.ts';
import { workload } from './objects/workloads.ts';
import type { OtherWorld } from './world.ts';

/** Worlds with several systems, and one with none. */
export const severalWorlds: readonly OtherWorld[] = [
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
  },
];
