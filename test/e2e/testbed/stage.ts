import type { Backend, Cluster, Collector, Hands, Manifest, ProxyPod, Running } from '../../worlds/world.ts';
import { type Emulated, type Emulator, startEmulator } from '../emulator/emulator.ts';
import { startEnvoyStats } from '../emulator/envoy-stats.ts';
import { type RunningCollector, startCollector } from './collector.ts';
import { startRelay } from './endpoints.ts';
import { startFront } from './front.ts';
import { until } from './processes.ts';
import { type RunningPrometheus, startPusher } from './prometheus.ts';
import type { Testbed } from './testbed.ts';

/** A world that lives on a bed. */
export interface Staged extends Hands {
  readonly servers: readonly RunningPrometheus[];
  /** Ends the collector at a pod's address, and starts one there with the texts and the environment that it has now. */
  collect(collector: Collector): Promise<RunningCollector>;
  stop(): Promise<void>;
}

const interval = 5;

/** Applies a world's objects, starts what answers behind them, and waits until everything that is scraped was scraped three times. */
export async function stage(bed: Testbed, cluster: Cluster): Promise<Staged> {
  const emulators = new Map<string, Emulator>();
  const backends = new Map<Backend, Running>();
  const collectors = new Map<string, RunningCollector>();
  const servers: RunningPrometheus[] = [];
  const endings: (() => Promise<void>)[] = [];
  const emulate = async (proxy: ProxyPod, emulated: Emulated | null): Promise<void> => {
    await emulators.get(proxy.name)?.stop();
    emulators.delete(proxy.name);
    const emulator = emulated === null ? null : await startEmulator(proxy.address, emulated);
    if (emulator !== null) emulators.set(proxy.name, emulator);
  };
  const restart = async (backend: Backend): Promise<void> => {
    await backends.get(backend)?.stop();
    backends.delete(backend);
    if (backend.start !== null) backends.set(backend, await backend.start());
  };
  const collect = async (collector: Collector): Promise<RunningCollector> => {
    await collectors.get(collector.address)?.stop();
    const running = await startCollector(bed.folder, bed.api, collector);
    collectors.set(collector.address, running);
    return running;
  };
  const staged: Staged = {
    cluster,
    servers,
    apply: async (...objects) => {
      await bed.apply(...objects);
      await bed.publishEndpoints();
    },
    remove: async (...objects) => {
      await bed.remove(...objects);
      await bed.publishEndpoints();
    },
    emulate,
    restart,
    collect,
    endCollector: async ({ address }) => {
      await collectors.get(address)?.stop();
      collectors.delete(address);
    },
    reload: async () => {
      await pause(1.5);
      for (const { namespace, name, blind, shard } of cluster.servers)
        await bed.startPrometheus(cluster.prometheus, namespace, name, blind, shard);
    },
    fillDisks: async () => {
      for (const server of servers) server.fillDisk();
    },
    scrapes: (count) => pause(count * interval),
    age: (object, seconds) => bed.age(object, seconds),
    stop: async () => {
      await Promise.all([...collectors.values()].map((running) => running.stop()));
      for (const ending of endings.splice(0)) await ending();
      await Promise.all([...emulators.values(), ...backends.values()].map((running) => running.stop()));
      await bed.reset();
    },
  };
  try {
    for (const proxy of cluster.proxies) await emulate(proxy, proxy.emulated);
    for (const backend of cluster.backends) await restart(backend);
    if (cluster.stats === true) for (const address of statsAddresses(cluster)) endings.push(await startEnvoyStats(address));
    await bed.apply(...cluster.objects);
    await forwardAll(bed, cluster);
    for (const server of cluster.servers) servers.push(await startServer(bed, cluster, server, endings));
    await bed.publishEndpoints();
    await staged.reload();
    await Promise.all(cluster.collectors.map(collect));
    // a collector tells nobody of its targets; it needs a moment to start, and to push what it has
    const collected = cluster.collectors.length === 0 ? Promise.resolve() : pause(4.5 * interval);
    await Promise.all([collected, ...servers.map((server) => scraped(server, 3))]);
    for (const pod of cluster.collectors) await bed.log(pod, null, collectors.get(pod.address)?.log() ?? []);
    for (const { pod, container, lines } of cluster.logs ?? []) await bed.log(pod, container, lines);
    return staged;
  } catch (error) {
    await staged.stop();
    throw error;
  }
}

