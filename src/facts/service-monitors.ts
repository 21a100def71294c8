import { defineFact } from '../model/fact.ts';
import { type KubeObject, ReadError, type Unread, unreadOf } from '../model/source.ts';
import { number, record, records, strings, text } from '../parse/fields.ts';
import { kinds, listing } from './kinds.ts';
import { type Monitor, monitorOf } from './monitors.ts';
import type { Pod } from './pods.ts';

/** A Service, as far as a ServiceMonitor looks at it. */
export interface Service {
  readonly namespace: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Null: its endpoints are written by hand. */
  readonly selector: Readonly<Record<string, string>> | null;
  readonly ports: readonly ServicePort[];
  readonly raw: KubeObject;
}

export interface ServicePort {
  readonly name: string;
  readonly port: number;
  readonly targetPort: string | number;
}

/** The ServiceMonitors of the cluster and the Services that they may select. */
export interface ServiceMonitors {
  readonly monitors: readonly Monitor[];
  readonly services: readonly Service[];
  /** What was refused: an emitter without a PodMonitor may have one of these. */
  readonly unread: readonly Unread[];
}

/** Of a pipeline whose pods no ServiceMonitor is meant for. */
export const noServiceMonitors = defineFact({
  id: 'no-service-monitors',
  title: 'nothing',
  read: (): ServiceMonitors => ({ monitors: [], services: [], unread: [] }),
});

/** All ServiceMonitors and, where there are some, all Services. */
export const serviceMonitors = defineFact({
  id: 'service-monitors',
  title: 'ServiceMonitors and Services',
  reads: [listing(kinds.servicemonitors), listing(kinds.services)],
  async read(_, { source }): Promise<ServiceMonitors> {
    try {
      const objects = await source.list(kinds.servicemonitors);
      if (objects.length === 0) return { monitors: [], services: [], unread: [] };
      const services = await source.list(kinds.services);
      return { monitors: objects.map((object) => monitorOf(object, 'ServiceMonitor')), services: services.map(serviceOf), unread: [] };
    } catch (error) {
      if (!(error instanceof ReadError)) throw error;
      return { monitors: [], services: [], unread: error.reason === 'absent' ? [] : [unreadOf(error)] };
    }
  },
});

/** Reads a Service object. */
export function serviceOf(object: KubeObject): Service {
  const spec = record(object.spec);
  const selector = strings(spec.selector);
  return {
    namespace: object.metadata.namespace ?? '',
    name: object.metadata.name,
    labels: object.metadata.labels ?? {},
    selector: Object.keys(selector).length === 0 ? null : selector,
    ports: records(spec.ports).flatMap((port) => {
      const value = number(port.port);
      return value === null
        ? []
        : [{ name: text(port.name) ?? '', port: value, targetPort: text(port.targetPort) || (number(port.targetPort) ?? value) }];
    }),
    raw: object,
  };
}

/** The Services that send to a pod. */
export function servicesOf(services: readonly Service[], pod: Pod): readonly Service[] {
  return services.filter(
    ({ namespace, selector }) =>
      namespace === pod.namespace && selector !== null && Object.entries(selector).every(([name, value]) => pod.labels[name] === value),
  );
}

/** The pod port behind a Service port: kubernetes pkg/api/v1/pod FindPort, which looks through containers by name. Null: the pod has no port of that name. */
export function podPortOf({ targetPort }: ServicePort, pod: Pod): number | null {
  if (typeof targetPort === 'number') return targetPort;
  const named = pod.containers.flatMap(({ ports }) => ports).find(({ name }) => name === targetPort);
  return named?.number ?? null;
}
