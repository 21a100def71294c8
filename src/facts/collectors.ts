import { defineFact } from '../model/fact.ts';
import type { KubeObject, Many, Source, Unread } from '../model/source.ts';
import { unreadOf } from '../model/source.ts';
import { AlloyError } from '../parse/alloy.ts';
import { alloyWiring } from '../parse/alloy-jobs.ts';
import { CollectorConfigError, configOf, mergedConfig } from '../parse/collector-config.ts';
import { type Environment, expanded } from '../parse/collector-escaping.ts';
import { exportersOf, jobsOf } from '../parse/collector-jobs.ts';
import { record, strings } from '../parse/fields.ts';
import type { CollectorExporter, ScrapeJob } from '../parse/scrape-job.ts';
import { argvOf, type FilePlace, flagValues, literalEnvironment, placesOf } from './collector-files.ts';
import { type CollectorResource, collectorResources, ownerOf } from './collector-resources.ts';
import { type CollectorWorkload, collectorIn, defaultConfig, versionIn } from './collector-workloads.ts';
import { kinds, listing } from './kinds.ts';
import { type Workload, workloads } from './workloads.ts';

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
}

/** What a collector runs, or why that cannot be told. */
export type CollectorConfig =
  | {
      readonly status: 'read';
      /** Later ones override earlier ones. */
      readonly sources: readonly ConfigSource[];
      /** Merged, before anything is expanded; empty for Alloy. */
      readonly merged: Readonly<Record<string, unknown>>;
    }
  | { readonly status: 'unknown'; readonly why: string; readonly sources: readonly ConfigSource[] };

/** A program that scrapes or receives metrics and sends them on: an OpenTelemetry Collector or a Grafana Alloy. */
export interface Collector {
  /** "collector NAMESPACE/NAME". */
  readonly key: string;
  /** "DaemonSet ns/name", "OpenTelemetryCollector ns/name". */
  readonly subject: string;
  readonly kind: 'otel' | 'alloy';
  readonly namespace: string;
  readonly name: string;
  /** Null: a custom resource whose workload is not there. */
  readonly workload: Workload | null;
  /** The container that is the collector; null without a workload. */
  readonly container: string | null;
  /** "0.165.0"; null when it cannot be told. */
  readonly version: string | null;
  /** How a dollar sign is written in its configuration: twice or once. */
  readonly escape: 'double' | 'single';
  readonly config: CollectorConfig;
  readonly jobs: readonly ScrapeJob[];
  readonly exporters: readonly CollectorExporter[];
}

/** Every collector of the cluster with what it is configured to do. */
export const collectors = defineFact({
  id: 'collectors',
  title: 'collectors and their configuration',
  reads: [listing(kinds.configmaps)],
  needs: { workloads, resources: collectorResources },
  async read({ workloads, resources }, { source }): Promise<Many<Collector>> {
    const running = workloads.read.flatMap((workload) => collectorIn(workload) ?? []);
    const owned = new Set(running.filter(({ workload }) => ownerOf(workload, resources.read) !== null));
    const plain = running.filter((each) => !owned.has(each));
    const maps = await configMapsOf(source, [...new Set(plain.map(({ workload }) => workload.namespace))]);
    const read = [
      ...plain.map((each) => ofWorkload(each, maps.read)),
      ...resources.read.map((resource) =>
        ofResource(resource, [...owned].find(({ workload }) => ownerOf(workload, [resource]) !== null) ?? null),
      ),
    ];
    return { read: read.sort((a, b) => (a.key < b.key ? -1 : 1)), unread: [...workloads.unread, ...resources.unread, ...maps.unread] };
  },
});

interface ConfigMaps {
  /** By namespace; a namespace that could not be read is missing. */
  readonly read: ReadonlyMap<string, readonly KubeObject[]>;
  readonly unread: readonly Unread[];
}

