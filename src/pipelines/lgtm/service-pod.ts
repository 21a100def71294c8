import { kinds } from '../../facts/kinds.ts';
import { type Pod, podOf } from '../../facts/pods.ts';
import { type Endpoint, type KubeObject, ReadError, type Source } from '../../model/source.ts';
import { number, record, records, strings, text } from '../../parse/fields.ts';
import type { ServiceAddress } from '../../parse/service-address.ts';

/**
 * A ready pod to which a Service leads, so that a tunnel is enough to ask it; null where the Service, its selector or such a pod is not there or
 * may not be read: then the Service itself has to be asked, which takes a permission of its own.
 */
export async function podBehind(source: Source, address: ServiceAddress): Promise<Endpoint | null> {
  const { namespace, service: name, port, scheme } = address;
  try {
    const service = (await source.list(kinds.services, { namespace })).find(({ metadata }) => metadata.name === name);
    const selector = Object.entries(strings(record(service?.spec).selector)).map((pair) => pair.join('='));
    if (service === undefined || selector.length === 0) return null;
    const pods = (await source.list(kinds.pods, { namespace, labelSelector: selector.join(',') })).map(podOf);
    const pod = pods.filter(({ ready, deleting }) => ready && !deleting).toSorted((a, b) => (a.name < b.name ? -1 : 1))[0];
    const number = pod === undefined ? null : targetPort(service, port, pod);
    return pod === undefined || number === null ? null : { at: 'pod', namespace, pod: pod.name, port: number, scheme };
  } catch (error) {
    if (error instanceof ReadError) return null;
    throw error;
  }
}

/** The pod's port behind a Service's: by number, by name, or the same where nothing is said or the Service has no address of its own. */
function targetPort({ spec }: KubeObject, wanted: number, { containers }: Pod): number | null {
  const headless = record(spec).clusterIP === 'None';
  const port = records(record(spec).ports).find((each) => each.port === wanted);
  if (port === undefined) return headless ? wanted : null;
  const target = port.targetPort;
  const named = text(target);
  if (named === null) return headless ? wanted : (number(target) ?? wanted);
  return containers.flatMap(({ ports }) => ports).find(({ name }) => name === named)?.number ?? null;
}
