import { list, record, records, text } from '../parse/fields.ts';
import { withoutEndSlashes } from '../parse/slashes.ts';
import type { Workload } from './workloads.ts';

type Fields = Readonly<Record<string, unknown>>;

/** Where a file of a container comes from. */
export type FilePlace =
  /** A key of a ConfigMap; null: every key. An optional ConfigMap may be missing, and the file with it. */
  | { readonly in: 'configmap'; readonly name: string; readonly key: string | null; readonly optional: boolean }
  /** Nothing that can be read: the image itself, a Secret, an address. */
  | { readonly in: 'elsewhere'; readonly why: string };

/** The places of a path in a container, in the order they are looked at: a directory may be filled by an init container from a ConfigMap. */
export function placesOf(workload: Workload, container: string, path: string): readonly FilePlace[] {
  const spec = podSpecOf(workload);
  const mount = mountOf(containerIn(spec, container), path);
  if (mount === null) return [{ in: 'elsewhere', why: `${path} is part of the image` }];
  const volume = records(spec.volumes).find(({ name }) => name === mount.volume);
  const found = inVolume(volume ?? {}, mount.rest);
  if (found.length > 0) return found;
  const copied = copiedInto(spec, mount.volume, mount.rest);
  if (copied.length > 0) return copied;
  const what = Object.keys(volume ?? {}).find((key) => key !== 'name') ?? 'nothing';
  return [{ in: 'elsewhere', why: `${path} comes from a volume of the kind ${what}` }];
}

/** The template's pod spec. */
export function podSpecOf({ raw }: Workload): Fields {
  return record(record(record(raw.spec).template).spec);
}

function containerIn(spec: Fields, name: string): Fields {
  return records(spec.containers).find((container) => container.name === name) ?? {};
}

interface Mounted {
  readonly volume: string;
  /** The path inside the volume. */
  readonly rest: string;
}

/** The mount with the longest path that holds a file. */
function mountOf(container: Fields, path: string): Mounted | null {
  const mounts = records(container.volumeMounts).flatMap((mount) => {
    const at = withoutEndSlashes(text(mount.mountPath) ?? '');
    if (path !== at && !path.startsWith(`${at}/`)) return [];
    const rest = [text(mount.subPath) ?? '', path.slice(at.length + 1)].filter((part) => part !== '').join('/');
    return [{ volume: text(mount.name) ?? '', rest, length: at.length }];
  });
  return mounts.toSorted((a, b) => b.length - a.length)[0] ?? null;
}

function inVolume(volume: Fields, rest: string): readonly FilePlace[] {
  const single = record(volume.configMap);
  const projected = records(record(volume.projected).sources).map((source) => record(source.configMap));
  return [single, ...projected].flatMap((map) => inConfigMap(map, rest));
}

function inConfigMap(map: Fields, rest: string): readonly FilePlace[] {
  const name = text(map.name);
  if (name === null) return [];
  const optional = map.optional === true;
  const items = records(map.items);
  if (rest === '') return [{ in: 'configmap', name, key: null, optional }];
  if (items.length === 0) return [{ in: 'configmap', name, key: rest, optional }];
  const item = items.find(({ path }) => path === rest);
  return item === undefined ? [] : [{ in: 'configmap', name, key: text(item.key), optional }];
}

/** An init container that mounts the directory beside a ConfigMap copies from it: files keep their names. */
function copiedInto(spec: Fields, volume: string, rest: string): readonly FilePlace[] {
  const file = rest.split('/').at(-1) ?? '';
  const mounts = records(spec.initContainers).filter(({ volumeMounts }) => records(volumeMounts).some(({ name }) => name === volume));
  const volumes = new Set(mounts.flatMap(({ volumeMounts }) => records(volumeMounts).map(({ name }) => name)));
  return records(spec.volumes)
    .filter(({ name }) => name !== volume && volumes.has(name))
    .flatMap((each) => inVolume(each, file));
}

/** The values of a flag in a command line, whether joined by "=" or not; a shell's line is looked through as well. */
export function flagValues(argv: readonly string[], flag: string): readonly string[] {
  const words = argv.flatMap((word) => (word.includes(' ') && word.includes(`--${flag}`) ? word.split(/\s+/) : [word]));
  return words.flatMap((word, index) => {
    if (word === `--${flag}` || word === `-${flag}`) return [words[index + 1] ?? ''];
    const joined = new RegExp(`^--?${flag}=(.*)$`, 's').exec(word)?.[1];
    return joined === undefined ? [] : [joined.replace(/^(["'])(.*)\1$/s, '$2')];
  });
}

/** The environment that a container's own template sets to a literal value. */
export function literalEnvironment(workload: Workload, container: string): (name: string) => string | null {
  const entries = records(containerIn(podSpecOf(workload), container).env);
  return (name) => text(entries.find((entry) => entry.name === name)?.value);
}

/** The pod's own part of a container's command line. */
export function argvOf(workload: Workload, container: string): readonly string[] {
  const { command, args } = containerIn(podSpecOf(workload), container);
  return [...list(command), ...list(args)].map(String);
}
