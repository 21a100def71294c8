import { kinds, listing } from '../../../facts/kinds.ts';
import { listedIfServed } from '../../../facts/listed.ts';
import { type Condition, conditionsOf } from '../../../facts/workloads.ts';
import { defineFact, type Options } from '../../../model/fact.ts';
import type { KubeObject } from '../../../model/source.ts';
import { record, records, text } from '../../../parse/fields.ts';

/** A Gateway that a route names. */
export interface GatewayRef {
  readonly namespace: string;
  readonly name: string;
}

/** An AIGatewayRoute. */
export interface AiRoute {
  readonly subject: string;
  readonly namespace: string;
  readonly name: string;
  readonly gateways: readonly GatewayRef[];
  /** Keys of spec.llmRequestCosts. */
  readonly costs: readonly string[];
  readonly conditions: readonly Condition[];
}

/** All AIGatewayRoutes; `served` says whether the API server knows the kind. */
export const aiRoutes = defineFact({
  id: 'ai-routes',
  title: 'AIGatewayRoutes',
  reads: [listing(kinds.aigatewayroutes)],
  read: async (_, { source, options }): Promise<{ readonly served: boolean; readonly routes: readonly AiRoute[] }> => {
    const objects = await listedIfServed(source, options, kinds.aigatewayroutes);
    return { served: objects !== null, routes: (objects ?? []).map(aiRouteOf) };
  },
});

function aiRouteOf(object: KubeObject): AiRoute {
  const { name, namespace = '' } = object.metadata;
  const spec = record(object.spec);
  return {
    subject: `AIGatewayRoute ${namespace}/${name}`,
    namespace,
    name,
    gateways: gatewayRefs(spec, namespace),
    costs: records(spec.llmRequestCosts).map((cost) => text(cost.metadataKey) ?? ''),
    conditions: conditionsOf(record(object.status)),
  };
}

/** parentRefs from v0.3 on, targetRefs up to it: api/v1alpha1/ai_gateway_route.go. */
function gatewayRefs(spec: Readonly<Record<string, unknown>>, namespace: string): readonly GatewayRef[] {
  return [...records(spec.parentRefs), ...records(spec.targetRefs)]
    .filter((ref) => (text(ref.kind) ?? 'Gateway') === 'Gateway')
    .map((ref) => ({ namespace: text(ref.namespace) ?? namespace, name: text(ref.name) ?? '' }));
}

/** What the Gateway's controller says of an HTTPRoute, one parent at a time. */
export interface HttpRoute {
  readonly namespace: string;
  readonly name: string;
  readonly parents: readonly { readonly gateway: GatewayRef; readonly conditions: readonly Condition[] }[];
}

/** All HTTPRoutes: an AIGatewayRoute becomes one of the same name (internal/controller/ai_gateway_route.go). */
export const httpRoutes = defineFact({
  id: 'http-routes',
  title: 'HTTPRoutes',
  reads: [listing(kinds.httproutes)],
  read: async (_, { source, options }): Promise<readonly HttpRoute[]> => {
    const objects = (await listedIfServed(source, options, kinds.httproutes)) ?? [];
    return objects.map((object) => {
      const { name, namespace = '' } = object.metadata;
      const parents = records(record(object.status).parents).map((parent) => {
        const ref = record(parent.parentRef);
        return { gateway: { namespace: text(ref.namespace) ?? namespace, name: text(ref.name) ?? '' }, conditions: conditionsOf(parent) };
      });
      return { namespace, name, parents };
    });
  },
});

/** Whether the user asked about this route: by its Gateway, and by its own namespace or its Gateway's. */
export function routeWanted(route: AiRoute, options: Options): boolean {
  const { gateway, namespace } = options;
  if (gateway !== null && !route.gateways.some((ref) => sameGateway(ref, gateway))) return false;
  return namespace === null || route.namespace === namespace || route.gateways.some((ref) => ref.namespace === namespace);
}

/** Whether two references name one Gateway. */
export function sameGateway(left: GatewayRef, right: GatewayRef): boolean {
  return left.namespace === right.namespace && left.name === right.name;
}
