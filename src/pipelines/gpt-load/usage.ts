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
  direct: async (reader, question) => sinceTheLog(withNote(await counted.direct(reader, question))),
};

function withNote(answer: UsageAnswer): UsageAnswer {
  if (answer.status !== 'read') return answer;
  return { ...answer, usage: { ...answer.usage, notes: [...answer.usage.notes, 'streamed requests are in no counter of this build'] } };
}

/** The counters are older than the process that shows them. */
function sinceTheLog(answer: UsageAnswer): UsageAnswer {
  if (answer.status !== 'read') return answer;
  const notes = [...answer.usage.notes, 'counters go back as far as the request log is kept'];
  return { ...answer, usage: { ...answer.usage, since: null, notes } };
}

/** Pods of one request log in one namespace show equal pages. */
function pageKey({ emitter, outcome }: Emission): string {
  return JSON.stringify([emitter.pod.namespace, outcome.status === 'metered' ? outcome.series : emitter.key]);
}
