import type { Datasource, Datasources } from '../../facts/grafana.ts';
import type { Mimir } from '../../facts/mimir.ts';
import { type ServiceAddress, serviceAddress } from '../../parse/service-address.ts';
import { type Destination, leadsTo } from './facts/destinations.ts';
import { noAuthTenant } from './names.ts';

/** A data source that asks a Mimir. */
export interface Reader {
  readonly datasource: Datasource;
  readonly address: ServiceAddress;
}

/** The data sources of type prometheus whose URL names a Service of this Mimir. */
export function readersOf(mimir: Mimir, datasources: Datasources): readonly Reader[] {
  return datasources.read.flatMap((datasource) => {
    const address = datasource.url === null ? null : serviceAddress(datasource.url, datasource.namespace);
    return datasource.type === 'prometheus' && address !== null && leadsTo(address, mimir) ? [{ datasource, address }] : [];
  });
}

/** The tenant that a request counts for: the one it names, or the one that the gateway in front gives it. Null: none. */
export function tenantAt(mimir: Mimir, { namespace, service }: ServiceAddress, named: string | null): string | null {
  if (named !== null) return named;
  const entrance = mimir.services.find((each) => each.namespace === namespace && each.name === service);
  return entrance?.gateway === true ? noAuthTenant : null;
}

/** The tenant that a collector writes to. */
export function writerTenant(mimir: Mimir, { address, exporter }: Destination): string | null {
  return address === null ? exporter.tenant : tenantAt(mimir, address, exporter.tenant);
}

/** Whether what is written for a tenant is found by a reader: `a|b` reads both (tenant federation). */
export function reads(reader: string | null, writer: string | null): boolean {
  return reader === writer || (reader !== null && writer !== null && reader.split('|').includes(writer));
}

/** The tenant to ask a Mimir for: of a data source, one that reads what is written before any other; else the collectors'. */
export function tenantToAsk(mimir: Mimir, readers: readonly Reader[], writers: readonly Destination[]): string | null {
  const written = writers.map((writer) => writerTenant(mimir, writer));
  const read = readers
    .filter(({ datasource }) => !datasource.tenantHidden)
    .map((reader) => tenantAt(mimir, reader.address, reader.datasource.tenant));
  const matching = read.find((tenant) => tenant !== null && written.some((each) => reads(tenant, each)));
  return matching ?? read.find((tenant) => tenant !== null) ?? written.find((tenant) => tenant !== null) ?? null;
}
