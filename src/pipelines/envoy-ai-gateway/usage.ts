import { usageSource } from '../../facts/usage.ts';
import { nouns } from './nouns.ts';

/** Who used how many tokens, by the sidecars' histogram: its sum counts tokens, its count of inputs the requests. */
export const usage = usageSource(nouns, {
  model: 'gen_ai_request_model',
  requestsOf: (name) => (name.endsWith('_sum') ? name.replace(/_sum$/, '_count') : null),
});
