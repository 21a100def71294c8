import type { Emitter } from '../../../facts/emitters.ts';
import { raise } from '../../../facts/listed.ts';
import { type Attempt, defineFact } from '../../../model/fact.ts';
import type { Installed } from '../../../model/pipeline.ts';
import type { Many } from '../../../model/source.ts';
import { emitters } from './emitters.ts';
import { kuadrants } from './kuadrants.ts';
import { tokenPolicies } from './policies.ts';

const lookedFor = ['the Kuadrant resource of kuadrant.io', 'the TokenRateLimitPolicy resource of kuadrant.io'];

/** Whether Kuadrant is there, by its API; a Limitador alone is somebody else's, and a refused read is not absence. */
export const installed = defineFact({
  id: 'kuadrant',
  title: 'Kuadrant',
  wants: { kuadrants, tokenPolicies, emitters },
  read: ({ kuadrants, tokenPolicies, emitters }): Installed => {
    const served = [kuadrants, tokenPolicies].some((attempt) => attempt.status === 'read' && attempt.value.served);
    if (served) return { status: 'installed', variant: variantOf(emitters), summary: summaryOf(emitters, tokenPolicies) };
    for (const attempt of [kuadrants, tokenPolicies]) if (attempt.status === 'unread') raise(attempt.unread);
    return { status: 'absent', lookedFor };
  },
});

/** The releases of the Limitadors; the operator's own says less about what is counted. */
function variantOf(emitters: Attempt<Many<Emitter>>): string | null {
  const releases = emitters.status === 'read' ? emitters.value.read.flatMap(({ release }) => release ?? []) : [];
  return releases.length === 0 ? null : `limitador ${[...new Set(releases)].sort().join(', ')}`;
}

function summaryOf(emitters: Attempt<Many<Emitter>>, policies: Attempt<{ readonly policies: readonly unknown[] }>): string {
  const pods = emitters.status === 'read' ? `${emitters.value.read.length} Limitador` : 'Limitadors could not be read';
  const count = policies.status === 'read' ? policies.value.policies.length : 0;
  return `${pods}, ${count} TokenRateLimitPolic${count === 1 ? 'y' : 'ies'}`;
}
