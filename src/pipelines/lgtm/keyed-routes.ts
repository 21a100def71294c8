import type { IdentityLabel } from '../../facts/emitters.ts';
import type { Attempt, Options } from '../../model/fact.ts';
import type { Many } from '../../model/source.ts';
import { grouped } from '../../parse/grouped.ts';
import type { ProxyPod } from '../envoy-ai-gateway/facts/proxies.ts';
import { type AiRoute, type GatewayRef, routeWanted } from '../envoy-ai-gateway/facts/routes.ts';
import type { ApiKeyAuth, SecurityPolicy } from '../envoy-ai-gateway/facts/security-policies.ts';
import { policiesOf } from '../envoy-ai-gateway/identity-sources.ts';
import { metered } from '../envoy-ai-gateway/metered.ts';

/** A policy that knows the callers of an AI route by API keys, at one Gateway. */
export interface KeyedRoute {
  readonly route: AiRoute;
  readonly gateway: GatewayRef;
  readonly policy: SecurityPolicy;
  readonly apiKey: ApiKeyAuth;
  /** All policies that take effect on the route. */
  readonly effective: readonly SecurityPolicy[];
}

/** The AI routes that the user asked about whose callers are known by API keys. */
export function keyedRoutes(routes: readonly AiRoute[], policies: readonly SecurityPolicy[], options: Options): readonly KeyedRoute[] {
  return routes
    .filter((route) => routeWanted(route, options))
    .flatMap((route) => route.gateways.map((gateway) => policiesOf(route, gateway, policies)))
    .flatMap(({ route, gateway, effective }) =>
      effective.flatMap((policy) => (policy.apiKey === null ? [] : [{ route, gateway, policy, apiKey: policy.apiKey, effective }])),
    );
}

/** Why nothing can be said where no route has such a policy. */
export const unkeyed = 'no SecurityPolicy with apiKeyAuth applies to an AI route';

/** Every policy once, with the routes that it applies to. */
export function byPolicy(keyed: readonly KeyedRoute[]): readonly (readonly KeyedRoute[])[] {
  return [...grouped(keyed, ({ policy }) => policy.subject).values()];
}

/** What a fault of a policy is about: the identity labels, and the proxies of its Gateways. */
export function aboutOf(
  keyed: readonly Pick<KeyedRoute, 'gateway'>[],
  identity: Attempt<readonly IdentityLabel[]>,
  proxies: Attempt<Many<ProxyPod>>,
): readonly string[] {
  const labels = identity.status === 'read' ? identity.value.map(({ label }) => `label ${label}`) : [];
  const pods = metered(proxies);
  return [...new Set([...labels, ...keyed.flatMap(({ gateway }) => pods(gateway))])];
}

/** The command that shows a policy. */
export function showPolicy({ namespace, name }: Pick<SecurityPolicy, 'namespace' | 'name'>): string {
  return `kubectl -n ${namespace} get securitypolicy ${name} -o yaml`;
}
