import type { Attempt } from '../../model/fact.ts';
import type { Many } from '../../model/source.ts';
import type { ProxyPod } from './facts/proxies.ts';
import type { GatewayRef } from './facts/routes.ts';
import { podKey } from './names.ts';

/** The keys of a Gateway's proxies, so that what is wrong with the Gateway explains what is missing at its pods; none when they could not be read. */
export function metered(proxies: Attempt<Many<ProxyPod>>): (gateway: GatewayRef) => readonly string[] {
  const pods = proxies.status === 'read' ? proxies.value.read : [];
  return (gateway) =>
    pods
      .filter((proxy) => proxy.gateway?.namespace === gateway.namespace && proxy.gateway.name === gateway.name)
      .map((proxy) => podKey(proxy.pod));
}
