import { defineFact } from '../model/fact.ts';
import { kinds, listing } from './kinds.ts';

/** The labels of each namespace, by name. */
export type Namespaces = ReadonlyMap<string, Readonly<Record<string, string>>>;

/** The namespaces of the cluster with their labels. */
export const namespaces = defineFact({
  id: 'namespaces',
  title: 'namespaces',
  reads: [listing(kinds.namespaces)],
  async read(_, { source }): Promise<Namespaces> {
    const objects = await source.list(kinds.namespaces);
    return new Map(objects.map(({ metadata }) => [metadata.name, metadata.labels ?? {}]));
  },
});
