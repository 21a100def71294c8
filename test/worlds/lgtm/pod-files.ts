import type { Editable } from '../world.ts';

/** The texts that a ConfigMap's keys hold; null: it is not there. */
export type Maps = (name: string) => Readonly<Record<string, string>> | null;

/** The files that an OpenTelemetry Collector is started with, in the order of its --config flags; null: one is not there, and the program ends. */
export function configsOf(spec: Editable, container: string, maps: Maps): readonly string[] | null {
  const own = containersOf(spec).find(({ name }) => name === container);
  const paths = (own?.args ?? []).flatMap((argument: string) => /^--config=(.+)$/.exec(argument)?.[1] ?? []);
  const texts = paths.map((path: string) => textAt(spec, own, path, maps));
  return texts.every((text: string | null) => text !== null) ? texts : null;
}

/** What a container finds at a path, as the kubelet mounts ConfigMaps and as init containers before it copied them. */
export function textAt(spec: Editable, container: Editable, path: string, maps: Maps): string | null {
  const mount = (container.volumeMounts ?? [])
    .filter(({ mountPath }: Editable) => path.startsWith(`${mountPath}/`))
    .toSorted((a: Editable, b: Editable) => b.mountPath.length - a.mountPath.length)[0];
  const volume = (spec.volumes ?? []).find(({ name }: Editable) => name === mount?.name);
  if (volume?.configMap !== undefined) return inMap(volume.configMap, path.slice(mount.mountPath.length + 1), maps);
  return volume?.emptyDir === undefined ? null : copied(spec, path, maps);
}

function inMap({ name, items }: Editable, file: string, maps: Maps): string | null {
  const data = maps(name);
  const key = items === undefined ? file : items.find(({ path }: Editable) => path === file)?.key;
  return data?.[key] ?? null;
}

/** "cp FROM TO || echo TEXT > TO" of an init container. */
function copied(spec: Editable, path: string, maps: Maps): string | null {
  for (const init of spec.initContainers ?? []) {
    const [, from, to, otherwise] = /cp (\S+) (\S+) \|\| echo "([^"]*)"/.exec((init.command ?? []).join(' ')) ?? [];
    if (from !== undefined && to === path) return textAt(spec, init, from, maps) ?? otherwise ?? '';
  }
  return null;
}

/** The containers of a pod that go on running, and the variables of one that are literal. */
export function containersOf(spec: Editable): readonly Editable[] {
  return [...(spec.containers ?? []), ...(spec.initContainers ?? [])];
}

/** The environment that a container's own spec gives it: literal values, and the node's name. */
export function environmentOf(spec: Editable, container: string): Readonly<Record<string, string>> {
  const own = containersOf(spec).find(({ name }) => name === container);
  const values: Readonly<Record<string, string>> = { 'spec.nodeName': spec.nodeName };
  const entries = (own?.env ?? []).flatMap(({ name, value, valueFrom }: Editable) => {
    const given = value ?? values[valueFrom?.fieldRef?.fieldPath];
    return given === undefined ? [] : [[name, given]];
  });
  return Object.fromEntries(entries);
}
