import type { Nouns } from '../../facts/emitters.ts';
import { emissions } from './facts/emissions.ts';
import { emitters } from './facts/emitters.ts';
import { identity } from './facts/identity.ts';

/** A dot of the name in every escaping. */
const dot = '([._]|_dot_|_2e_)';

/** The words and facts with which the shared checks speak of this gateway. */
export const nouns: Nouns = {
  one: 'proxy',
  many: 'proxies',
  family: {
    name: 'gen_ai_client_token_usage',
    // v0.2 and v0.5+ have no unit, v0.3 and v0.4 have it (internal/metrics at the tags). Dots stay where UTF-8 names were negotiated (up to v0.4),
    // or are spelled out by the escaping schemes dots and values (prometheus/common model/metric.go EscapeName).
    sumPattern: `(U__)?gen__?ai${dot}client${dot}token${dot}usage(([._]|__)token)?_sum`,
    spellings: [
      'gen_ai_client_token_usage_sum',
      'gen_ai_client_token_usage_token_sum',
      'gen_ai.client.token.usage_sum',
      'gen_ai.client.token.usage_token_sum',
      'gen__ai_dot_client_dot_token_dot_usage__token_sum',
      'U__gen__ai_2e_client_2e_token_2e_usage__token_sum',
    ],
    total: { label: 'gen_ai_token_type', attribute: 'gen_ai.token.type', values: ['input', 'output'] },
  },
  emitters,
  emissions,
  identity,
};
