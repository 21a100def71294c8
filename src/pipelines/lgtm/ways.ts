import type { Collector } from '../../facts/collectors.ts';
import { exportersReached, pipelinesOf, typeOf } from '../../parse/collector-config.ts';
import type { CollectorExporter } from '../../parse/scrape-job.ts';
import { serviceAddress } from '../../parse/service-address.ts';

/** An exporter in which a way ends, and whose it is. */
export interface WayEnd {
  readonly collector: Collector;
  readonly exporter: CollectorExporter;
}

/** Where metrics go from some exporters of a collector. */
export interface Ways {
  readonly ends: readonly WayEnd[];
  /** Collectors on the way, after the first. */
  readonly through: readonly Collector[];
}

/** Follows metrics from a collector's exporters, over the collectors that they are handed to by OTLP, to what sends them on. What only prints is no end. */
export function waysFrom(collector: Collector, ids: readonly string[], all: readonly Collector[]): Ways {
  const through: Collector[] = [];
  const ends = follow({ collector, ids }, all, through);
  return { ends, through };
}

interface Leg {
  readonly collector: Collector;
  readonly ids: readonly string[];
}

function follow({ collector, ids }: Leg, all: readonly Collector[], through: Collector[]): readonly WayEnd[] {
  const exporters = collector.exporters.filter(({ id, kind }) => ids.includes(id) && kind !== 'debug');
  return exporters.flatMap((exporter): readonly WayEnd[] => {
    const next = exporter.kind === 'otlp' ? takerOf(exporter, collector, all) : null;
    if (next === null || next.key === collector.key) return [{ collector, exporter }];
    if (through.includes(next)) return [];
    through.push(next);
    return follow({ collector: next, ids: fromOtlp(next) }, all, through);
  });
}

/** The collector behind an address: its chart names the Service as the workload, and so does the operator. */
function takerOf({ endpoint }: CollectorExporter, { namespace }: Collector, all: readonly Collector[]): Collector | null {
  const address = endpoint === null ? null : serviceAddress(endpoint, namespace);
  if (address === null) return null;
  const name = address.service.replace(/-headless$/, '');
  const found = all.find(({ workload }) => workload?.namespace === address.namespace && workload.name === name);
  // What Alloy does with what it receives is not followed.
  return found?.kind === 'otel' && found.config.status === 'read' ? found : null;
}

function fromOtlp({ config }: Collector): readonly string[] {
  if (config.status === 'unknown') return [];
  const { merged } = config;
  const receivers = pipelinesOf(merged).flatMap(({ receivers }) => receivers.filter((id) => typeOf(id) === 'otlp'));
  return [...new Set(receivers.flatMap((receiver) => exportersReached(merged, receiver)))];
}
