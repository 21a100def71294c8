import type { Gateway } from './facts/gateways.ts';
import type { ProxyPod } from './facts/proxies.ts';
import { type AiRoute, type GatewayRef, sameGateway } from './facts/routes.ts';

/** The Gateways with AI routes that a proxy serves: its own, or all of its merged class. */
export function routedGateways(proxy: ProxyPod, routes: readonly AiRoute[], gateways: readonly Gateway[]): readonly GatewayRef[] {
  const refs = routes.flatMap((route) => route.gateways);
  const { gateway, gatewayClass } = proxy;
  if (gateway !== null) return refs.some((ref) => sameGateway(ref, gateway)) ? [gateway] : [];
  return gateways.filter((candidate) => candidate.gatewayClass === gatewayClass && refs.some((ref) => sameGateway(ref, candidate)));
}
