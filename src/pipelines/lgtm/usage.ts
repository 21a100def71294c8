import { usageSource } from '../../facts/usage.ts';
import { traits } from '../envoy-ai-gateway/usage.ts';
import { nouns } from './nouns.ts';

/** Who used how many tokens, by the sidecars' histogram as the collectors' store has it. */
export const usage = usageSource(nouns, traits);
