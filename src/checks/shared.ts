import type { Nouns } from '../facts/emitters.ts';
import type { Check } from '../model/check.ts';
import type { View } from '../model/pipeline.ts';
import { defaultIds, type SharedIds } from './shared-ids.ts';

/** The checks that every pipeline shares, grouped by hop and in data-path order within each. */
export interface SharedChecks {
  readonly expose: readonly Check[];
  readonly discover: readonly Check[];
  readonly collect: readonly Check[];
  readonly query: readonly Check[];
  readonly present: readonly Check[];
}

/** The shared half of the chain, from the declared port to the stored series, in one pipeline's words. */
export function sharedChecks(_nouns: Nouns, _ids: SharedIds = defaultIds): SharedChecks {
  return { expose: [], discover: [], collect: [], query: [], present: [] };
}

/** The tables behind the shared checks. */
export function sharedViews(_nouns: Nouns): { readonly monitors: View; readonly targets: View; readonly series: View } {
  throw new Error('not written yet');
}
