import { kinds, listing } from '../../../facts/kinds.ts';
import { defineFact } from '../../../model/fact.ts';
import { type KubeObject, type Many, unreadOf } from '../../../model/source.ts';
import { number, record, records, text } from '../../../parse/fields.ts';
import type { CollectorExporter } from '../../../parse/scrape-job.ts';
import { type ServiceAddress, serviceAddress } from '../../../parse/service-address.ts';
import { type Scrape, scraping } from './scraping.ts';

/** An exporter that a sidecar's metrics reach, and what its address leads to. */
export interface ExportService {
  readonly scrape: Scrape;
  readonly exporter: CollectorExporter;
  readonly address: ServiceAddress;
  /** Null: there is no such Service. */
  readonly ports: readonly number[] | null;
}

/** The Services that collectors send the sidecars' metrics to, as far as they are in the cluster. */
export const exportServices = defineFact({
  id: 'export-services',
  title: 'Services that collectors write to',
  reads: [listing(kinds.services)],
  needs: { scraping },
  async read({ scraping }, { source }): Promise<Many<ExportService>> {
    const all = scraping.emitters.flatMap(({ scrapes }) =>
      scrapes.flatMap((scrape) => scrape.stores.map((exporter) => ({ scrape, exporter }))),
    );
    const found = all.flatMap(({ scrape, exporter }) => {
      const address = exporter.endpoint === null ? null : serviceAddress(exporter.endpoint, scrape.collector.namespace);
      return address === null ? [] : [{ scrape, exporter, address }];
    });
    const distinct = [...new Map(found.map((each) => [`${each.scrape.collector.key} ${each.exporter.id}`, each])).values()];
    const namespaces = [...new Set(distinct.map(({ address }) => address.namespace))];
    const settled = await Promise.all(
      namespaces.map((namespace) =>
        source.list(kinds.services, { namespace }).then(
          (services) => ({ namespace, services }),
          (error: unknown) => unreadOf(error, `services of ${namespace}`),
        ),
      ),
    );
    const known = new Map(settled.flatMap((each) => ('services' in each ? [[each.namespace, each.services] as const] : [])));
    return {
      read: distinct.flatMap((each) => {
        const services = known.get(each.address.namespace);
        return services === undefined ? [] : [{ ...each, ports: portsOf(services, each.address.service) }];
      }),
      unread: settled.flatMap((each) => ('services' in each ? [] : [each])),
    };
  },
});

/** An ExternalName takes any port. */
function portsOf(services: readonly KubeObject[], name: string): readonly number[] | null {
  const service = services.find(({ metadata }) => metadata.name === name);
  if (service === undefined) return null;
  const spec = record(service.spec);
  return text(spec.type) === 'ExternalName' ? [] : records(spec.ports).flatMap(({ port }) => number(port) ?? []);
}
