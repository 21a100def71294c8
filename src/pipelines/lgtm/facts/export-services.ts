import { kinds, listing } from '../../../facts/kinds.ts';
import { defineFact } from '../../../model/fact.ts';
import { type KubeObject, type Many, unreadOf } from '../../../model/source.ts';
import { number, record, records, text } from '../../../parse/fields.ts';
import { type ServiceAddress, serviceAddress } from '../../../parse/service-address.ts';
import type { WayEnd } from '../ways.ts';
import { scraping } from './scraping.ts';

/** An exporter that a sidecar's metrics reach, and what its address leads to. */
export interface ExportService extends WayEnd {
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
    const ends = scraping.emitters.flatMap(({ scrapes }) => scrapes.flatMap((scrape) => scrape.ends));
    const found = ends.flatMap((end) => {
      const address = end.exporter.endpoint === null ? null : serviceAddress(end.exporter.endpoint, end.collector.namespace);
      return address === null ? [] : [{ ...end, address }];
    });
    const distinct = [...new Map(found.map((each) => [`${each.collector.key} ${each.exporter.id}`, each])).values()];
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
