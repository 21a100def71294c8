import type { Manifest } from '../world.ts';
import { enforced, places } from './objects.ts';

type Fields = Readonly<Record<string, unknown>>;

const group = 'gateway.networking.k8s.io';
export const toRoute = (name = 'llm-sim'): Fields => ({ group, kind: 'HTTPRoute', name });
export const toGateway = (name = 'external'): Fields => ({ group, kind: 'Gateway', name });

/** What the guide exposes of an API key. */
export const exposed: Fields = {
  groups: { selector: 'auth.identity.metadata.annotations.kuadrant\\.io/groups' },
  userid: { selector: 'auth.identity.metadata.annotations.kuadrant\\.io/user-id' },
};

/** The AuthPolicy of the guide: API keys, told apart by annotations. */
export function authPolicy(filters: Fields = { identity: { json: { properties: exposed } } }): Manifest {
  return {
    apiVersion: 'kuadrant.io/v1',
    kind: 'AuthPolicy',
    metadata: { name: 'llm-api-keys', namespace: places.models },
    spec: {
      targetRef: toRoute(),
      rules: {
        authentication: {
          'api-key-users': {
            apiKey: { allNamespaces: true, selector: { matchLabels: { app: 'my-llm' } } },
            credentials: { authorizationHeader: { prefix: 'APIKEY' } },
          },
        },
        response: { success: { filters } },
      },
    },
    status: enforced('AuthPolicy'),
  };
}

const onChat = { predicate: 'request.path == "/v1/chat/completions"' };
const byUser = [{ expression: 'auth.identity.userid' }];

/** A limit of the guide: for one group, counted by user. */
export function tokenLimit(who: string, limit: number, window = '1m'): Fields {
  return {
    rates: [{ limit, window }],
    when: [onChat, { predicate: `auth.identity.groups.split(",").exists(g, g == "${who}")` }],
    counters: byUser,
  };
}

export function tokenPolicy(limits: Fields = { free: tokenLimit('free', 100_000), gold: tokenLimit('gold', 500_000) }): Manifest {
  return {
    apiVersion: 'kuadrant.io/v1alpha1',
    kind: 'TokenRateLimitPolicy',
    metadata: { name: 'token-limits', namespace: places.models },
    spec: { targetRef: toRoute(), limits },
    status: enforced('TokenRateLimitPolicy'),
  };
}

export function ratePolicy(): Manifest {
  return {
    apiVersion: 'kuadrant.io/v1',
    kind: 'RateLimitPolicy',
    metadata: { name: 'requests', namespace: places.models },
    spec: { targetRef: toRoute(), limits: { all: { rates: [{ limit: 50, window: '10s' }] } } },
    status: enforced('RateLimitPolicy'),
  };
}

export function telemetryPolicy(
  labels: Fields = { user: 'auth.identity.userid', group: 'auth.identity.groups' },
  namespace: string = places.gateway,
): Manifest {
  return {
    apiVersion: 'extensions.kuadrant.io/v1alpha1',
    kind: 'TelemetryPolicy',
    metadata: { name: 'user-group', namespace },
    spec: { targetRef: toGateway(), metrics: { default: { labels } } },
    status: enforced('TelemetryPolicy'),
  };
}
