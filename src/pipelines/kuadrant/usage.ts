import { usageSource } from '../../facts/usage.ts';
import { nouns } from './nouns.ts';

/** Who used how many tokens, by Limitador's counters of hits; its counters of calls are the requests, where no limit counts requests on the same route. */
export const usage = usageSource(nouns, {
  model: 'model',
  requestsOf: (name) => (/^authorized_hits(_total)?$/.test(name) ? name.replace('hits', 'calls') : null),
});
