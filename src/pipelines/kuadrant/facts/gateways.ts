import { kinds, listing } from '../../../facts/kinds.ts';
import { listedIfServed } from '../../../facts/listed.ts';
import { type Condition, conditionsOf } from '../../../facts/workloads.ts';
import { defineFact } from '../../../model/fact.ts';
import { record, records, text } from '../../../parse/fields.ts';
import { gatewayKey } from '../names.ts';

/** The name of a Gateway. */
export interface GatewayRef {
  readonly namespace: string;
  readonly name: string;
}

/** A Gateway of the cluster. */
export interface Gateway extends GatewayRef {
  readonly key: string;
  readonly subject: string;
  readonly gatewayClass: string | null;
  readonly conditions: readonly Condition[];
}

/** All Gateways, whatever serves them. */
export const gateways = defineFact({
  id: 'kuadrant-gateways',
  title: 'Gateways',
  reads: [listing(kinds.gateways)],
  read: async (_, { source, options }): Promise<readonly Gateway[]> =>
    ((await listedIfServed(source, options, kinds.gateways)) ?? []).map(({ metadata, spec, status }) => {
      const { name, namespace = '' } = metadata;
      return {
        key: gatewayKey({ namespace, name }),
        subject: `Gateway ${namespace}/${name}`,
        namespace,
        name,
        gatewayClass: text(record(spec).gatewayClassName),
        conditions: conditionsOf(record(status)),
      };
    }),
});

/** Which controller serves each GatewayClass, by its name. */
export const gatewayClasses = defineFact({
  id: 'gateway-classes',
  title: 'GatewayClasses',
  reads: [listing(kinds.gatewayclasses)],
  read: async (_, { source }): Promise<ReadonlyMap<string, string>> => {
    const objects = await source.list(kinds.gatewayclasses);
    return new Map(objects.map(({ metadata, spec }) => [metadata.name, text(record(spec).controllerName) ?? '']));
  },
});

/** What a route takes: requests whose path is `path`, or begins with it; null where a regular expression says. */
export interface RouteMatch {
  readonly path: string | null;
  readonly whole: boolean;
  /** Null: whichever. */
  readonly method: string | null;
}

/** An HTTPRoute, and what controllers say of it, one parent at a time. */
export interface Route {
  readonly subject: string;
  readonly namespace: string;
  readonly name: string;
  readonly gateways: readonly GatewayRef[];
  readonly parents: readonly { readonly gateway: GatewayRef; readonly conditions: readonly Condition[] }[];
  /** Of all its rules; none: it takes no request. */
  readonly matches: readonly RouteMatch[];
}

/** All HTTPRoutes. */
export const routes = defineFact({
  id: 'kuadrant-routes',
  title: 'HTTPRoutes',
  reads: [listing(kinds.httproutes)],
  read: async (_, { source, options }): Promise<readonly Route[]> =>
    ((await listedIfServed(source, options, kinds.httproutes)) ?? []).map(({ metadata, spec, status }) => {
      const { name, namespace = '' } = metadata;
      const parents = records(record(status).parents).map((parent) => ({
        gateway: refOf(record(parent.parentRef), namespace),
        conditions: conditionsOf(parent),
      }));
      const gateways = records(record(spec).parentRefs)
        .filter((ref) => (text(ref.kind) ?? 'Gateway') === 'Gateway')
        .map((ref) => refOf(ref, namespace));
      return { subject: `HTTPRoute ${namespace}/${name}`, namespace, name, gateways, parents, matches: matchesOf(record(spec)) };
    }),
});

function refOf(ref: Readonly<Record<string, unknown>>, namespace: string): GatewayRef {
  return { namespace: text(ref.namespace) ?? namespace, name: text(ref.name) ?? '' };
}

/** A rule without matches, a match without a path and a route without rules take every path: gateway-api apis/v1, HTTPRouteRule and HTTPRouteMatch. */
function matchesOf(spec: Readonly<Record<string, unknown>>): readonly RouteMatch[] {
  const rules = spec.rules === undefined ? [{}] : records(spec.rules);
  return rules.flatMap(({ matches }) => {
    const given = records(matches);
    return (given.length === 0 ? [{}] : given).map((match) => {
      const { type, value } = record(match.path);
      const path = type === 'RegularExpression' ? null : (text(value) ?? '/');
      return { path, whole: type === 'Exact', method: text(match.method) };
    });
  });
}
