import type { KubeObject, Metadata } from '../model/source.ts';
import { list, number, record, records, text } from '../parse/fields.ts';

/** A port that a container declares. */
export interface ContainerPort {
  readonly name: string | null;
  readonly number: number;
}

export interface Container {
  readonly name: string;
  readonly image: string;
  readonly args: readonly string[];
  readonly command: readonly string[];
  readonly env: readonly { readonly name: string; readonly value: string | null }[];
  readonly ports: readonly ContainerPort[];
  readonly volumeMounts: readonly string[];
  /** From initContainers. A native sidecar is one with restartPolicy Always. */
  readonly init: boolean;
  readonly restartPolicy: string | null;
}

/** What the kubelet last said of a container. */
export interface ContainerState {
  readonly name: string;
  readonly ready: boolean;
  readonly restarts: number;
  readonly state: 'running' | 'waiting' | 'terminated' | 'unknown';
  /** CrashLoopBackOff, Error, OOMKilled… */
  readonly reason: string | null;
  readonly message: string | null;
  /** Of the previous run, when it ended. */
  readonly last: { readonly reason: string | null; readonly exitCode: number | null; readonly message: string | null } | null;
  /** When the present run began; absent when it does not run. */
  readonly startedAt?: string;
}

export interface Pod {
  readonly namespace: string;
  readonly name: string;
  readonly metadata: Metadata;
  readonly labels: Readonly<Record<string, string>>;
  readonly phase: string;
  readonly ready: boolean;
  readonly ip: string | null;
  readonly deleting: boolean;
  /** Containers and initContainers. */
  readonly containers: readonly Container[];
  readonly states: readonly ContainerState[];
}

/** Reads a Pod object; missing parts become empty, never an exception. */
export function podOf(object: KubeObject): Pod {
  const spec = record(object.spec);
  const status = record(object.status);
  const conditions = records(status.conditions);
  return {
    namespace: object.metadata.namespace ?? '',
    name: object.metadata.name,
    metadata: object.metadata,
    labels: object.metadata.labels ?? {},
    phase: text(status.phase) ?? 'Unknown',
    ready: conditions.some((condition) => condition.type === 'Ready' && condition.status === 'True'),
    ip: text(status.podIP),
    deleting: object.metadata.deletionTimestamp !== undefined,
    containers: containersOf(spec),
    states: [...records(status.containerStatuses), ...records(status.initContainerStatuses)].map(stateOf),
  };
}

/** The containers and initContainers of a pod spec or pod template spec. */
export function containersOf(spec: Readonly<Record<string, unknown>>): readonly Container[] {
  return [
    ...records(spec.containers).map((container) => containerOf(container, false)),
    ...records(spec.initContainers).map((container) => containerOf(container, true)),
  ];
}

function containerOf(container: Readonly<Record<string, unknown>>, init: boolean): Container {
  return {
    name: text(container.name) ?? '',
    image: text(container.image) ?? '',
    args: list(container.args).map(String),
    command: list(container.command).map(String),
    env: records(container.env).map((entry) => ({ name: text(entry.name) ?? '', value: text(entry.value) })),
    ports: records(container.ports).flatMap((port) => {
      const value = number(port.containerPort);
      return value === null ? [] : [{ name: text(port.name), number: value }];
    }),
    volumeMounts: records(container.volumeMounts).map((mount) => text(mount.name) ?? ''),
    init,
    restartPolicy: text(container.restartPolicy),
  };
}

function stateOf(status: Readonly<Record<string, unknown>>): ContainerState {
  const state = record(status.state);
  const kind = (['running', 'waiting', 'terminated'] as const).find((name) => name in state) ?? 'unknown';
  const detail = record(state[kind]);
  const terminated = record(record(status.lastState).terminated);
  const ended = Object.keys(terminated).length > 0;
  const startedAt = text(detail.startedAt);
  return {
    name: text(status.name) ?? '',
    ready: status.ready === true,
    restarts: number(status.restartCount) ?? 0,
    state: kind,
    reason: text(detail.reason),
    message: text(detail.message),
    last: ended ? { reason: text(terminated.reason), exitCode: number(terminated.exitCode), message: text(terminated.message) } : null,
    ...(kind === 'running' && startedAt !== null ? { startedAt } : {}),
  };
}
