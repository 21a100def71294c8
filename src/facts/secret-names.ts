import { defineFact } from '../model/fact.ts';
import { metadataOnly } from '../model/metadata-only.ts';
import type { Access } from '../model/source.ts';
import { kinds, listing } from './kinds.ts';

/** What a Secret is called. Its type, its keys and its data are not in its metadata, and are never asked for. */
export interface SecretName {
  readonly namespace: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

/** The Secrets of the cluster by name; not asked for without --secret-names. */
export type SecretNames = { readonly status: 'not-asked' } | { readonly status: 'asked'; readonly secrets: readonly SecretName[] };

/** The permission to list Secrets: granted by `tokmeter rbac --secret-names` alone. */
const listingSecrets: Access = { ...listing(kinds.secrets), optIn: 'secretNames' };

/** Why a check about Secrets is skipped. */
export const secretsNotAsked = 'Secrets are not looked at without --secret-names';

/** Names, labels and annotations of all Secrets, when the user asked for them. */
export const secretNames = defineFact({
  id: 'secret-names',
  title: 'names of Secrets, with --secret-names',
  reads: [listingSecrets],
  async read(_, { source, options }): Promise<SecretNames> {
    if (options.secretNames !== true) return { status: 'not-asked' };
    const objects = await source.list(kinds.secrets, { metadataOnly: true });
    const secrets = objects.map(metadataOnly).map(({ metadata: { namespace = '', name, labels = {}, annotations = {} } }) => ({
      namespace,
      name,
      labels,
      annotations,
    }));
    return { status: 'asked', secrets };
  },
});
