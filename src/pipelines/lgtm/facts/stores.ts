import { datasources } from '../../../facts/grafana.ts';
import { kinds, listing, tunnelling } from '../../../facts/kinds.ts';
import type { Mimir } from '../../../facts/mimir.ts';
import { reached, type Server, type Servers } from '../../../facts/prometheus.ts';
import { prometheusObjects } from '../../../facts/prometheus-objects.ts';
import { candidates } from '../../../facts/prometheus-places.ts';
import { defineFact } from '../../../model/fact.ts';
import type { Source, Unread } from '../../../model/source.ts';
import type { ServiceAddress } from '../../../parse/service-address.ts';
import { tenantHeader } from '../names.ts';
import { podBehind } from '../service-pod.ts';
import { readersOf, tenantToAsk } from '../tenants.ts';
import { type Destination, destinations } from './destinations.ts';
import { firstReady, type MimirPods, mimirPods } from './mimir-pods.ts';

const places = ['workloads that run grafana/mimir', 'Services that collectors write metrics to'];

/** Where the sidecars' series are stored: what the user named, else the Mimirs that collectors write to, else any Mimir, else what stands behind their exporters. */
export const stores = defineFact({
  id: 'stores',
  title: 'stores of metrics',
  reads: [listing(kinds.services), listing(kinds.pods), ...tunnelling],
  wants: { destinations, datasources, objects: prometheusObjects, pods: mimirPods },
  read: async ({ destinations, datasources, objects, pods }, { source, options }): Promise<Servers> => {
    const lookedFor = [...places];
    if (options.prometheus !== null) {
      const named = await candidates(source, options.prometheus, unknownCoverage, objects);
      return { servers: await Promise.all(named.map((each) => reached(source, each, options.prometheus?.headers ?? {}))), lookedFor };
    }
    if (destinations.status === 'unread') return { servers: [unreadable(destinations.unread)], lookedFor };
    const chosen = pods.status === 'read' ? pods.value : [];
    const read = datasources.status === 'read' ? datasources.value : { read: [], unread: [] };
    const asked = chosen.map((each) =>
      askMimir(source, each, headersFor(each.mimir, readersOf(each.mimir, read), destinations.value.read)),
    );
    const behind = chosen.length > 0 ? [] : servicesBehind(destinations.value.read).map((each) => askBehind(source, each));
    const servers = await Promise.all([...asked, ...behind]);
    if (servers.length === 0) lookedFor.push(...outside(destinations.value.read));
    if (servers.length === 0 && destinations.value.unread.length > 0)
      return { servers: destinations.value.unread.slice(0, 1).map(unreadable), lookedFor };
    return { servers, lookedFor };
  },
});

/** Hosts outside the cluster, as the last thing that was looked at. */
function outside(all: readonly Destination[]): readonly string[] {
  const urls = all.flatMap(({ address, exporter }) =>
    address === null && URL.canParse(exporter.endpoint ?? '') ? [new URL(exporter.endpoint ?? '').host] : [],
  );
  return urls.length === 0 ? [] : [`what is outside the cluster at ${[...new Set(urls)].join(', ')}`];
}

/** PodMonitors do not lead to a store. */
const unknownCoverage = {
  status: 'unread',
  unread: { what: 'PodMonitors', reason: 'absent', message: 'PodMonitors were not looked at', needs: null },
} as const;

type Headers = Readonly<Record<string, string>>;

function headersFor(mimir: Mimir, readers: Parameters<typeof tenantToAsk>[1], all: readonly Destination[]): Headers {
  const writers = all.filter((destination) => destination.mimir?.key === mimir.key);
  const tenant = mimir.limits.multitenancy === false ? null : tenantToAsk(mimir, readers, writers);
  return tenant === null ? {} : { [tenantHeader]: tenant };
}

async function askMimir(source: Source, { mimir, pods, unread: refused }: MimirPods, headers: Headers): Promise<Server> {
  const { key, subject, queried, namespace, port } = mimir;
  const pod = firstReady(pods);
  const message = queried === null ? `no workload of the Mimir in namespace ${namespace} answers queries` : `no pod of ${subject} is ready`;
  const unread: Unread = refused ?? { what: `GET ${subject}`, reason: 'unreachable', message, needs: null };
  const endpoint = { at: 'pod', namespace, pod: pod?.name ?? '', port } as const;
  const places = pod === null ? [] : [{ name: subject, endpoint, prefix: '' }];
  return reached(source, { key, subject, object: null, places, unread: pod === null ? [unread] : [] }, headers);
}

/**
 * Paths at which stores take metrics, and what stands before them: Prometheus web/api/v1 (write, otlp), Mimir pkg/api (push, otlp),
 * VictoriaMetrics lib/protoparser/opentelemetry. Of any other path the store cannot be told from another collector.
 */
const writePath =
  /^(.*?)(?:\/api\/v1\/(?:write|push)|\/api\/v1\/otlp(?:\/v1\/metrics)?|\/otlp(?:\/v1\/metrics)?|\/opentelemetry(?:\/.*)?)$/;

interface Behind {
  readonly address: ServiceAddress;
  readonly prefix: string;
  readonly headers: Headers;
}

function servicesBehind(all: readonly Destination[]): readonly Behind[] {
  const found = all.flatMap(({ address, exporter }) => {
    const prefix = address === null ? undefined : writePath.exec(address.path)?.[1];
    // VictoriaMetrics cluster takes writes at one Service and queries at another, which nothing names.
    if (address === null || prefix === undefined || prefix.startsWith('/insert/')) return [];
    return [{ address, prefix, headers: exporter.tenant === null ? {} : { [tenantHeader]: exporter.tenant } }];
  });
  return [...new Map(found.map((each) => [`${each.address.namespace}/${each.address.service}`, each])).values()];
}

async function askBehind(source: Source, { address, prefix, headers }: Behind): Promise<Server> {
  const { namespace, service, port, scheme } = address;
  const name = `${namespace}/${service}`;
  const subject = `Service ${name}`;
  const endpoint = (await podBehind(source, address)) ?? ({ at: 'service', namespace, service, port, scheme } as const);
  const candidate = { key: `store ${name}`, subject, object: null, places: [{ name: subject, endpoint, prefix }], unread: [] };
  return reached(source, candidate, headers);
}

/** That it could not be found out where the series go. */
function unreadable(unread: Unread): Server {
  return { key: 'store', subject: 'the store of metrics', object: null, shards: [], unread: [unread] };
}
