import type { Nouns } from '../../facts/emitters.ts';
import { emissions } from './facts/emissions.ts';
import { emitters } from './facts/emitters.ts';
import { identity } from './facts/identity.ts';

/** The words and facts with which the shared checks speak of Limitador. */
export const nouns: Nouns = {
  one: 'limiter',
  many: 'limiters',
  family: {
    name: 'authorized_hits',
    // Bare on /metrics and in Prometheus (recorded: limitador/prom3-names.json); behind a collector's exporter with the suffix of counters.
    sumPattern: 'authorized_hits(_total)?',
    spellings: ['authorized_hits', 'authorized_hits_total'],
    total: null,
  },
  emitters,
  emissions,
  identity,
  services: true,
};
