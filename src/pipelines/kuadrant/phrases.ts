import type { Emitter } from '../../facts/emitters.ts';
import type { Attempt } from '../../model/fact.ts';
import type { Many } from '../../model/source.ts';
import { pointer } from '../../parse/patch.ts';
import { shellWord } from '../../parse/shell-word.ts';
import type { Limit } from './facts/policies.ts';
import { gatewayKey, labelKey, podKey, routeKey } from './names.ts';

export const nameOf = ({ namespace, name }: { readonly namespace: string; readonly name: string }): string => `${namespace}/${name}`;

/** The command that shows an object. */
export function show(
  resource: string,
  { namespace, name }: { readonly namespace: string; readonly name: string },
  output = 'yaml',
): string {
  return `kubectl -n ${shellWord(namespace)} get ${resource} ${shellWord(name)} -o ${output}`;
}

/** The command that merges a patch into an object. */
export function merging(
  resource: string,
  { namespace, name }: { readonly namespace: string; readonly name: string },
  patch: unknown,
): string {
  return `kubectl -n ${shellWord(namespace)} patch ${resource} ${shellWord(name)} --type=merge -p ${shellWord(JSON.stringify(patch))}`;
}

/** The command that shows what a Limitador serves. */
export function showMetrics({ pod, port, path }: Emitter, filter = 'authorized_'): string {
  return `kubectl get --raw /api/v1/namespaces/${pod.namespace}/pods/${pod.name}:${port}/proxy${path} | grep ${shellWord(filter)}`;
}

/** The keys of every Limitador pod, for what silences all of them; none when they could not be read. */
export function podKeys(emitters: Attempt<Many<Emitter>> | Many<Emitter>): readonly string[] {
  if ('status' in emitters) return emitters.status === 'read' ? podKeys(emitters.value) : [];
  return emitters.read.map(({ pod }) => podKey(pod));
}

interface Place {
  readonly gateway: { readonly namespace: string; readonly name: string };
  readonly route: { readonly namespace: string; readonly name: string };
}

/** The keys of paths: their Gateways and routes, each once. */
export function pathKeys(paths: readonly Place[]): readonly string[] {
  return [...new Set(paths.flatMap(({ gateway, route }) => [gatewayKey(gateway), routeKey(route)]))];
}

export const labelKeys = (labels: readonly string[]): readonly string[] => [...new Set(labels.map(labelKey))];

/** A limit's place in its policy (RFC 6901): "/spec/limits/free", "/spec/defaults/limits/free". */
export function limitPath({ at, name }: Pick<Limit, 'at' | 'name'>): string {
  return pointer('spec', ...at.split('.'), name);
}

/** A part of an AuthPolicy's spec where its rules stand: "rules", "defaults.rules". */
export function underRules(rulesAt: string, rules: unknown): unknown {
  return rulesAt.split('.').reduceRight<unknown>((inner, part) => ({ [part]: inner }), rules);
}
