import type { PrometheusRelease } from '../e2e/testbed/prometheus.ts';
import { healthy } from './healthy.ts';
import { operator, prometheusObject, prometheusPod } from './objects/monitoring.ts';
import { names } from './objects/namespaces.ts';
import type { Cluster, WorldDefinition } from './world.ts';

/** The cluster of a world, changed as it says; nothing of it exists yet. */
export function clusterOf(world: WorldDefinition, subnet: string): Cluster {
  if (world.on === undefined) {
    const cluster = world.make(subnet);
    world.change?.(cluster);
    return cluster;
  }
  const cluster = healthy(world.on, subnet);
  world.change?.(cluster);
  return cluster;
}

/** A cluster in which nothing runs. */
export function emptyCluster(subnet: string, prometheus: PrometheusRelease = '3.16'): Cluster {
  return { prometheus, subnet, objects: [], proxies: [], servers: [], backends: [], collectors: [], systems: [], absent: [] };
}

/** A cluster with the operator and a Prometheus of namespace "monitoring" that takes every monitor; its pods are at addresses 203 and 41 of the subnet. */
export function monitored(subnet: string, prometheus: PrometheusRelease = '3.16'): Cluster {
  const labels = { 'kubernetes.io/metadata.name': names.monitoring, 'app.kubernetes.io/part-of': 'kube-prometheus' };
  return {
    ...emptyCluster(subnet, prometheus),
    objects: [
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: names.monitoring, labels } },
      ...operator(`${subnet}.203`),
      prometheusPod(prometheus, `${subnet}.41`),
      prometheusObject(prometheus),
    ],
    servers: [{ namespace: names.monitoring, name: 'k8s', pods: ['prometheus-k8s-0'] }],
  };
}

/** Adds what another cluster of the same subnet consists of: for worlds in which two systems run. An object that both have is kept once, as the first has it. */
export function join(cluster: Cluster, other: Cluster): void {
  const key = ({ kind, metadata }: Cluster['objects'][number]): string => `${kind} ${metadata.namespace ?? ''}/${metadata.name}`;
  const known = new Set(cluster.objects.map(key));
  const servers = new Set(cluster.servers.map(({ namespace, name, shard = 0 }) => `${namespace}/${name}/${shard}`));
  cluster.objects.push(...other.objects.filter((object) => !known.has(key(object))));
  cluster.servers.push(...other.servers.filter(({ namespace, name, shard = 0 }) => !servers.has(`${namespace}/${name}/${shard}`)));
  cluster.proxies.push(...other.proxies);
  cluster.backends.push(...other.backends);
  cluster.collectors.push(...other.collectors);
  cluster.systems = [...new Set([...cluster.systems, ...other.systems])];
}
