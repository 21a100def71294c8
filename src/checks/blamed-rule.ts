import { type Coverage, coverage, type EndpointCoverage } from '../facts/coverage.ts';
import type { Emission, Nouns } from '../facts/emitters.ts';
import type { Server } from '../facts/prometheus.ts';
import type { Remedy } from '../model/check.ts';
import { type Attempt, defineFact, type Fact } from '../model/fact.ts';
import { record, records } from '../parse/fields.ts';
import { PatternError } from '../parse/re2/state.ts';
import { type Labels, RelabelError, type RelabelRule, relabel, relabelRule } from '../parse/relabel.ts';
import { withoutMetricRule } from './patching.ts';
import { culprit } from './simulation.ts';

/** Series as a scraper may receive them. */
export interface Received {
  readonly emission: Emission;
  readonly labels: Labels;
}

/** Whose rules may be to blame. */
export interface Suspects {
  readonly coverage: Attempt<Coverage | null>;
  readonly server: Server;
}

const noMonitors = defineFact({ id: 'no-monitors', title: 'no monitors', read: (): Coverage | null => null });

/** The monitors of the emitters; null where series come to the store by collectors. */
export function suspected(nouns: Nouns): Fact<Coverage | null> {
  return nouns.servers === undefined ? coverage(nouns) : noMonitors;
}

/**
 * Takes the rule away that does to all series what is seen to be done, told from the monitors alone: for servers that show neither targets nor
 * configuration. Null where no monitor does it, or several rules together.
 */
export function withoutBlamed(
  received: readonly Received[],
  isLost: (stored: Labels | null) => boolean,
  { coverage, server: { object } }: Suspects,
): Remedy | null {
  if (coverage.status === 'unread' || coverage.value === null) return null;
  const known = { status: 'read', value: coverage.value } as const;
  for (const endpoint of coverage.value.monitors.flatMap(({ endpoints }) => endpoints)) {
    const rules = rulesOf(endpoint, object?.scrapeClasses ?? []);
    const covered = received.flatMap(({ emission, labels }) => {
      const cover = endpoint.covers.find(({ emitter, dropped }) => dropped === undefined && emitter.key === emission.emitter.key);
      return cover === undefined ? [] : [new Map([...Object.entries(cover.labels), ...labels])];
    });
    const lost = (kept: readonly RelabelRule[]): boolean => covered.length > 0 && covered.every((labels) => isLost(relabel(labels, kept)));
    if (!lost(rules) || lost([])) continue;
    const guilty = culprit(rules, (kept) => !lost(kept));
    const remedy = guilty === null ? null : withoutMetricRule(endpoint.pool, guilty.rule, { coverage: known, object });
    if (remedy !== null) return remedy;
  }
  return null;
}

/** The rules of the scrape class, then the endpoint's own: prometheus-operator pkg/prometheus/promcfg.go. */
function rulesOf({ monitor, endpoint }: EndpointCoverage, classes: readonly Readonly<Record<string, unknown>>[]): readonly RelabelRule[] {
  const named = classes.find((each) => (monitor.scrapeClass === null ? each.default === true : each.name === monitor.scrapeClass));
  try {
    return [...records(record(named).metricRelabelings), ...endpoint.metricRelabelings].map((rule) => relabelRule(rule));
  } catch (error) {
    // The operator refuses the whole monitor then, which is its own check.
    if (error instanceof RelabelError || error instanceof PatternError) return [];
    throw error;
  }
}
