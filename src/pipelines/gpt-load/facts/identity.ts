import type { IdentityLabel } from '../../../facts/emitters.ts';
import { defineFact } from '../../../model/fact.ts';

/** The only label that tells tenants apart is the group that a request came through, and those the user expects. */
export const identity = defineFact({
  id: 'gpt-load-identity',
  title: 'identity labels of gpt-load',
  read: (_, { options }): readonly IdentityLabel[] => {
    const names = [...new Set(['group', ...options.expectLabels])];
    return names.map((name) => ({ label: name.replaceAll(/[^a-zA-Z0-9_]/g, '_'), attribute: name, header: null }));
  },
});
