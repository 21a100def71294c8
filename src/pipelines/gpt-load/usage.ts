import type { Emission } from '../../facts/emitters.ts';
import { usageSource } from '../../facts/usage.ts';
import { requestFamily, tokenFamily } from './names.ts';
import { nouns } from './nouns.ts';

/** Who used how many tokens, by group and model; the type total is the sum of the others and never added. */
export const usage = usageSource(nouns, {
  model: 'model',
  requestsOf: (name) => (name === tokenFamily ? requestFamily : null),
  ownRequests: true,
  once: (emissions) => [...new Map(emissions.map((emission) => [pageKey(emission), emission])).values()],
});

/** Pods of one request log in one namespace show equal pages. */
function pageKey({ emitter, outcome }: Emission): string {
  return JSON.stringify([emitter.pod.namespace, outcome.status === 'metered' ? outcome.series : emitter.key]);
}
