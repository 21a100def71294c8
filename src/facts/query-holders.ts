import { gunzipSync } from 'node:zlib';
import { defineFact } from '../model/fact.ts';
import type { Kind, KubeObject, Source, Unread } from '../model/source.ts';
import { dashboardQueries, type PlacedQuery, ruleQueries } from '../parse/dashboards.ts';
import { jsonOf, record, strings, text } from '../parse/fields.ts';
import { kinds, listing } from './kinds.ts';
import { softly } from './listed.ts';

/** An object of the cluster that holds PromQL: a dashboard or a set of rules. */
export interface QueryHolder {
  /** "GrafanaDashboard monitoring/tokens", "ConfigMap monitoring/tokens, tokens.json". */
  readonly subject: string;
  readonly object: KubeObject;
  /** kubectl's name of its resource. */
  readonly resource: string;
  readonly queries: readonly PlacedQuery[];
}

export interface QueryHolders {
  readonly holders: readonly QueryHolder[];
  readonly unread: readonly Unread[];
}

/** Label of ConfigMaps and Secrets that Grafana's sidecar takes dashboards from: kube-prometheus-stack grafana.sidecar.dashboards.label, with resource "both". */
export const sidecarLabel = 'grafana_dashboard';
// A dashboard is some hundred kB; a larger one inside gzip is an attack on memory.
const largestDashboard = 32 * 1024 * 1024;

const shapes: readonly { readonly kind: Kind; readonly labelSelector?: string; read(object: KubeObject): readonly Part[] }[] = [
  { kind: kinds.configmaps, labelSelector: sidecarLabel, read: configMapParts },
  { kind: kinds.grafanadashboards, read: grafanaParts },
  { kind: kinds.monitordashboards, read: (object) => [{ queries: dashboardQueries(record(object.spec).body) }] },
  // v1alpha1 has the dashboard in spec, v1alpha2 in spec.config: perses-operator api/v1alpha2.
  { kind: kinds.persesdashboards, read: ({ spec }) => [{ queries: dashboardQueries(record(spec).config ?? spec) }] },
  { kind: kinds.prometheusrules, read: ({ spec }) => [{ queries: ruleQueries(spec) }] },
  { kind: kinds.vmrules, read: ({ spec }) => [{ queries: ruleQueries(spec) }] },
];

interface Part {
  /** A key of the object, when it holds several. */
  readonly key?: string;
  readonly queries: readonly PlacedQuery[];
}

/** The dashboards and rules of the cluster, whoever renders or evaluates them. Secrets are not read. A kind that is not served has none. */
export const queryHolders = defineFact({
  id: 'query-holders',
  title: 'dashboards and rules',
  reads: shapes.map(({ kind }) => listing(kind)),
  async read(_, { source }): Promise<QueryHolders> {
    const unread: Unread[] = [];
    const read = await Promise.all(shapes.map((shape) => holdersOf(source, shape, unread)));
    return { holders: [...read.flat(), ...(await referenced(source, read.flat(), unread))], unread };
  },
});

async function holdersOf(
  source: Source,
  { kind, labelSelector, read }: (typeof shapes)[number],
  unread: Unread[],
): Promise<readonly QueryHolder[]> {
  const objects = await softly(source, kind, labelSelector === undefined ? {} : { labelSelector }, unread);
  return objects.flatMap((object) =>
    read(object).map(({ key, queries }) => {
      const { namespace = '', name } = object.metadata;
      return {
        subject: `${kind.kind} ${namespace}/${name}${key === undefined ? '' : `, ${key}`}`,
        object,
        resource: kind.resource,
        queries,
      };
    }),
  );
}

function configMapParts(object: KubeObject): readonly Part[] {
  return Object.entries(strings(object.data)).flatMap(([key, json]) => {
    const queries = dashboardQueries(jsonOf(json));
    return queries.length === 0 ? [] : [{ key, queries }];
  });
}

/** Of json, gzipJson, configMapRef, url, jsonnet and grafanaCom what stands in the cluster is read, the ConfigMap by `referenced`. grafana-operator api/v1beta1. */
function grafanaParts({ spec }: KubeObject): readonly Part[] {
  const { json, gzipJson } = record(spec);
  const plain = text(json) ?? gunzipped(text(gzipJson));
  return plain === null ? [{ queries: [] }] : [{ queries: dashboardQueries(jsonOf(plain)) }];
}

/** The ConfigMaps that GrafanaDashboards refer to, which need no label of the sidecar: grafana-operator api/v1beta1 GrafanaDashboardSpec.configMapRef. */
async function referenced(source: Source, holders: readonly QueryHolder[], unread: Unread[]): Promise<readonly QueryHolder[]> {
  const refs = holders.flatMap(({ subject, object, resource }) => {
    const { name, key } = record(record(object.spec).configMapRef);
    return resource === kinds.grafanadashboards.resource && typeof name === 'string' && typeof key === 'string'
      ? [{ subject, object, resource, name, key }]
      : [];
  });
  const namespaces = [...new Set(refs.map(({ object }) => object.metadata.namespace ?? ''))];
  const maps = (await Promise.all(namespaces.map((namespace) => softly(source, kinds.configmaps, { namespace }, unread)))).flat();
  return refs.flatMap(({ name, key, ...holder }) => {
    const map = maps.find(({ metadata }) => metadata.name === name && metadata.namespace === holder.object.metadata.namespace);
    const queries = dashboardQueries(jsonOf(strings(map?.data)[key] ?? ''));
    return queries.length === 0 ? [] : [{ ...holder, queries }];
  });
}

function gunzipped(base64: string | null): string | null {
  if (base64 === null) return null;
  try {
    return gunzipSync(Buffer.from(base64, 'base64'), { maxOutputLength: largestDashboard }).toString('utf8');
  } catch {
    // Not gzip, or too large to be a dashboard.
    return null;
  }
}
