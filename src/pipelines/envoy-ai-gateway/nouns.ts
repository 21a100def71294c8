import type { Nouns } from '../../facts/emitters.ts';
import { emissions } from './facts/emissions.ts';
import { emitters } from './facts/emitters.ts';
import { identity } from './facts/identity.ts';

/** The words and facts with which the shared checks speak of this gateway. */
export const nouns: Nouns = {
  one: 'proxy',
  many: 'proxies',
  family: {
    name: 'gen_ai_client_token_usage',
    // v0.2 and v0.5+ have no unit, v0.3 and v0.4 have it; dots where UTF-8 names were negotiated (up to v0.4). internal/metrics at the tags.
    sumPattern: 'gen_ai[._]client[._]token[._]usage([._]token)?_sum',
    spellings: [
      'gen_ai_client_token_usage_sum',
      'gen_ai_client_token_usage_token_sum',
      'gen_ai.client.token.usage_sum',
      'gen_ai.client.token.usage_token_sum',
    ],
    total: { label: 'gen_ai_token_type', values: ['input', 'output'] },
  },
  emitters,
  emissions,
  identity,
};
