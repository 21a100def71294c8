import { kinds, listing } from '../../../facts/kinds.ts';
import { ageOf, listedIfServed } from '../../../facts/listed.ts';
import { type Condition, conditionsOf } from '../../../facts/workloads.ts';
import { defineFact } from '../../../model/fact.ts';
import type { KubeObject } from '../../../model/source.ts';
import { record } from '../../../parse/fields.ts';

/** A Kuadrant object: one switches the whole of it on. */
export interface Kuadrant {
  readonly subject: string;
  readonly namespace: string;
  readonly name: string;
  /** Seconds since it was made; null when that cannot be told. */
  readonly age: number | null;
  /** spec.observability.enable: the operator makes monitors. */
  readonly observability: boolean;
  /** spec.mtls puts Limitador behind mutual TLS. */
  readonly mtls: boolean;
  readonly conditions: readonly Condition[];
}

export interface Kuadrants {
  /** The API server knows the kind. */
  readonly served: boolean;
  readonly objects: readonly Kuadrant[];
}

/** All Kuadrant objects. */
export const kuadrants = defineFact({
  id: 'kuadrants',
  title: 'Kuadrant objects',
  reads: [listing(kinds.kuadrants)],
  read: async (_, { source, options }): Promise<Kuadrants> => {
    const objects = await listedIfServed(source, options, kinds.kuadrants);
    return { served: objects !== null, objects: (objects ?? []).map((object) => kuadrantOf(object, source.now)) };
  },
});

/** Fields: kuadrant-operator api/v1beta1/kuadrant_types.go. */
function kuadrantOf(object: KubeObject, now: Date): Kuadrant {
  const { name, namespace = '' } = object.metadata;
  const spec = record(object.spec);
  const mtls = record(spec.mtls);
  return {
    subject: `Kuadrant ${namespace}/${name}`,
    namespace,
    name,
    age: ageOf(object.metadata, now),
    observability: record(spec.observability).enable === true,
    mtls: mtls.enable === true && mtls.limitador !== false,
    conditions: conditionsOf(record(object.status)),
  };
}
