import { usageSource } from '../../facts/usage.ts';
import { requestFamily, tokenFamily } from './names.ts';
import { nouns } from './nouns.ts';

/** Who used how many tokens, by group and model; the type total is the sum of the others and never added. */
export const usage = usageSource(nouns, {
  model: 'model',
  requestsOf: (name) => (name === tokenFamily ? requestFamily : null),
  ownRequests: true,
});
