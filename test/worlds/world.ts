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

/** Everything that a world consists of: objects in the order in which they are made, and what answers behind them. */
export interface Cluster {
  readonly release: SidecarRelease;
  /** "v0.5.0". */
  readonly version: string;
  readonly prometheus: PrometheusRelease;
  /** "127.0.20": each pod has its own address in it. */
  readonly subnet: string;
  objects: Manifest[];
  proxies: ProxyPod[];
  servers: Server[];
  /** CustomResourceDefinitions that this cluster does not have. */
  absent: string[];
  /** Envoy answers on its own port as well. */
  stats?: boolean;
}

/** What a change can do after the first scrapes. */
export interface Hands {
  readonly cluster: Cluster;
  apply(...objects: readonly Manifest[]): Promise<void>;
  remove(...objects: readonly Manifest[]): Promise<void>;
  /** Another answer from a proxy's sidecar from now on; null: nothing listens. */
  emulate(proxy: ProxyPod, emulated: Emulated | null): Promise<void>;
  /** Every Prometheus takes what the operator generates now. */
  reload(): Promise<void>;
  /** No Prometheus can write to its disk any more. */
  fillDisks(): Promise<void>;
  /** Waits for so many more scrapes. */
  scrapes(count: number): Promise<void>;
}

/** What must be said of a world. */
export interface Expected {
  readonly exitCode: number;
  /** The root; null: nothing fails. */
  readonly brokenAt: string | null;
  /** Ids of independent faults that stand beside it, each a root of its own. */
  readonly also?: readonly string[];
  /** Ids that could not be judged. */
  readonly unknown?: readonly string[];
}

/** `healthy` plus one change, which its name says. */
export interface WorldDefinition {
  readonly name: string;
  readonly title: string;
  /** What the healthy world before the change is like. */
  readonly on: { readonly release: SidecarRelease; readonly prometheus?: PrometheusRelease; readonly mode?: Mode };
  readonly change?: (cluster: Cluster) => void;
  /** What happens after three scrapes. */
  readonly later?: (hands: Hands) => Promise<void>;
  readonly expect: Expected;
}

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