async function configMapsOf(source: Source, namespaces: readonly string[]): Promise<ConfigMaps> {
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

function ofWorkload(found: CollectorWorkload, maps: ConfigMaps['read']): Collector {
  const { kind, workload, container } = found;
  const { namespace, name } = workload;
  const common = {
    key: `collector ${namespace}/${name}`,
    subject: workload.subject,
    kind,
    namespace,
    name,
    workload,
    container: container.name,
    version: versionIn(found),
    escape: kind === 'alloy' ? ('single' as const) : ('double' as const),
  };
  const files = filesOf(found, maps.get(namespace));
  if (files.why !== null)
    return { ...common, config: { status: 'unknown', why: files.why, sources: files.sources }, jobs: [], exporters: [] };
  return {
    ...common,
    ...(kind === 'alloy' ? alloyParts(files.sources) : otelParts(files.sources, literalEnvironment(workload, container.name))),
  };
}

interface Files {
  readonly sources: readonly ConfigSource[];
  /** Why not all of the configuration is known. */
  readonly why: string | null;
}

function filesOf(found: CollectorWorkload, maps: readonly KubeObject[] | undefined): Files {
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
  }));
  const missing = sources.find(({ text }) => text === null);
  if (place.optional || missing === undefined) return { sources, why: null };
  return { sources, why: `${missing.subject} has no key ${missing.key}` };
}

type Parts = Pick<Collector, 'config' | 'jobs' | 'exporters'>;

function otelParts(sources: readonly ConfigSource[], environment: Environment): Parts {
  const texts = sources.flatMap(({ text }) => text ?? []);
  try {
    return wired(mergedConfig(texts.map(configOf)), sources, environment);
  } catch (error) {
    if (!(error instanceof CollectorConfigError)) throw error;
    return { config: { status: 'unknown', why: `its configuration cannot be read: ${error.message}`, sources }, jobs: [], exporters: [] };
  }
}

function wired(merged: Readonly<Record<string, unknown>>, sources: readonly ConfigSource[], environment: Environment): Parts {
  const config = record(expanded(merged, environment));
  return { config: { status: 'read', sources, merged }, jobs: jobsOf(config), exporters: exportersOf(config) };
}

function alloyParts(sources: readonly ConfigSource[]): Parts {
  const texts = sources.flatMap(({ text }) => text ?? []);
  try {
    return { config: { status: 'read', sources, merged: {} }, ...alloyWiring(texts) };
  } catch (error) {
    if (!(error instanceof AlloyError)) throw error;
    return { config: { status: 'unknown', why: `its configuration cannot be read: ${error.message}`, sources }, jobs: [], exporters: [] };
  }
}

function ofResource(resource: CollectorResource, running: CollectorWorkload | null): Collector {
  const { namespace, name, text, allocates, shares } = resource;
  const subject = `OpenTelemetryCollector ${namespace}/${name}`;
  const sources = [{ subject, namespace, name, key: null, text }];
  const environment = running === null ? () => null : literalEnvironment(running.workload, running.container.name);
  const parts = otelParts(sources, environment);
  const allocated = parts.jobs.some(({ discovery }) => discovery.some(({ by }) => by === 'podmonitors'));
  return {
    key: `collector ${namespace}/${name}`,
    subject,
    kind: 'otel',
    namespace,
    name,
    workload: running?.workload ?? null,
    container: running?.container.name ?? null,
    version: running === null ? resource.version : versionIn(running),
    escape: 'double',
    ...parts,
    jobs: [...parts.jobs, ...(allocates && !allocated ? allocatedJobs(parts) : [])].map((job) => ({
      ...job,
      shared: job.shared || shares,
    })),
  };
}

/** The target allocator hands PodMonitors to the prometheus receiver: opentelemetry-operator, spec.targetAllocator.prometheusCR. */
function allocatedJobs({ jobs }: Parts): readonly ScrapeJob[] {
  const receiver = jobs[0]?.receiver ?? 'prometheus';
  const wiredTo = jobs[0]?.wiredTo ?? [];
  return [
    { name: '', receiver, path: '', discovery: [{ by: 'podmonitors' }], rules: [], wiredTo, shared: true, followed: jobs.length > 0 },
  ];
}
