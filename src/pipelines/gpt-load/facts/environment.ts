import type { Container, Pod } from '../../../facts/pods.ts';
import { list, record, records } from '../../../parse/fields.ts';
import { imageOf } from '../../../parse/image.ts';
import { defaultPort } from '../names.ts';
import type { Instance } from './instances.ts';

/** By the last part of its image's name, not those of tools around it. */
export function isProgram({ image, init }: Container): boolean {
  const { name } = imageOf(image);
  return !init && /gpt-load/i.test(name) && !/exporter|backup|migrat|postgres|mysql|redis/i.test(name);
}

/** Arguments and values are nobody's business but the program's; which variables are there is ours. */
export function withoutArguments(container: Container): Container {
  return { ...container, args: [], command: [], env: container.env.map(({ name, value }) => ({ name, value: value === '' ? '' : null })) };
}

/** The port of the program: PORT, else what is declared, else the usual one. */
export function portOf({ env, ports }: Container): number {
  const set = Number(env.findLast(({ name }) => name === 'PORT')?.value ?? Number.NaN);
  if (Number.isInteger(set) && set > 0 && set < 65536) return set;
  const numbers = ports.map(({ number }) => number);
  return numbers.includes(defaultPort) ? defaultPort : (numbers[0] ?? defaultPort);
}

/** The names that a pod declares for a port; null: it is not declared. */
export function portNamesOf(pod: Pod, port: number): readonly string[] | null {
  const declared = pod.containers.flatMap(({ ports }) => ports).filter(({ number }) => number === port);
  return declared.length === 0 ? null : declared.flatMap(({ name }) => name ?? []);
}

/** An empty METRICS_TOKEN is none: PR internal/router/router.go. */
export function tokenOf({ env }: Container, raw: Readonly<Record<string, unknown>>): Instance['token'] {
  const entry = env.findLast(({ name }) => name === 'METRICS_TOKEN');
  if (entry !== undefined) return entry.value === '' ? 'unset' : 'set';
  return list(raw.envFrom).length > 0 ? 'unknown' : 'unset';
}

/** Where METRICS_TOKEN comes from, by name alone. */
export function tokenKeyOf(raw: Readonly<Record<string, unknown>>): Instance['tokenKey'] {
  const entry = records(raw.env).findLast((variable) => variable.name === 'METRICS_TOKEN');
  const { name, key } = record(record(entry?.valueFrom).secretKeyRef);
  return typeof name === 'string' && typeof key === 'string' ? { name, key } : null;
}
