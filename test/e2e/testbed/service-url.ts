import type { Api } from './api.ts';
import type { PodLike } from './pod-meta.ts';
import { endsOf } from './service-discovery.ts';

/** A URL of a Service, "http://NAME.NAMESPACE[.svc[.cluster.local]]:PORT/…", as one of the pod to which it leads; any other URL as it is. */
export async function serviceUrl(api: Api, url: string): Promise<string> {
  const [whole, scheme = '', name = '', namespace = '', port] =
    /^(https?:\/\/)([a-z0-9-]+)\.([a-z0-9-]+)(?:\.svc(?:\.cluster\.local\.?)?)?(?::([0-9]+))?(?=[/?#]|$)/.exec(url) ?? [];
  if (whole === undefined) return url;
  const services = await api.list(`/api/v1/namespaces/${namespace}/services`);
  const service = services.find(({ metadata }) => metadata.name === name);
  if (service === undefined) return url;
  const pods = (await api.list(`/api/v1/namespaces/${namespace}/pods`)) as readonly PodLike[];
  const wanted = Number(port ?? (scheme === 'https://' ? 443 : 80));
  const end = endsOf(service, pods).find((each) => each.port.port === wanted);
  if (end === undefined) return url;
  return `${scheme}${end.address}:${end.number}${url.slice(whole.length)}`;
}
