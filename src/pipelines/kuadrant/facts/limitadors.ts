import { kinds, listing } from '../../../facts/kinds.ts';
import { listedIfServed } from '../../../facts/listed.ts';
import { type Condition, conditionsOf } from '../../../facts/workloads.ts';
import { defineFact } from '../../../model/fact.ts';
import { list, record, records, text } from '../../../parse/fields.ts';
import { kuadrants } from './kuadrants.ts';

/** One limit that the operator has handed to Limitador. */
export interface ProgrammedLimit {
  /** "ROUTE-NAMESPACE/ROUTE". */
  readonly namespace: string;
  readonly conditions: readonly string[];
}

/** A Limitador object. */
export interface Limitador {
  readonly subject: string;
  readonly namespace: string;
  readonly name: string;
  /** spec.metricLabelsDefault. */
  readonly labels: string | null;
  readonly limits: readonly ProgrammedLimit[];
  /** Fields that choose its release instead of the operator. */
  readonly pins: readonly ('image' | 'version')[];
  readonly conditions: readonly Condition[];
}

export interface Limitadors {
  readonly served: boolean;
  readonly objects: readonly Limitador[];
}

/** All Limitador objects; not asked for where Kuadrant is not served, for then they are somebody else's. */
export const limitadors = defineFact({
  id: 'limitadors',
  title: 'Limitador objects',
  reads: [listing(kinds.limitadors)],
  wants: { kuadrants },
  read: async ({ kuadrants }, { source, options }): Promise<Limitadors> => {
    if (kuadrants.status === 'read' && !kuadrants.value.served) return { served: false, objects: [] };
    const objects = await listedIfServed(source, options, kinds.limitadors);
    return {
      served: objects !== null,
      objects: (objects ?? []).map(({ metadata, spec, status }) => {
        const { name, namespace = '' } = metadata;
        const fields = record(spec);
        return {
          subject: `Limitador ${namespace}/${name}`,
          namespace,
          name,
          labels: text(fields.metricLabelsDefault),
          limits: records(fields.limits).map((limit) => ({
            namespace: text(limit.namespace) ?? '',
            conditions: list(limit.conditions).map(String),
          })),
          pins: (['image', 'version'] as const).filter((field) => field in fields),
          conditions: conditionsOf(record(status)),
        };
      }),
    };
  },
});
