import { type Collector, collectors } from '../../../facts/collectors.ts';
import { type Mimir, mimirs } from '../../../facts/mimir.ts';
import { defineFact } from '../../../model/fact.ts';
import type { Unread } from '../../../model/source.ts';
import { type ServiceAddress, serviceAddress } from '../../../parse/service-address.ts';

/** Where a collector sends metrics that may be the sidecars'. */
export interface Destination {
  readonly collector: Collector;
  readonly exporter: Collector['exporters'][number];
  /** The Service that it names; null: outside the cluster, or not to be told. */
  readonly address: ServiceAddress | null;
  /** The Mimir behind that Service. */
  readonly mimir: Mimir | null;
}

export interface Destinations {
  readonly read: readonly Destination[];
  readonly mimirs: readonly Mimir[];
  readonly unread: readonly Unread[];
}

/** The exporters in use that write metrics to a store, of every collector. */
export const destinations = defineFact({
  id: 'destinations',
  title: 'where collectors write metrics',
  wants: { collectors, mimirs },
  read: ({ collectors, mimirs }): Destinations => {
    const known = mimirs.status === 'read' ? mimirs.value.read : [];
    const found = collectors.status === 'read' ? collectors.value.read : [];
    return {
      read: found.flatMap((collector) => destinationsOf(collector, known)),
      mimirs: known,
      unread: [collectors, mimirs].flatMap((attempt) => (attempt.status === 'read' ? attempt.value.unread : [attempt.unread])),
    };
  },
});

function destinationsOf(collector: Collector, mimirs: readonly Mimir[]): readonly Destination[] {
  const writing = collector.exporters.filter(({ used, kind }) => used && (kind === 'remote-write' || kind === 'otlp'));
  return writing.map((exporter) => {
    const address = exporter.endpoint === null ? null : serviceAddress(exporter.endpoint, collector.namespace);
    return { collector, exporter, address, mimir: mimirs.find((mimir) => address !== null && leadsTo(address, mimir)) ?? null };
  });
}

/** Whether a Service is one of a Mimir's. */
export function leadsTo({ namespace, service }: ServiceAddress, { services }: Mimir): boolean {
  return services.some((each) => each.namespace === namespace && each.name === service);
}

/** Of several Mimirs those that collectors write to. */
export function mimirsToAsk({ read, mimirs }: Destinations): readonly Mimir[] {
  const written = mimirs.filter((mimir) => read.some((destination) => destination.mimir?.key === mimir.key));
  return written.length > 0 ? written : mimirs;
}
