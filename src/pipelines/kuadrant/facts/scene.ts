import { type Attempt, defineFact, type Options } from '../../../model/fact.ts';
import type { Unread } from '../../../model/source.ts';
import { sameName } from '../names.ts';
import { type GatewayRef, gateways, type Route, routes } from './gateways.ts';
import { type LimitPolicy, type Policy, tokenPolicies } from './policies.ts';

/** A way that metered requests take: from a Gateway to a route under some TokenRateLimitPolicies. */
export interface Path {
  readonly gateway: GatewayRef;
  readonly route: Route;
  readonly limits: readonly LimitPolicy[];
}

/** Where tokens are meant to be counted. */
export interface Scene {
  /** The TokenRateLimitPolicies that were asked about. */
  readonly policies: readonly LimitPolicy[];
  readonly paths: readonly Path[];
  /** Gateways of the paths and of policies that name one, each once; they may not exist. */
  readonly gateways: readonly GatewayRef[];
  /** What kept paths from being known. */
  readonly unread: readonly Unread[];
}

/** The paths of all requests whose tokens are meant to be counted. */
export const scene = defineFact({
  id: 'token-limited-paths',
  title: 'routes whose tokens are counted',
  needs: { tokenPolicies },
  wants: { routes, gateways },
  read: ({ tokenPolicies, routes }, { options }): Scene => sceneOf(tokenPolicies.policies, routes, options),
});

/** Relates policies to routes and Gateways. */
function sceneOf(policies: readonly LimitPolicy[], routes: Attempt<readonly Route[]>, options: Options): Scene {
  const known = routes.status === 'read' ? routes.value : [];
  const paths = known.flatMap((route) =>
    distinct(route.gateways).map((gateway) => ({
      route,
      gateway,
      limits: policies.filter((policy) => attached(policy, { route, gateway })),
    })),
  );
  const wanted = paths.filter(({ limits }) => limits.length > 0).filter((path) => isWanted(path, options));
  const named = policies
    .filter(({ target }) => target.kind === 'Gateway')
    .map(({ namespace, target }) => ({ namespace, name: target.name }));
  const own = policies.filter((policy) => isAsked(policy, wanted, options));
  return {
    policies: own,
    paths: wanted,
    gateways: distinct([...wanted.map(({ gateway }) => gateway), ...named]).filter((gateway) => takes(gateway, options)),
    unread: routes.status === 'unread' ? [routes.unread] : [],
  };
}

/** Whether a policy is attached to a path, by its route or its Gateway. */
export function attached(policy: Policy, { route, gateway }: Pick<Path, 'route' | 'gateway'>): boolean {
  const target = { namespace: policy.namespace, name: policy.target.name };
  return policy.target.kind === 'Gateway' ? sameName(target, gateway) : policy.target.kind === 'HTTPRoute' && sameName(target, route);
}

function distinct(refs: readonly GatewayRef[]): readonly GatewayRef[] {
  return [...new Map(refs.map(({ namespace, name }) => [`${namespace}/${name}`, { namespace, name }])).values()];
}

function isWanted({ route, gateway }: Path, options: Options): boolean {
  if (options.gateway !== null && !sameName(options.gateway, gateway)) return false;
  return options.namespace === null || route.namespace === options.namespace || gateway.namespace === options.namespace;
}

function takes(gateway: GatewayRef, { gateway: wanted }: Options): boolean {
  return wanted === null || sameName(wanted, gateway);
}

/** A policy of a wanted path, or one that leads nowhere and stands in the namespace that was asked for. */
function isAsked(policy: LimitPolicy, paths: readonly Path[], { gateway, namespace }: Options): boolean {
  if (paths.some((path) => path.limits.includes(policy))) return true;
  return gateway === null && (namespace === null || policy.namespace === namespace);
}
