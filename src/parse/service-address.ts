import { withoutEndSlashes } from './slashes.ts';
/** A Service of the cluster as a URL names it. */
export interface ServiceAddress {
  readonly namespace: string;
  readonly service: string;
  readonly port: number;
  readonly scheme: 'http' | 'https';
  /** Without a slash at its end. */
  readonly path: string;
}

/**
 * The Service that a URL or HOST:PORT names, as SERVICE, SERVICE.NAMESPACE, SERVICE.NAMESPACE.svc or with the cluster's domain; null when it is
 * outside the cluster or cannot be told. `own` is the namespace of whoever calls: the resolver looks there first.
 */
export function serviceAddress(address: string, own: string): ServiceAddress | null {
  const absolute = /^[a-z][a-z0-9+.-]*:\/\//i.test(address) ? address : `http://${address}`;
  if (!URL.canParse(absolute)) return null;
  const { protocol, hostname, port, pathname } = new URL(absolute);
  const scheme = protocol === 'https:' ? 'https' : 'http';
  const [service = '', namespace = own, zone, ...domain] = hostname.replace(/\.$/, '').split('.');
  if (!/^[a-z]([-a-z0-9]*[a-z0-9])?$/.test(service) || service === 'localhost') return null;
  // "mimir.example.com" has no svc: only two labels or fewer are looked up in the cluster's own domains.
  if (zone !== undefined && zone !== 'svc') return null;
  if (zone === undefined && domain.length > 0) return null;
  return {
    namespace,
    service,
    port: port === '' ? (scheme === 'https' ? 443 : 80) : Number(port),
    scheme,
    path: withoutEndSlashes(pathname),
  };
}
