import type { Nouns } from '../facts/emitters.ts';
import type { Check } from '../model/check.ts';
import type { View } from '../model/pipeline.ts';
import { countsDisagree } from './counts-disagree.ts';
import { duplicateMonitors } from './duplicate-monitors.ts';
import { duplicateTargets } from './duplicate-targets.ts';
import { exportedLabels } from './labels-exported.ts';
import { missingOperator } from './operator-missing.ts';
import { absentPools } from './pool-absent.ts';
import { undeclaredPorts } from './port-undeclared.ts';
import { unreachablePrometheus } from './prometheus-unreachable.ts';
import { queryChecks } from './queries.ts';
import { rejectedMonitors } from './rejected-monitors.ts';
import { rejectedRules } from './rejected-rules.ts';
import { absentSeries } from './series-absent.ts';
import { staleSeries } from './series-stale.ts';
import { defaultIds, type SharedIds } from './shared-ids.ts';
import { mixedSpellings } from './spellings-mixed.ts';
import { absentStoredIdentity } from './stored-identity-absent.ts';
import { downTargets } from './targets-down.ts';
import { missingTargets } from './targets-missing.ts';
import { tenantsMerged } from './tenants-merged.ts';
import { tokensDropped } from './tokens-dropped.ts';
import { unmonitoredEmitters } from './unmonitored-emitters.ts';
import { unselectedMonitors } from './unselected-monitors.ts';
import { monitorsView, seriesView, targetsView } from './views.ts';

/** The checks that every pipeline shares, grouped by hop and in data-path order within each. */
export interface SharedChecks {
  readonly expose: readonly Check[];
  readonly discover: readonly Check[];
  readonly collect: readonly Check[];
  readonly query: readonly Check[];
  readonly present: readonly Check[];
}

/** The shared half of the chain, from the declared port to the stored series, in one pipeline's words. */
export function sharedChecks(nouns: Nouns, ids: SharedIds = defaultIds): SharedChecks {
  return {
    expose: [undeclaredPorts(nouns, ids)],
    discover: [
      missingOperator(nouns, ids),
      unmonitoredEmitters(nouns, ids),
      unselectedMonitors(nouns, ids),
      rejectedMonitors(nouns, ids),
      duplicateMonitors(nouns, ids),
    ],
    collect: [
      unreachablePrometheus(nouns, ids),
      absentPools(nouns, ids),
      missingTargets(nouns, ids),
      downTargets(nouns, ids),
      duplicateTargets(nouns, ids),
      tenantsMerged(nouns, { tenantsMerged: ids.tenantsMerged, identity: [] }),
      tokensDropped(nouns, { tokensDropped: ids.tokensDropped, silent: [] }),
      exportedLabels(nouns, ids),
    ],
    query: [
      absentSeries(nouns, ids),
      mixedSpellings(nouns, ids),
      absentStoredIdentity(nouns, ids),
      staleSeries(nouns, ids),
      countsDisagree(nouns, { countsDisagree: ids.countsDisagree, earlier: miscounting(ids) }),
    ],
    present: [
      ...queryChecks(nouns, {
        empty: ids.queriesEmpty,
        collapsed: ids.queriesCollapsed,
        overcounted: ids.queriesOvercounted,
        tooNew: ids.queriesTooNew,
        silent: [...ids.earlier.silent, ...unscraped(ids)],
        identity: [...ids.earlier.identity, ...ids.earlier.relabeling, ids.labelsExported, ids.storedIdentityAbsent],
      }),
      rejectedRules(nouns, { rejectedRules: ids.rejectedRules, earlier: [ids.operatorMissing] }),
    ],
  };
}

/** Failures after which an emitter's series are not in Prometheus, or not all of them. */
function unscraped(ids: SharedIds): readonly string[] {
  return [
    ids.portUndeclared,
    ids.unmonitored,
    ids.unselected,
    ids.rejected,
    ids.poolAbsent,
    ids.targetsMissing,
    ids.targetsDown,
    ids.tokensDropped,
    ids.seriesAbsent,
  ];
}

/** Failures after which the stored counters of emitters that are scraped cannot be their own; those that are not scraped are not compared. */
function miscounting(ids: SharedIds): readonly string[] {
  return [ids.duplicateMonitors, ids.duplicateTargets, ids.tokensDropped, ids.tenantsMerged, ids.spellingsMixed, ids.seriesStale];
}

/** The tables behind the shared checks. */
export function sharedViews(nouns: Nouns): { readonly monitors: View; readonly targets: View; readonly series: View } {
  return { monitors: monitorsView(nouns), targets: targetsView(nouns), series: seriesView(nouns) };
}
