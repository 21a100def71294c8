import type { Pod } from '../../facts/pods.ts';
import { grouped as byKey } from '../../parse/grouped.ts';
import { shellWord } from '../../parse/shell-word.ts';
import type { Controller } from './facts/controller.ts';
import type { ProxyPod } from './facts/proxies.ts';

/** "pods" by key, as found in a group of proxies. */
export const keysOf = (proxies: readonly { readonly key: string }[]): readonly string[] => proxies.map(({ key }) => key);

/** Groups in order of first appearance. */
export function grouped<T>(items: readonly T[], keyOf: (item: T) => string): readonly (readonly T[])[] {
  return [...byKey(items, keyOf).values()];
}

/** What a pod was made from, as kubectl names it: "deployment/envoy-maas"; null when it stands alone. */
export function workloadOf(pod: Pod): { readonly kind: 'Deployment' | 'DaemonSet' | 'StatefulSet'; readonly name: string } | null {
  const owner = pod.metadata.ownerReferences?.find((reference) => reference.controller !== false);
  if (owner === undefined) return null;
  if (owner.kind === 'DaemonSet' || owner.kind === 'StatefulSet') return { kind: owner.kind, name: owner.name };
  return owner.kind === 'ReplicaSet' ? { kind: 'Deployment', name: owner.name.replace(/-[a-z0-9]+$/, '') } : null;
}

/** The command that makes a pod's workload create it anew. */
export function rollout(pod: Pod): string {
  const workload = workloadOf(pod);
  if (workload === null) return `kubectl -n ${shellWord(pod.namespace)} delete pod ${shellWord(pod.name)}`;
  return `kubectl -n ${shellWord(pod.namespace)} rollout restart ${shellWord(`${workload.kind.toLowerCase()}/${workload.name}`)}`;
}

/** Several commands that each workload of the pods needs, once. */
export function rollouts(proxies: readonly ProxyPod[]): string {
  return [...new Set(proxies.map(({ pod }) => rollout(pod)))].join('\n');
}

export const showPod = ({ namespace, name }: { readonly namespace: string; readonly name: string }): string =>
  `kubectl -n ${namespace} get pod ${name} -o yaml`;

/** Shows a controller's arguments without the secrets among them. */
export function showArgs({ deployment }: Controller): string {
  const { namespace, name } = deployment;
  return `kubectl -n ${namespace} get deployment ${name} -o jsonpath='{.spec.template.spec.containers[*].args}' | tr ',' '\\n' | grep -i header`;
}

/** "v0.5.0", or what is known instead. */
export function releaseText(guess: { readonly version: string | null }): string {
  return guess.version ?? 'an unknown release';
}
