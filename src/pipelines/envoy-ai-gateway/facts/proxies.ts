import { kinds, listing } from '../../../facts/kinds.ts';
import { ageOf, listed } from '../../../facts/listed.ts';
import { type Container, type ContainerState, type Pod, podOf } from '../../../facts/pods.ts';
import { defineFact, type Options } from '../../../model/fact.ts';
import type { KubeObject, Many } from '../../../model/source.ts';
import { record, text } from '../../../parse/fields.ts';
import { type Flags, flagValue } from '../../../parse/go-flags.ts';
import { imageOf } from '../../../parse/image.ts';
import { flagsOf, sidecarGuess, withoutArguments } from '../guess.ts';
import { type HeaderMapping, headerMappingOf } from '../mapping.ts';
import { labels, metricsPort, podKey, sidecarName } from '../names.ts';
import { agreed, type Guess } from '../releases.ts';
import type { GatewayRef } from './routes.ts';

/** The container that counts tokens beside an Envoy. */
export interface Sidecar {
  /** Without its arguments, which hold secrets. */
  readonly container: Container;
  readonly state: ContainerState | null;
  readonly flags: Flags;
  readonly guess: Guess;
  readonly mapping: HeaderMapping;
  readonly port: number;
  /** Names that the pod's containers declare for that port; null: none declares it. */
  readonly portNames: readonly string[] | null;
}

/** A pod of Envoys that Envoy Gateway runs for a Gateway. */
export interface ProxyPod {
  readonly key: string;
  readonly subject: string;
  readonly pod: Pod;
  /** Null for the pods of a merged GatewayClass. */
  readonly gateway: GatewayRef | null;
  readonly gatewayClass: string | null;
  readonly sidecar: Sidecar | null;
  readonly node: string | null;
  /** Seconds since the pod was created. */
  readonly age: number | null;
}

/** Every proxy pod that is meant to serve: completed and deleted ones are left out. */
export const proxies = defineFact({
  id: 'proxies',
  title: 'proxy pods',
  reads: [listing(kinds.pods)],
  read: async (_, { source, options }): Promise<Many<ProxyPod>> => {
    const labelSelector = [`${labels.managedBy}=envoy-gateway`, options.selector].filter(Boolean).join(',');
    const objects = await listed(source, options, kinds.pods, { labelSelector });
    const told = readOnce();
    const read = objects
      .map((object) => proxyOf(object, source.now, told))
      .filter((proxy) => isServing(proxy.pod) && isWanted(proxy, options));
    return { read: read.sort((left, right) => (left.key < right.key ? -1 : 1)), unread: [] };
  },
});

/** Envoy Gateway also manages a rate limiter, and users may override labels. */
function isProxy(pod: Pod): boolean {
  const owned = labels.gatewayName in pod.labels || labels.gatewayClass in pod.labels;
  return pod.labels[labels.component] === 'proxy' || (owned && pod.labels[labels.component] !== 'ratelimit');
}

function isServing(pod: Pod): boolean {
  return isProxy(pod) && !pod.deleting && pod.phase !== 'Succeeded' && pod.phase !== 'Failed';
}

function isWanted({ pod, gateway }: ProxyPod, options: Options): boolean {
  const wanted = options.gateway;
  if (wanted !== null && (gateway?.namespace !== wanted.namespace || gateway.name !== wanted.name)) return false;
  return options.namespace === null || pod.namespace === options.namespace || gateway?.namespace === options.namespace;
}

/** What a pod of Envoys is, told from the object alone. */
export function proxyOf(object: KubeObject, now: Date, told: Told = readFrom): ProxyPod {
  const pod = podOf(object);
  const name = pod.labels[labels.gatewayName];
  return {
    key: podKey(pod),
    subject: `Pod ${pod.namespace}/${pod.name}`,
    pod: { ...pod, containers: withoutArguments(pod.containers) },
    gateway: name === undefined ? null : { name, namespace: pod.labels[labels.gatewayNamespace] ?? pod.namespace },
    gatewayClass: pod.labels[labels.gatewayClass] ?? null,
    sidecar: sidecarOf(pod, told),
    node: text(record(object.spec).nodeName),
    age: ageOf(pod.metadata, now),
  };
}

/** What a sidecar's container tells of it. */
type Told = (container: Container) => Pick<Sidecar, 'flags' | 'guess' | 'mapping' | 'port'>;

/** Reads each kind of container once: the sidecars of a gateway have the same arguments. */
function readOnce(): Told {
  const known = new Map<string, ReturnType<Told>>();
  return (container) => {
    const key = JSON.stringify([container.image, container.command, container.args, container.ports]);
    const told = known.get(key) ?? readFrom(container);
    known.set(key, told);
    return told;
  };
}

const readFrom: Told = (container) => {
  const flags = flagsOf(container);
  const port = portOf(flags, sidecarGuess(container, flags, metricsPort));
  const guess = sidecarGuess(container, flags, port);
  return { flags, guess, mapping: headerMappingOf(flags, guess), port };
};

function sidecarOf(pod: Pod, told: Told): Sidecar | null {
  const container = pod.containers.find(isSidecar);
  if (container === undefined) return null;
  const read = told(container);
  return {
    container: { ...container, args: [], command: [] },
    state: pod.states.find((state) => state.name === container.name) ?? null,
    ...read,
    portNames: portNamesOf(pod, read.port),
  };
}

/** By name in every release; by image or arguments where someone renamed it. */
function isSidecar(container: Container): boolean {
  return (
    container.name === sidecarName ||
    imageOf(container.image).name.endsWith(sidecarName) ||
    container.args.some((argument) => /^--?extProcAddr(=|$)/.test(argument))
  );
}

function portOf(flags: Flags, guess: Guess): number {
  const flag = agreed(guess, (release) => release.portFlag);
  const value = flag === null ? (flagValue(flags, 'adminPort') ?? flagValue(flags, 'metricsPort')) : flagValue(flags, flag);
  const port = Number(value ?? Number.NaN);
  return Number.isInteger(port) && port > 0 && port < 65536 ? port : metricsPort;
}

function portNamesOf(pod: Pod, port: number): readonly string[] | null {
  const declared = pod.containers.flatMap((container) => container.ports).filter((candidate) => candidate.number === port);
  return declared.length === 0 ? null : declared.flatMap(({ name }) => name ?? []);
}
