import { defineFact } from '../model/fact.ts';
import { type Kind, type KubeObject, type Many, ReadError, type Unread, unreadOf } from '../model/source.ts';
import { number, record, records, text } from '../parse/fields.ts';
import { imageOf } from '../parse/image.ts';
import { type Selector, selectorOf } from '../parse/selector.ts';
import { withoutEndSlashes } from '../parse/slashes.ts';
import { kinds, listing } from './kinds.ts';

/** A Prometheus or PrometheusAgent object of prometheus-operator. */
export interface PrometheusObject {
  /** "prometheus NAMESPACE/NAME". */
  readonly key: string;
  /** "Prometheus NAMESPACE/NAME". */
  readonly subject: string;
  readonly agent: boolean;
  readonly namespace: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** Null selects nothing; an empty one everything. */
  readonly monitorSelector: Selector | null;
  /** Null is the object's own namespace; an empty one all. */
  readonly namespaceSelector: Selector | null;
  /** The same two for ServiceMonitors. */
  readonly serviceMonitorSelector: Selector | null;
  readonly serviceNamespaceSelector: Selector | null;
  /** Monitors only see pods of their own namespace. */
  readonly ignoresNamespaceSelectors: boolean;
  /** All selectors are absent, so the operator writes no configuration. */
  readonly unmanaged: boolean;
  readonly paused: boolean;
  readonly shards: number;
  readonly replicas: number;
  /** "v3.5.0"; null when the operator's default applies. */
  readonly version: string | null;
  readonly scrapeInterval: string;
  readonly scrapeClasses: readonly Readonly<Record<string, unknown>>[];
  /** Path before /api/v1, without a slash at its end. */
  readonly prefix: string;
  readonly portName: string;
  readonly scheme: 'http' | 'https';
  readonly raw: KubeObject;
}

/** The Prometheus and PrometheusAgent objects of the cluster. */
export interface PrometheusObjects extends Many<PrometheusObject> {
  /** The API server knows the kind Prometheus. */
  readonly installed: boolean;
}

/** Every Prometheus and PrometheusAgent object; kinds that are not served have none, kinds that are refused are in `unread`. */
export const prometheusObjects = defineFact({
  id: 'prometheus-objects',
  title: 'Prometheus objects',
  reads: [listing(kinds.prometheuses), listing(kinds.prometheusagents)],
  async read(_, { source }): Promise<PrometheusObjects> {
    const listed = async (kind: Kind): Promise<{ objects: readonly KubeObject[] | null; unread: readonly Unread[] }> => {
      try {
        return { objects: await source.list(kind), unread: [] };
      } catch (error) {
        if (!(error instanceof ReadError)) throw error;
        return { objects: null, unread: error.reason === 'absent' ? [] : [unreadOf(error)] };
      }
    };
    const [servers, agents] = await Promise.all([listed(kinds.prometheuses), listed(kinds.prometheusagents)]);
    return {
      installed: servers.objects !== null || servers.unread.length > 0,
      read: [
        ...(servers.objects ?? []).map((it) => prometheusOf(it, false)),
        ...(agents.objects ?? []).map((it) => prometheusOf(it, true)),
      ],
      unread: [...servers.unread, ...agents.unread],
    };
  },
});

/** Reads a Prometheus object. */
export function prometheusOf(object: KubeObject, agent: boolean): PrometheusObject {
  const spec = record(object.spec);
  const namespace = object.metadata.namespace ?? '';
  const name = `${namespace}/${object.metadata.name}`;
  return {
    key: `prometheus ${name}`,
    subject: `${agent ? 'PrometheusAgent' : 'Prometheus'} ${name}`,
    agent,
    namespace,
    name: object.metadata.name,
    labels: object.metadata.labels ?? {},
    annotations: object.metadata.annotations ?? {},
    monitorSelector: selectorOf(spec.podMonitorSelector),
    namespaceSelector: selectorOf(spec.podMonitorNamespaceSelector),
    serviceMonitorSelector: selectorOf(spec.serviceMonitorSelector),
    serviceNamespaceSelector: selectorOf(spec.serviceMonitorNamespaceSelector),
    ignoresNamespaceSelectors: spec.ignoreNamespaceSelectors === true,
    unmanaged: !agent && selectors.every((field) => selectorOf(spec[field]) === null),
    paused: spec.paused === true,
    shards: Math.max(1, number(spec.shards) ?? 1),
    replicas: number(spec.replicas) ?? 1,
    version: text(spec.version) ?? imageOf(text(spec.image) ?? '').tag,
    // prometheus-operator pkg/prometheus/promcfg.go: the CRD's default of scrapeInterval
    scrapeInterval: text(spec.scrapeInterval) || '30s',
    scrapeClasses: records(spec.scrapeClasses),
    prefix: prefixOf(text(spec.routePrefix), text(spec.externalUrl)),
    portName: text(spec.portName) || 'web',
    scheme: Object.keys(record(record(spec.web).tlsConfig)).length > 0 ? 'https' : 'http',
    raw: object,
  };
}

/** prometheus-operator pkg/prometheus/server/operator.go: all four absent is an unmanaged configuration. */
const selectors = ['serviceMonitorSelector', 'podMonitorSelector', 'probeSelector', 'scrapeConfigSelector'];

/** --web.route-prefix defaults to the path of --web.external-url: prometheus cmd/prometheus/main.go. */
function prefixOf(route: string | null, external: string | null): string {
  const path = route || (external !== null && URL.canParse(external) ? new URL(external).pathname : '');
  return withoutEndSlashes(path);
}
