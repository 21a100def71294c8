import { kinds, listing } from '../../../facts/kinds.ts';
import { listedIfServed } from '../../../facts/listed.ts';
import { defineFact } from '../../../model/fact.ts';
import { record, records, text } from '../../../parse/fields.ts';
import { gatewayKey } from '../names.ts';

/** A Gateway of the cluster. */
export interface Gateway {
  readonly key: string;
  readonly subject: string;
  readonly namespace: string;
  readonly name: string;
  readonly gatewayClass: string | null;
  readonly listeners: readonly string[];
  readonly annotations: Readonly<Record<string, string>>;
}

/** All Gateways, whatever serves them. */
export const gateways = defineFact({
  id: 'gateways',
  title: 'Gateways',
  reads: [listing(kinds.gateways)],
  read: async (_, { source, options }): Promise<readonly Gateway[]> => {
    const objects = (await listedIfServed(source, options, kinds.gateways)) ?? [];
    return objects.map((object) => {
      const { name, namespace = '', annotations = {} } = object.metadata;
      const spec = record(object.spec);
      return {
        key: gatewayKey({ namespace, name }),
        subject: `Gateway ${namespace}/${name}`,
        namespace,
        name,
        gatewayClass: text(spec.gatewayClassName),
        listeners: records(spec.listeners).map((listener) => text(listener.name) ?? ''),
        annotations,
      };
    });
  },
});
