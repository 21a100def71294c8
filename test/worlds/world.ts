import type { Options } from '../../src/model/fact.ts';
import type { Emulated } from '../e2e/emulator/emulator.ts';
import type { SidecarRelease } from '../e2e/emulator/releases.ts';
import type { Manifest } from '../e2e/testbed/api.ts';
import type { PrometheusRelease } from '../e2e/testbed/prometheus.ts';

export type { Manifest };

/** A proxy pod and what its sidecar answers. */
export interface ProxyPod {
  readonly namespace: string;
  readonly name: string;
  /** Its own loopback address. */
  readonly address: string;
  emulated: Emulated | null;
}

/** A Prometheus object whose server runs, and the pods that lead to it. */
export interface Server {
  readonly namespace: string;
  readonly name: string;
  readonly pods: readonly string[];
  /** Which shard of the Prometheus object it is; absent: the first. */
  readonly shard?: number;
  /** Paths that a proxy in front of it does not let through, as prom-label-proxy and its kind do. */
  readonly hidden?: readonly string[];
  /** Its ServiceAccount may not list pods. */
  readonly blind?: boolean;
  /** Another Prometheus pushes the same series into it, with a replica label of its own. */
  readonly pushed?: boolean;
}

/** What was started behind an address and can be ended. */
export interface Running {
  stop(): Promise<void>;
}

/** A server behind a pod's port: a Limitador, a gpt-load, a Mimir, or whatever else answers HTTP. Its pod is among the objects, with the address as podIP, so that Prometheus scrapes what a tunnel to the pod reads. */
export interface Backend {
  readonly namespace: string;
  /** Of the pod. */
  readonly name: string;
  readonly port: number;
  /** The pod's own loopback address within the cluster's subnet. */
  readonly address: string;
  /** Listens on `address` and `port`: `() => startLimitador(…)`; null: nothing listens, and a tunnel is refused as a kubelet refuses it. */
  start: (() => Promise<Running>) | null;
}

/** A pod in which a real OpenTelemetry Collector runs; whether it is ready or crashes is said by the world in the pod's status, for nothing here would write it. */
export interface Collector {
  readonly namespace: string;
  /** Of the pod. */
  readonly name: string;
  /** The pod's own loopback address: its own metrics are served at port 8888 of it, and ${env:POD_IP}, ${env:MY_POD_IP} are it. */
  readonly address: string;
  /** The texts of its files in the order of its --config flags, as in their ConfigMaps. Discovery gets the targets that it would find, and URLs of Services lead to the pods that the Services select; all else is left as written. Set `scrape_interval: 5s` in them. */
  configs: readonly string[];
  /** Of its container, beside POD_IP, MY_POD_IP, POD_NAME and K8S_NODE_NAME. */
  readonly env?: Readonly<Record<string, string>>;
}

/** What the log of a pod's container says; a real collector's is its own. */
export interface ContainerLog {
  readonly pod: { readonly namespace: string; readonly name: string };
  readonly container: string;
  readonly lines: readonly string[];
}

/**
 * Everything that a world consists of: objects in the order in which they are made, and what answers behind them.
 *
 * Services and ServiceMonitors are plain objects: a Service gets the Endpoints of the pods that it selects (e2e/testbed/endpoints.ts), and Secrets that a monitor names for authorization are read by the operator.
 * Objects of a system's own kinds need the system in `systems`.
 */
export interface Cluster {
  readonly prometheus: PrometheusRelease;
  /** "127.0.20": each pod has its own address in it. */
  readonly subnet: string;
  objects: Manifest[];
  proxies: ProxyPod[];
  servers: Server[];
  backends: Backend[];
  collectors: Collector[];
  /** Whose kinds are served beside those of the operator, the Gateway API and Envoy Gateway. */
  systems: readonly System[];
  /** CustomResourceDefinitions that this cluster does not have: "podmonitors" (of the operator), "httproutes.gateway.networking.k8s.io", "*.gateway.envoyproxy.io". */
  absent: string[];
  /** Absent: none can be read. */
  logs?: readonly ContainerLog[];
  /** Envoy answers on its own port as well. */
  stats?: boolean;
}

