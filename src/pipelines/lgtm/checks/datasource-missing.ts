import { type Datasource, datasources } from '../../../facts/grafana.ts';
import { dashboardSidecars, isAboutTokens } from '../../../facts/grafana-dashboards.ts';
import type { Mimir } from '../../../facts/mimir.ts';
import { defineCheck, type Finding, type Remedy, verdict } from '../../../model/check.ts';
import { serviceAddress } from '../../../parse/service-address.ts';
import { reaiming } from '../datasource-remedies.ts';
import { destinations, mimirsToAsk } from '../facts/destinations.ts';
import { ids } from '../names.ts';
import { queryUrl } from '../store-urls.ts';
import { type Reader, readersOf } from '../tenants.ts';

/** Whether Grafana has a data source that finds the store, at the path where it answers queries. */
export const datasourceMissing = defineCheck({
  id: ids.datasourceMissing,
  title: 'a data source of Grafana asks the store where it answers',
  hop: 'present',
  severity: 'error',
  why: 'The store answers queries under a path of its own, and everything else there is a 404. Panels over a data source without it show an error or nothing.',
  fix: 'Set the URL of the data source to the Service and port of the store with /prometheus at its end, as http://mimir.monitoring.svc:8080/prometheus.',
  needs: { destinations, datasources },
  wants: { dashboards: dashboardSidecars },
  judge({ destinations, datasources, dashboards }) {
    const mimirs = mimirsToAsk(destinations);
    const unread = [...destinations.unread, ...datasources.unread];
    const provisioned = datasources.read.filter(({ type }) => type === 'prometheus');
    if (mimirs.length === 0 && unread.length === 0) return { status: 'skip', because: 'there is no Grafana Mimir in the cluster' };
    if (provisioned.length === 0 && unread.length === 0)
      return {
        status: 'skip',
        because:
          'no ConfigMap or GrafanaDatasource gives Grafana a data source of type prometheus: it may come from a Secret or from its own pages',
      };
    const shown = dashboards.status === 'read' && dashboards.value.maps.some(isAboutTokens);
    const judged = mimirs.map((mimir) => findings(mimir, readersOf(mimir, datasources), { provisioned, shown }));
    const unseen = judged.every((each) => each.length === 0) && mimirs.every((mimir) => readersOf(mimir, datasources).length === 0);
    return verdict(
      judged.flat(),
      unread,
      unseen ? 'no data source that can be seen here asks the store: it may come from a Secret or from Grafana’s own pages' : undefined,
    );
  },
});

interface Provisioned {
  readonly provisioned: readonly Datasource[];
  /** A dashboard about tokens is provisioned as well. */
  readonly shown: boolean;
}

/** One data source that works is enough; without any, each that nearly does is told. */
function findings(mimir: Mimir, readers: readonly Reader[], { provisioned, shown }: Provisioned): readonly Finding[] {
  const judged = readers.map((reader) => ({ reader, problem: problemOf(mimir, reader) }));
  if (judged.some(({ problem }) => problem === null)) return [];
  if (judged.length > 0) return judged.map(({ reader, problem }) => wrong(mimir, reader.datasource, problem ?? ''));
  const astray = provisioned.flatMap((datasource) => {
    const gone = goneService(mimir, datasource);
    return gone === null ? [] : [wrong(mimir, datasource, `Service ${gone} does not exist`)];
  });
  if (astray.length > 0) return astray;
  // What is outside the cluster may lead back to the store, by an Ingress.
  const elsewhere = provisioned.every((datasource) => isServed(mimir, datasource));
  return mimir.services.length > 0 && provisioned.length > 0 && shown && elsewhere ? [unaimed(mimir, provisioned)] : [];
}

/** Whether a data source names a Service that is there. */
function isServed({ known }: Mimir, { url, namespace }: Datasource): boolean {
  const address = url === null ? null : serviceAddress(url, namespace);
  return address !== null && known?.has(`${address.namespace}/${address.service}`) === true;
}

/** The Service of the cluster that a data source names and that is not there; null: it is, or it cannot be told. */
function goneService({ known, namespace: own }: Mimir, { url, namespace }: Datasource): string | null {
  const address = url === null ? null : serviceAddress(url, namespace);
  if (known === null || address === null) return null;
  const name = `${address.namespace}/${address.service}`;
  // "prometheus.example" has two labels as well.
  const inside =
    address.namespace === own || /\.svc(?:[.:/]|$)/.test(url ?? '') || [...known].some((each) => each.startsWith(`${address.namespace}/`));
  return inside && !known.has(name) ? name : null;
}

/** Why a data source that names a Service of the store finds nothing there; null when it does. */
function problemOf({ services }: Mimir, { address }: Reader): string | null {
  const service = services.find(({ namespace, name }) => namespace === address.namespace && name === address.service);
  if (service !== undefined && service.ports.length > 0 && !service.ports.includes(address.port))
    return `Service ${address.namespace}/${address.service} has no port ${address.port}, only ${service.ports.join(', ')}`;
  // pkg/api: everything of the query API stands under -http.prometheus-http-prefix, /prometheus by default; recorded in real/mimir/noprefix-query.http.
  return address.path === '' ? 'its URL lacks /prometheus, and without it the store answers 404 to every query' : null;
}

function wrong(mimir: Mimir, datasource: Datasource, problem: string): Finding {
  return {
    subject: datasource.subject,
    message: `data source ${datasource.name}: ${problem}`,
    evidence: { saw: `url: ${datasource.url}`, run: datasource.run },
    remedy: aimed(mimir, datasource),
  };
}

/** Deduced from what is provisioned: a data source that an administrator made in Grafana cannot be seen. */
function unaimed(mimir: Mimir, provisioned: readonly Datasource[]): Finding {
  const [first] = provisioned as readonly [Datasource];
  return {
    subject: first.subject,
    severity: 'warning',
    message: `no data source that Grafana is provisioned with asks ${mimir.subject}: ${provisioned.map(({ name, url }) => `${name} asks ${url ?? 'nothing'}`).join(', ')}`,
    evidence: { saw: provisioned.map(({ url }) => url ?? '').join(', '), run: first.run },
    remedy: { text: `add a data source of type prometheus with the url ${queryUrl(mimir) ?? nowhere}` },
  };
}

const nowhere = 'of a Service of the store with /prometheus';

function aimed(mimir: Mimir, datasource: Datasource): Remedy {
  const url = queryUrl(mimir);
  return url === null ? { text: `set its url to that ${nowhere}` } : reaiming(datasource, url);
}