/** Tunnels to whatever answers behind a pod. */
async function forwardAll(bed: Testbed, { proxies, backends, collectors }: Cluster): Promise<void> {
  for (const { namespace, name, address } of proxies) await bed.forward({ namespace, name }, 1064, { address, port: 1064 });
  for (const { namespace, name, address, port } of backends) await bed.forward({ namespace, name }, port, { address, port });
  for (const { namespace, name, address } of collectors) await bed.forward({ namespace, name }, 8888, { address, port: 8888 });
}

async function startServer(
  bed: Testbed,
  cluster: Cluster,
  server: Cluster['servers'][number],
  endings: (() => Promise<void>)[],
): Promise<RunningPrometheus> {
  const running = await bed.startPrometheus(cluster.prometheus, server.namespace, server.name, server.blind, server.shard);
  const front = server.hidden === undefined ? null : await startFront(running.url, server.hidden);
  if (front !== null) endings.push(front.stop);
  for (const name of server.pods) {
    const pod = { namespace: server.namespace, name };
    await bed.forward(pod, 9090, front ?? running);
    const address = addressOf(cluster, pod);
    if (address?.startsWith('127.')) endings.push(await startRelay({ address, port: 9090 }, front ?? running));
  }
  const targets = cluster.proxies.map(({ address }) => `${address}:1064`);
  if (server.pushed === true) endings.push(await startPusher(bed.folder, targets, running));
  await ready(bed, server);
  return running;
}

/** Null: the pod has none. */
function addressOf({ objects }: Cluster, { namespace, name }: { readonly namespace: string; readonly name: string }): string | null {
  const pod = objects.find(({ kind, metadata }) => kind === 'Pod' && metadata.namespace === namespace && metadata.name === name);
  return ((pod?.status ?? {}) as { readonly podIP?: string }).podIP ?? null;
}

/** There is no StatefulSet controller: its status says that the pods run, and the operator passes that on. */
async function ready(bed: Testbed, { namespace, name, pods, shard = 0 }: Cluster['servers'][number]): Promise<void> {
  const setName = shard === 0 ? `prometheus-${name}` : `prometheus-${name}-shard-${shard}`;
  const set: Manifest = { apiVersion: 'apps/v1', kind: 'StatefulSet', metadata: { namespace, name: setName } };
  await until('the StatefulSet that the operator makes', () => bed.api.get(set), 10);
  const count = pods.length;
  const revision = `${setName}-7d9c8b6f5`;
  const counts = { replicas: count, readyReplicas: count, availableReplicas: count, currentReplicas: count, updatedReplicas: count };
  await bed.patchStatus(set, { ...counts, observedGeneration: 1, currentRevision: revision, updateRevision: revision });
}

/** Every pod with an Envoy: those of the AI gateway, and the plain one. */
function statsAddresses(cluster: Cluster): readonly string[] {
  return [...cluster.proxies.map(({ address }) => address), `${cluster.subnet}.31`];
}

interface Target {
  readonly scrapeUrl: string;
  readonly lastScrape: string;
  readonly health: string;
}

/** Waits for targets, then for so many scrapes of each; a world without any has none after service discovery's time. */
async function scraped(server: RunningPrometheus, count: number): Promise<void> {
  const active = async (): Promise<readonly Target[]> => {
    const answer = await fetch(`${server.url}/api/v1/targets?state=active`);
    return ((await answer.json()) as { data: { activeTargets: Target[] } }).data.activeTargets;
  };
  const found = await until('targets', async () => ((await active()).length > 0 ? true : null), 9).catch(() => false);
  if (!found) return;
  const waiting = async (): Promise<readonly Target[]> => (await active()).filter(({ health }) => health === 'unknown');
  await until('the first scrape of every target', async () => ((await waiting()).length === 0 ? true : null), 15).catch(async (error) => {
    throw new Error(`${error.message}: ${(await waiting()).map(({ scrapeUrl }) => scrapeUrl).join(', ')}`);
  });
  await pause((count - 1) * interval + 0.5);
}

function pause(seconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, seconds * 1000));
}