/** A set of kinds that crds.ts defines. */
export type System = 'kuadrant' | 'istio' | 'opentelemetry';

/** A cluster with Envoy AI Gateway. */
export interface GatewayCluster extends Cluster {
  readonly release: SidecarRelease;
  /** "v0.5.0". */
  readonly version: string;
}

/** What a change can do after the first scrapes. */
export interface Hands {
  readonly cluster: Cluster;
  apply(...objects: readonly Manifest[]): Promise<void>;
  remove(...objects: readonly Manifest[]): Promise<void>;
  /** Another answer from a proxy's sidecar from now on; null: nothing listens. */
  emulate(proxy: ProxyPod, emulated: Emulated | null): Promise<void>;
  /** Ends what answers behind a pod's port, and starts what the backend says now: set its `start` before. */
  restart(backend: Backend): Promise<void>;
  /** Ends the program of a collector; its pod stays as it is. */
  endCollector(collector: Collector): Promise<void>;
  /** Every Prometheus takes what the operator generates now. */
  reload(): Promise<void>;
  /** No Prometheus can write to its disk any more. */
  fillDisks(): Promise<void>;
  /** Waits for so many more scrapes. */
  scrapes(count: number): Promise<void>;
  /** A custom resource has been there for so many seconds. */
  age(object: Manifest, seconds: number): Promise<void>;
}

/** What must be said of a world. */
export interface Expected {
  readonly exitCode: number;
  /** The first root of the pipeline; null: nothing fails there. */
  readonly brokenAt: string | null;
  /** Of which pipeline; absent: of the one that is reported first. */
  readonly pipeline?: string;
  /** Ids of independent faults that stand beside it, each a root of its own, in whichever pipeline. */
  readonly also?: readonly string[];
  /** Ids that could not be judged. */
  readonly unknown?: readonly string[];
}

interface Definition<C extends Cluster> {
  /** Says the change. */
  readonly name: string;
  readonly title: string;
  readonly change?: (cluster: C) => void;
  /** What happens after three scrapes. */
  readonly later?: (hands: Hands) => Promise<void>;
  readonly expect: Expected;
  /** What doctor is told by flags, and `demo` by itself; most worlds do without. */
  readonly options?: Partial<Options>;
}

/** `healthy` plus one change. */
export interface GatewayWorld extends Definition<GatewayCluster> {
  /** What the healthy world before the change is like. */
  readonly on: { readonly release: SidecarRelease; readonly prometheus?: PrometheusRelease; readonly mode?: Mode };
  readonly make?: undefined;
}

/** A world of another system: its sound cluster, most often made from `emptyCluster` or `monitored` (cluster.ts), plus one change. */
export interface OtherWorld extends Definition<Cluster> {
  readonly make: (subnet: string) => Cluster;
  readonly on?: undefined;
}

export type WorldDefinition = GatewayWorld | OtherWorld;

/** How Envoy Gateway deploys its proxies. */
export interface Mode {
  readonly namespace?: 'controller' | 'gateway';
  readonly workload?: 'Deployment' | 'DaemonSet';
  readonly replicas?: number;
}

/** The one object of a kind, by name when there are several. */
export function find(cluster: Cluster, kind: string, name?: string): Manifest {
  const found = cluster.objects.find((object) => object.kind === kind && (name === undefined || object.metadata.name === name));
  if (found === undefined) throw new Error(`the world has no ${kind} ${name ?? ''}`);
  return found;
}

/** Leaves out every object that matches. */
export function drop(cluster: Cluster, matches: (object: Manifest) => boolean): void {
  cluster.objects = cluster.objects.filter((object) => !matches(object));
}

/** Replaces an object by a changed copy of it. */
export function edit(cluster: Cluster, kind: string, name: string | undefined, change: (object: Editable) => void): void {
  const old = find(cluster, kind, name);
  const copy = structuredClone(old) as Editable;
  change(copy);
  cluster.objects = cluster.objects.map((object) => (object === old ? copy : object));
}

/** A manifest as a tree of anything: worlds change any part of it. */
// biome-ignore lint/suspicious/noExplicitAny: manifests have no schema here, and worlds break them on purpose
export type Editable = any;
