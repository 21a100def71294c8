import type { Meter } from '../../facts/metrics-page.ts';

/** The token counter, as Limitador exposes it and as a collector renames it. */
const hits = /^authorized_hits(_total)?$/;
const calls = /^authorized_calls(_total)?$/;

/** The label with which Limitador names the route: limitador-server src/prometheus_metrics.rs, NAMESPACE_LABEL. */
export const routeLabel = 'limitador_namespace';

/** How the samples of a Limitador are read; limited_calls, report_calls and families to come are left out. */
export const meter: Meter = {
  role: (name) => {
    if (hits.test(name)) return 'sum';
    if (calls.test(name)) return 'requests';
    return name === 'limitador_up' || name === 'datastore_partitioned' ? 'gauge' : null;
  },
  familyOf: (name) => name,
  tellsRequests: (label) => label === routeLabel,
  labelOf: (name) => name,
};
