import { defineFact } from '../model/fact.ts';
import type { Many } from '../model/source.ts';
import type { CollectorExporter, ScrapeJob } from '../parse/scrape-job.ts';
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
  needs: { workloads },
  read: ({ workloads }): Many<Collector> => ({ read: [], unread: workloads.unread }),
});
