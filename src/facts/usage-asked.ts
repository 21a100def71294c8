import type { Reader } from '../model/fact.ts';
import type { UsageQuestion } from '../model/usage.ts';
import type { Emission, Nouns } from './emitters.ts';

/** What one system's usage has beyond its nouns. */
export interface UsageTraits {
  /** The label that holds the model. */
  readonly model: string;
  /** The name that counts requests beside a stored name of the family; null: nothing does. */
  requestsOf(name: string): string | null;
  /** Requests have a counter of their own, without types of token. Absent: they are the observations of the first type. */
  readonly ownRequests?: boolean;
  /** One of those that show the same counters, when emitters are read directly. Absent: each has counters of its own. */
  once?(emissions: readonly Emission[]): readonly Emission[];
}

/** All that reading usage takes. */
export interface Asked {
  readonly reader: Reader;
  readonly nouns: Nouns;
  readonly traits: UsageTraits;
  readonly question: UsageQuestion;
}

/** Types that are added up. */
export function countedOf({ family }: Nouns, { types }: UsageQuestion): readonly string[] {
  return types ?? family.total?.values ?? ['total'];
}
