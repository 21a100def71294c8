import { defineFact } from '../model/fact.ts';
import { type KubeObject, type Many, ReadError, unreadOf } from '../model/source.ts';
import { record, text } from '../parse/fields.ts';
import { imageOf } from '../parse/image.ts';
import { kinds, listing } from './kinds.ts';
import type { Workload } from './workloads.ts';

/** An OpenTelemetryCollector of opentelemetry-operator. */
export interface CollectorResource {
  readonly namespace: string;
  readonly name: string;
  /** "daemonset", "deployment", "statefulset", "sidecar". */
  readonly mode: string;
  /** Its configuration as text. */
  readonly text: string;
  /** A target allocator hands it the targets of PodMonitors. */
  readonly allocates: boolean;
  /** A target allocator shares its targets out among its pods. */
  readonly shares: boolean;
  readonly version: string | null;
}

/** The OpenTelemetryCollectors of the cluster; a cluster without the kind has none. */
export const collectorResources = defineFact({
  id: 'collector-resources',
  title: 'OpenTelemetryCollectors',
  reads: [listing(kinds.opentelemetrycollectors)],
  async read(_, { source }): Promise<Many<CollectorResource>> {
    try {
      return { read: (await source.list(kinds.opentelemetrycollectors)).map(resourceOf), unread: [] };
    } catch (error) {
      if (error instanceof ReadError && error.reason === 'absent') return { read: [], unread: [] };
      return { read: [], unread: [unreadOf(error, 'opentelemetrycollectors')] };
    }
  },
});

/** v1beta1 has spec.config as an object, v1alpha1 as a string. JSON is YAML. */
function resourceOf({ metadata, spec, status }: KubeObject): CollectorResource {
  const { config, mode, targetAllocator, image } = record(spec);
  const allocator = record(targetAllocator);
  return {
    namespace: metadata.namespace ?? '',
    name: metadata.name,
    mode: text(mode) ?? 'deployment',
    text: text(config) ?? JSON.stringify(config ?? {}),
    allocates: allocator.enabled === true && record(allocator.prometheusCR).enabled === true,
    shares: allocator.enabled === true,
    version: imageOf(text(image) ?? text(record(status).image) ?? '').tag,
  };
}

/** The resource that a workload is made from: the operator names it NAME-collector and labels it with NAMESPACE.NAME. */
export function ownerOf({ namespace, name, labels }: Workload, resources: readonly CollectorResource[]): CollectorResource | null {
  if (labels['app.kubernetes.io/managed-by'] !== 'opentelemetry-operator') return null;
  const own = resources.filter((resource) => resource.namespace === namespace);
  return (
    own.find(
      (resource) => labels['app.kubernetes.io/instance'] === `${namespace}.${resource.name}` || name === `${resource.name}-collector`,
    ) ?? null
  );
}
