import type { KubeObject, Source, Unread } from '../model/source.ts';
import { unreadOf } from '../model/source.ts';
import { strings } from '../parse/fields.ts';
import { argvOf, type FilePlace, flagValues, placesOf } from './collector-files.ts';
import { type CollectorWorkload, defaultConfig } from './collector-workloads.ts';
import { kinds } from './kinds.ts';

/** One text that a collector's configuration is made of. */
export interface ConfigSource {
  /** "ConfigMap ns/name", "OpenTelemetryCollector ns/name". */
  readonly subject: string;
  readonly namespace: string;
  readonly name: string;
  /** The key of the ConfigMap; null for a custom resource. */
  readonly key: string | null;
  /** What it holds; null: it does not exist, which an optional one may. */
  readonly text: string | null;
  /** When its object was made; absent: not known. */
  readonly createdAt?: string;
}

/** The ConfigMaps of some namespaces. */
export interface ConfigMaps {
  /** By namespace; a namespace that could not be read is missing. */
  readonly read: ReadonlyMap<string, readonly KubeObject[]>;
  readonly unread: readonly Unread[];
}

/** Lists the ConfigMaps of namespaces, each once. */
export async function configMapsOf(source: Source, namespaces: readonly string[]): Promise<ConfigMaps> {
  const read = new Map<string, readonly KubeObject[]>();
  const unread: Unread[] = [];
  await Promise.all(
    namespaces.map(async (namespace) => {
      try {
        read.set(namespace, await source.list(kinds.configmaps, { namespace }));
      } catch (error) {
        unread.push(unreadOf(error, `configmaps of ${namespace}`));
      }
    }),
  );
  return { read, unread };
}

/** The texts of a configuration, in the order in which they are merged. */
export interface Files {
  readonly sources: readonly ConfigSource[];
  /** Why not all of the configuration is known. */
  readonly why: string | null;
}

/** Finds the texts that a workload's arguments name. */
export function filesOf(found: CollectorWorkload, maps: readonly KubeObject[] | undefined): Files {
  const { workload, container } = found;
  if (maps === undefined) return { sources: [], why: `the ConfigMaps of namespace ${workload.namespace} could not be read` };
  const parts = pathsOf(found).map((path): Files => {
    if (/^(?!file:)[a-z]+:/.test(path)) return { sources: [], why: `part of its configuration is ${path.split(':')[0]}: and not a file` };
    const places = placesOf(workload, container.name, path.replace(/^file:(\/\/)?/, ''));
    const read = places.map((place) => placed(place, workload.namespace, maps));
    return { sources: read.flatMap(({ sources }) => sources), why: read.find(({ why }) => why !== null)?.why ?? null };
  });
  return { sources: parts.flatMap(({ sources }) => sources), why: parts.find(({ why }) => why !== null)?.why ?? null };
}

/** The configuration that the arguments name: --config of a collector, the file or directory after `run` of Alloy. */
function pathsOf(found: CollectorWorkload): readonly string[] {
  const argv = argvOf(found.workload, found.container.name);
  if (found.kind === 'otel') {
    const given = flagValues(argv, 'config');
    return given.length > 0 ? given : [defaultConfig(found)];
  }
  const path = argv.slice(argv.indexOf('run') + 1).find((argument) => argument.startsWith('/'));
  return [path ?? defaultConfig(found)];
}

function placed(place: FilePlace, namespace: string, maps: readonly KubeObject[]): Files {
  if (place.in === 'elsewhere') return { sources: [], why: place.why };
  const map = maps.find(({ metadata }) => metadata.name === place.name);
  const data = strings(map?.data);
  const keys = place.key === null ? Object.keys(data).filter((key) => key.endsWith('.alloy') || key.endsWith('.yaml')) : [place.key];
  const sources = keys.map((key) => ({
    subject: `ConfigMap ${namespace}/${place.name}`,
    namespace,
    name: place.name,
    key,
    text: data[key] ?? null,
    ...(map?.metadata.creationTimestamp === undefined ? {} : { createdAt: map.metadata.creationTimestamp }),
  }));
  const missing = sources.find(({ text }) => text === null);
  if (place.optional || missing === undefined) return { sources, why: null };
  return { sources, why: `${missing.subject} has no key ${missing.key}` };
}
