import type { Nouns } from '../../facts/emitters.ts';
import { workloads } from '../../facts/workloads.ts';
import { emissions } from './facts/emissions.ts';
import { emitters } from './facts/emitters.ts';
import { identity } from './facts/identity.ts';
import { tokenFamily } from './names.ts';

/** The words and facts with which the shared checks speak of gpt-load. */
export const nouns: Nouns = {
  one: 'pod',
  many: 'pods',
  family: {
    name: tokenFamily,
    sumPattern: tokenFamily,
    spellings: [tokenFamily],
    total: { label: 'type', attribute: 'type', values: ['prompt', 'completion'] },
    // request_log_write_interval_minutes is 1: internal/types/types.go.
    kept: { batch: 60 },
  },
  services: true,
  workloads,
  emitters,
  emissions,
  identity,
};
