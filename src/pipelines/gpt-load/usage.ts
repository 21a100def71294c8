import type { Emission } from '../../facts/emitters.ts';
import { usageSource } from '../../facts/usage.ts';
import type { UsageAnswer, UsageSource } from '../../model/usage.ts';
import { requestFamily, tokenFamily } from './names.ts';
import { nouns } from './nouns.ts';

const counted = usageSource(nouns, {
  model: 'model',
  requestsOf: (name) => (name === tokenFamily ? requestFamily : null),
  ownRequests: true,
  once: (emissions) => [...new Map(emissions.map((emission) => [pageKey(emission), emission])).values()],
});

/** Who used how many tokens, by group and model; the type total is the sum of the others and never added. */
export const usage: UsageSource = {
  ...counted,
  stored: async (reader, question) => withNote(await counted.stored(reader, question)),
  direct: async (reader, question) => withNote(await counted.direct(reader, question)),
};

function withNote(answer: UsageAnswer): UsageAnswer {
  if (answer.status !== 'read') return answer;
  return { ...answer, usage: { ...answer.usage, notes: [...answer.usage.notes, 'streamed requests are in no counter of this build'] } };
}

/** Pods of one request log in one namespace show equal pages. */
function pageKey({ emitter, outcome }: Emission): string {
  return JSON.stringify([emitter.pod.namespace, outcome.status === 'metered' ? outcome.series : emitter.key]);
}
