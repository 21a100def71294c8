/** The ids under which one pipeline publishes the shared checks, and the ids of its own earlier checks that explain them. */
export interface SharedIds {
  readonly portUndeclared: string;
  readonly operatorMissing: string;
  readonly unmonitored: string;
  readonly unselected: string;
  readonly rejected: string;
  readonly duplicateMonitors: string;
  readonly unreachable: string;
  readonly poolAbsent: string;
  readonly targetsMissing: string;
  readonly targetsDown: string;
  readonly duplicateTargets: string;
  readonly labelsExported: string;
  readonly seriesAbsent: string;
  readonly spellingsMixed: string;
  readonly storedIdentityAbsent: string;
  readonly seriesStale: string;
  readonly tenantsMerged: string;
  readonly tokensDropped: string;
  readonly countsDisagree: string;
  readonly queriesEmpty: string;
  readonly queriesCollapsed: string;
  readonly queriesOvercounted: string;
  readonly queriesTooNew: string;
  readonly rejectedRules: string;
  readonly earlier: {
    /** Failures after which the metrics port is not there at all. */
    readonly ports: readonly string[];
    /** Failures after which the metrics endpoint does not answer a scraper. */
    readonly unreadable: readonly string[];
    /** Failures after which an emitter has no tokens to show. */
    readonly silent: readonly string[];
    /** Failures after which the identity labels are not on the emitter's series, or have names that a scraper changes or refuses. */
    readonly identity: readonly string[];
    /** Failures of the rules that scraped series run through, after which series or their labels are not stored. */
    readonly relabeling: readonly string[];
  };
}

/** The ids of the first pipeline; others override what they name otherwise. */
export const defaultIds: SharedIds = {
  portUndeclared: 'port-undeclared',
  operatorMissing: 'operator-missing',
  unmonitored: 'unmonitored-proxies',
  unselected: 'unselected-monitors',
  rejected: 'rejected-monitors',
  duplicateMonitors: 'duplicate-monitors',
  unreachable: 'prometheus-unreachable',
  poolAbsent: 'pool-absent',
  targetsMissing: 'targets-missing',
  targetsDown: 'targets-down',
  duplicateTargets: 'duplicate-targets',
  labelsExported: 'labels-exported',
  seriesAbsent: 'series-absent',
  spellingsMixed: 'spellings-mixed',
  storedIdentityAbsent: 'stored-identity-absent',
  seriesStale: 'series-stale',
  tenantsMerged: 'tenants-merged',
  tokensDropped: 'tokens-dropped',
  countsDisagree: 'counts-disagree',
  queriesEmpty: 'queries-empty',
  queriesCollapsed: 'queries-collapsed',
  queriesOvercounted: 'queries-overcounted',
  queriesTooNew: 'queries-too-new',
  rejectedRules: 'rejected-rules',
  earlier: {
    ports: ['uninjected-proxies'],
    unreadable: ['mapping-hazard', 'sidecar-unready', 'version-skew', 'metrics-unreadable'],
    silent: ['route-detached', 'mapping-hazard', 'sidecar-unready', 'version-skew', 'metrics-unreadable'],
    identity: ['mapping-missing', 'mapping-invalid', 'mapping-ineffective', 'mapping-hazard', 'stale-mapping', 'identity-absent'],
    relabeling: ['tenants-merged', 'tokens-dropped'],
  },
};
