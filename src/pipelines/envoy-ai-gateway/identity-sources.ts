import type { AiRoute, GatewayRef } from './facts/routes.ts';
import type { ProducedHeader, SecurityPolicy } from './facts/security-policies.ts';

/** Which policies decide about the requests of one route at one Gateway. */
export interface RoutePolicies {
  readonly route: AiRoute;
  readonly gateway: GatewayRef;
  /** Those that take effect: the route's own, and the Gateway's where the route has none or merges. */
  readonly effective: readonly SecurityPolicy[];
  /** The Gateway's, when the route's own replaces it. */
  readonly replaced: readonly SecurityPolicy[];
}

/**
 * A policy on a route replaces the Gateway's as a whole, unless it merges; of two on one target the older wins.
 * EG internal/gatewayapi/securitypolicy.go. A policy that is not accepted has no effect.
 */
export function policiesOf(route: AiRoute, gateway: GatewayRef, policies: readonly SecurityPolicy[]): RoutePolicies {
  const live = policies.filter((policy) => policy.accepted !== false);
  const own = live.filter((policy) => policy.namespace === route.namespace && targets(policy, 'HTTPRoute', route.name));
  const gateways = live.filter((policy) => policy.namespace === gateway.namespace && targetsGateway(policy, gateway));
  const replaces = own.length > 0 && !own.some((policy) => policy.merges);
  return { route, gateway, effective: replaces ? own : [...own, ...gateways], replaced: replaces ? gateways : [] };
}

function targets(policy: SecurityPolicy, kind: string, name: string): boolean {
  return policy.targets.some((target) => target.kind === kind && target.name === name) || policy.selects.includes(kind);
}

function targetsGateway(policy: SecurityPolicy, gateway: GatewayRef): boolean {
  const named = policy.targets.some((target) => target.kind === 'Gateway' && target.name === gateway.name);
  const selected =
    policy.selects.includes('Gateway') &&
    policy.ancestors.some((ancestor) => ancestor.namespace === gateway.namespace && ancestor.name === gateway.name);
  return named || selected;
}

/** How the policies set a header: null when none does. */
export function sourceOf(
  header: string,
  policies: readonly SecurityPolicy[],
): { readonly policy: SecurityPolicy; readonly produced: ProducedHeader } | null {
  for (const policy of policies) {
    const produced = policy.produces.find((entry) => entry.header === header.toLowerCase() || entry.header === '*');
    if (produced !== undefined) return { policy, produced };
  }
  return null;
}

// Claims that identity providers issue as arrays: OpenID Connect Core 1.0 §2 (aud, amr), Keycloak, Entra ID and Okta (groups, roles).
const arrayClaims = ['groups', 'roles', 'amr', 'realm_access.roles', 'cognito:groups'];

/** Whether a claim is usually an array, which claimToHeaders drops: only strings, numbers and booleans arrive (Envoy jwt_authn claim_to_headers). */
export function usuallyArray(claim: string | null): boolean {
  return claim !== null && (arrayClaims.includes(claim) || /^resource_access\..*\.roles$/.test(claim));
}
