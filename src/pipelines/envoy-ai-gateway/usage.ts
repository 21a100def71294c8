import { usageSource } from '../../facts/usage.ts';
import type { UsageTraits } from '../../facts/usage-asked.ts';
import { nouns } from './nouns.ts';

/** The sidecars' histogram: its sum counts tokens, its count of inputs the requests. */
export const traits: UsageTraits = {
  model: 'gen_ai_request_model',
  requestsOf: (name) => (name.endsWith('_sum') ? name.replace(/_sum$/, '_count') : null),
};

/** Who used how many tokens, as Prometheus has it. */
export const usage = usageSource(nouns, traits);
