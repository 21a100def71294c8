import { kinds, listing } from '../../../facts/kinds.ts';
import { listedIfServed } from '../../../facts/listed.ts';
import { defineFact } from '../../../model/fact.ts';
import { list, record, records, text } from '../../../parse/fields.ts';
import type { GatewayRef } from './routes.ts';

/** What a ClientTrafficPolicy does with request headers before anything else sees them. */
export interface TrafficPolicy {
  readonly namespace: string;
  readonly name: string;
  readonly gateways: readonly GatewayRef[];
  /** RejectRequest where nothing is said: EG api/v1alpha1/clienttrafficpolicy_types.go. */
  readonly underscores: 'Allow' | 'RejectRequest' | 'DropHeader';
  /** Lower-case names in headers.earlyRequestHeaders: what it sets for everybody, and what it strips of callers' requests. */
  readonly sets: readonly string[];
  readonly strips: readonly string[];
  /** How many of the fields headers, earlyRequestHeaders and set it has, one within the other. */
  readonly depth: 0 | 1 | 2 | 3;
}

/** All ClientTrafficPolicies. */
export const trafficPolicies = defineFact({
  id: 'client-traffic-policies',
  title: 'ClientTrafficPolicies',
  reads: [listing(kinds.clienttrafficpolicies)],
  read: async (_, { source, options }): Promise<readonly TrafficPolicy[]> => {
    const objects = (await listedIfServed(source, options, kinds.clienttrafficpolicies)) ?? [];
    return objects.map((object) => {
      const { name, namespace = '' } = object.metadata;
      const spec = record(object.spec);
      const early = record(record(spec.headers).earlyRequestHeaders);
      const action = text(record(spec.headers).withUnderscoresAction);
      const refs = [...records(spec.targetRefs), record(spec.targetRef)].filter((ref) => text(ref.kind) === 'Gateway');
      return {
        namespace,
        name,
        gateways: refs.map((ref) => ({ namespace, name: text(ref.name) ?? '' })),
        underscores: action === 'Allow' || action === 'DropHeader' ? action : 'RejectRequest',
        sets: [...records(early.set), ...records(early.add)].map((header) => (text(header.name) ?? '').toLowerCase()),
        strips: list(early.remove).map((header) => String(header).toLowerCase()),
        depth: depthOf(spec),
      };
    });
  },
});

function depthOf(spec: Readonly<Record<string, unknown>>): TrafficPolicy['depth'] {
  if (typeof spec.headers !== 'object') return 0;
  const early = record(spec.headers).earlyRequestHeaders;
  if (typeof early !== 'object') return 1;
  return Array.isArray(record(early).set) ? 3 : 2;
}
