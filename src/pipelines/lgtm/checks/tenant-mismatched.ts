import { datasources } from '../../../facts/grafana.ts';
import type { Mimir } from '../../../facts/mimir.ts';
import { type ServerSeries, storedSeries } from '../../../facts/stored-series.ts';
import { defineCheck, type Finding, verdict } from '../../../model/check.ts';
import type { Attempt } from '../../../model/fact.ts';
import { retenanting } from '../datasource-remedies.ts';
import { naming } from '../exporter-remedies.ts';
import { type Destination, destinations, mimirsToAsk } from '../facts/destinations.ts';
import { ids, tenantHeader } from '../names.ts';
import { nouns } from '../nouns.ts';
import { type Reader, readersOf, reads, tenantAt, writerTenant } from '../tenants.ts';

/** A collector that writes for one tenant and a data source that reads another: both work, and nothing is found. */
export const tenantMismatched = defineCheck({
  id: ids.tenantMismatched,
  title: 'data sources read the tenant that collectors write to',
  hop: 'collect',
  severity: 'error',
  why: 'A store with tenants answers a query for another tenant with nothing, and with no error. Every dashboard is empty while everything before it works.',
  fix: 'Give the data source the X-Scope-OrgID header of the exporter: `jsonData.httpHeaderName1` and `secureJsonData.httpHeaderValue1`.',
  needs: { destinations, datasources },
  wants: { series: storedSeries(nouns) },
  judge({ destinations, datasources, series }) {
    const judged = mimirsToAsk(destinations).map((mimir) => ({
      mimir,
      writers: destinations.read.filter((destination) => destination.mimir?.key === mimir.key),
      readers: readersOf(mimir, datasources),
    }));
    const unread = [...destinations.unread, ...datasources.unread];
    const paired = judged.filter(
      ({ mimir, writers, readers }) => writers.length > 0 && (readers.length > 0 || mimir.limits.multitenancy === true),
    );
    const apart = paired.filter(({ mimir }) => mimir.limits.multitenancy !== false);
    if (apart.length > 0 || unread.length > 0)
      return verdict(
        apart.flatMap((each) => mismatched(each, series)),
        unread,
      );
    return { status: 'skip', because: because(judged) };
  },
});

interface Pairing {
  readonly mimir: Mimir;
  readonly writers: readonly Destination[];
  readonly readers: readonly Reader[];
}

function because(judged: readonly Pairing[]): string {
  if (judged.length === 0) return 'there is no store with tenants in the cluster';
  if (judged.every(({ mimir }) => mimir.limits.multitenancy === false))
    return 'the store does not tell tenants apart (multitenancy_enabled: false)';
  const written = judged.some(({ writers }) => writers.length > 0);
  return written ? 'no data source that could be read asks the store' : 'no collector writes to a store of the cluster';
}

function mismatched({ mimir, writers, readers }: Pairing, series: Attempt<readonly ServerSeries[]>): readonly Finding[] {
  if (readers.some(({ datasource }) => datasource.tenantHidden)) return [];
  const written = writers.map((writer) => ({ writer, tenant: writerTenant(mimir, writer) }));
  const read = readers.map((reader) => ({ reader, tenant: tenantAt(mimir, reader.address, reader.datasource.tenant) }));
  const [to] = written;
  const [first] = read;
  if (to === undefined) return [];
  // Without a tenant nothing is written at all: recorded in real/mimir/noorg-push.http.
  if (mimir.limits.multitenancy === true && written.every(({ tenant }) => tenant === null))
    return [refused(to.writer, first?.tenant ?? null)];
  if (first === undefined || read.some(({ tenant: reader }) => written.some(({ tenant }) => reads(reader, tenant)))) return [];
  // Whether tenants are told apart at all is not known here: what is found as the data source asks speaks for itself.
  const found = foundAs(first.tenant, mimir, series);
  if (mimir.limits.multitenancy === null && found === true) return [];
  const finding = findingOf(first.reader, first.tenant, to.writer, to.tenant);
  return [mimir.limits.multitenancy === null && found === null ? { ...finding, severity: 'warning' } : finding];
}

/** Whether token series are there for a tenant; null where it was not asked so. */
function foundAs(tenant: string | null, { key }: Mimir, series: Attempt<readonly ServerSeries[]>): boolean | null {
  const stored = series.status === 'read' ? series.value.find(({ server }) => server.key === key) : undefined;
  const asked = stored?.server.shards[0]?.headers[tenantHeader] ?? null;
  if (stored === undefined || stored.unread.length > 0 || asked !== tenant) return null;
  return stored.names.length > 0;
}

const named = (tenant: string | null): string => (tenant === null ? 'no tenant' : `tenant ${tenant}`);

function refused(destination: Destination, read: string | null): Finding {
  const { collector, exporter } = destination;
  const { subject, namespace } = collector;
  return {
    subject,
    message: `${exporter.id} names no tenant, and the store wants one: what it writes is refused with HTTP 401`,
    evidence: {
      saw: `no ${tenantHeader} header on ${exporter.id}`,
      run: `kubectl -n ${namespace} get configmaps,opentelemetrycollectors -o yaml`,
    },
    remedy: naming(destination, read),
  };
}

function findingOf({ datasource }: Reader, read: string | null, writer: Destination, written: string | null): Finding {
  const { collector, exporter } = writer;
  return {
    subject: datasource.subject,
    message: `data source ${datasource.name} reads ${named(read)}, and ${exporter.id} of ${collector.subject} writes to ${named(written)}`,
    evidence: { saw: `${datasource.name}: ${named(read)}; ${exporter.id}: ${named(written)}`, run: datasource.run },
    remedy: written === null ? naming(writer, read) : retenanting(datasource, written),
  };
}
