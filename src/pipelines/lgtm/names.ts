/** Headers, ids and defaults of the programs between the sidecar and the dashboard. */

/** The request header that names a tenant of Mimir: grafana/dskit user/http.go. */
export const tenantHeader = 'X-Scope-OrgID';

/** Whom the nginx of the distributed chart takes a request without a tenant for: charts/mimir-distributed values.yaml noAuthTenant. */
export const noAuthTenant = 'anonymous';

/** The ids of this pipeline's own checks, which explain failures of checks that it shares. */
export const ids = {
  unsupported: 'client-id-unsupported',
  unforwarded: 'client-id-unforwarded',
  unaccepted: 'policy-unaccepted',
  keysMissing: 'api-keys-missing',
  unmapped: 'client-id-unmapped',
  discoveryForbidden: 'discovery-forbidden',
  volumeFull: 'volume-full',
  volumeFilling: 'volume-filling',
  unreachable: 'store-unreachable',
  tenantMismatched: 'tenant-mismatched',
  seriesDoubled: 'series-doubled',
  retentionShort: 'retention-short',
  datasourceMissing: 'datasource-missing',
  dashboardUnwatched: 'dashboard-unwatched',
  dashboardUnloaded: 'dashboard-unloaded',
} as const;
