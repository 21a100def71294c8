import { defineFact } from '../model/fact.ts';
import type { Many } from '../model/source.ts';
import { alloyWiring } from '../parse/alloy-jobs.ts';
import { AlloyError } from '../parse/alloy-tokens.ts';
import { CollectorConfigError, configOf, mergedConfig } from '../parse/collector-config.ts';
import { type Environment, expanded } from '../parse/collector-escaping.ts';
import { exportersOf, jobsOf } from '../parse/collector-jobs.ts';
import { record } from '../parse/fields.ts';
import type { CollectorExporter, ScrapeJob } from '../parse/scrape-job.ts';
import { literalEnvironment } from './collector-files.ts';
import { type CollectorResource, collectorResources, ownerOf } from './collector-resources.ts';
import { type ConfigMaps, type ConfigSource, configMapsOf, filesOf } from './collector-texts.ts';
import { type CollectorWorkload, collectorIn, versionIn } from './collector-workloads.ts';
import { kinds, listing } from './kinds.ts';
import { type Workload, workloads } from './workloads.ts';

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
