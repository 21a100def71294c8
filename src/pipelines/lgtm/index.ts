import { sharedChecks, sharedViews } from '../../checks/shared.ts';
import { defaultIds } from '../../checks/shared-ids.ts';
import type { Check } from '../../model/check.ts';
import type { Pipeline } from '../../model/pipeline.ts';
import { envoyAiGateway } from '../envoy-ai-gateway/index.ts';
import { apiKeysMissing } from './checks/api-keys-missing.ts';
import { clientIdUnforwarded } from './checks/client-id-unforwarded.ts';
import { clientIdUnmapped } from './checks/client-id-unmapped.ts';
import { clientIdUnsupported } from './checks/client-id-unsupported.ts';
import { dashboardUnloaded } from './checks/dashboard-unloaded.ts';
import { dashboardUnwatched } from './checks/dashboard-unwatched.ts';
import { datasourceMissing } from './checks/datasource-missing.ts';
import { policyUnaccepted } from './checks/policy-unaccepted.ts';
import { retentionShort } from './checks/retention-short.ts';
import { seriesDoubled } from './checks/series-doubled.ts';
import { storeUnreachable } from './checks/store-unreachable.ts';
import { tenantMismatched } from './checks/tenant-mismatched.ts';
import { volumeFilling, volumeFull } from './checks/volume-full.ts';
import { collectorChecks } from './collector-checks.ts';
import { exactly } from './exact-remedies.ts';
import { installed } from './facts/installed.ts';
import { ids } from './names.ts';
import { nouns } from './nouns.ts';

const shared = sharedChecks(nouns, { ...defaultIds, unreachable: ids.unreachable });
const own = envoyAiGateway.checks.filter(({ hop }) => hop === 'configure' || hop === 'emit');
const at = (hop: Check['hop']): readonly Check[] => own.filter((check) => check.hop === hop);

const checks: readonly Check[] = [
  ...at('configure'),
  clientIdUnsupported,
  policyUnaccepted,
  apiKeysMissing,
  clientIdUnforwarded,
  clientIdUnmapped,
  ...at('emit'),
  ...collectorChecks.discover,
  ...collectorChecks.collect,
  volumeFull,
  volumeFilling,
  storeUnreachable,
  tenantMismatched,
  ...shared.query.filter(({ id }) => id !== defaultIds.countsDisagree),
  seriesDoubled,
  ...shared.query.filter(({ id }) => id === defaultIds.countsDisagree),
  datasourceMissing,
  dashboardUnwatched,
  dashboardUnloaded,
  retentionShort,
  ...shared.present,
];

/** Failures after which nobody's name is on the tokens of a route. */
const nameless = [ids.unsupported, ids.unaccepted, ids.unforwarded, ids.unmapped];
/** Failures after which nobody gets in. */
const closed = [ids.unaccepted, ids.keysMissing];
const repeating = ['duplicate-collectors'];
/** Failures after which counters do not reach the store. */
const collecting = [...collectorChecks.discover, ...collectorChecks.collect].map(({ id }) => id).filter((id) => !repeating.includes(id));

/** What explains failures here beside what explains them where the check comes from. */
const explained: Readonly<Record<string, readonly string[]>> = {
  'mapping-missing': [ids.unmapped],
  'identity-unsourced': [...nameless, ...closed],
  'identity-overridden': [...nameless, ...closed],
  'identity-absent': nameless,
  'identity-partial': nameless,
  'idle-proxies': closed,
  // The log of a collector says it too.
  'collector-unready': [ids.discoveryForbidden],
  'export-failing': [ids.volumeFull, ids.tenantMismatched],
  [ids.unreachable]: [ids.volumeFull],
  [defaultIds.seriesAbsent]: [...closed, ...collecting, ids.volumeFull, ids.unreachable, ids.tenantMismatched],
  [defaultIds.storedIdentityAbsent]: [...nameless, ...collecting],
  [defaultIds.seriesStale]: [...collecting, ids.volumeFull],
  [ids.seriesDoubled]: repeating,
  [defaultIds.countsDisagree]: [...repeating, ids.seriesDoubled],
  [defaultIds.queriesEmpty]: [...nameless, ...closed, ...collecting, ids.tenantMismatched, 'mapping-missing', 'identity-absent'],
  [defaultIds.queriesCollapsed]: [...nameless, ...collecting],
};

const known = new Set(checks.map(({ id }) => id));

/** Titles that speak of Prometheus elsewhere. */
const titles: Readonly<Record<string, string>> = {
  [defaultIds.seriesAbsent]: 'the store holds token series',
  [defaultIds.countsDisagree]: `the store holds the tokens that the ${nouns.many} counted, once`,
  [defaultIds.queriesTooNew]: 'every query parses on the store that answers it',
};

/** A check with what explains its failures in this chain: PodMonitors are no part of it. */
function rewired(check: Check): Check {
  const follows = [...check.follows, ...(explained[check.id] ?? [])].filter((id) => known.has(id));
  return { ...check, title: titles[check.id] ?? check.title, follows: [...new Set(follows)] };
}

/** Token metering from the gateway's API keys through collectors and their store to Grafana: the whole chain of a cluster without a Prometheus of its own. */
export const lgtm: Pipeline = {
  id: 'lgtm',
  title: 'Envoy AI Gateway through collectors to Grafana Mimir',
  installed,
  checks: checks.map(rewired).map(exactly),
  views: { proxies: envoyAiGateway.views.proxies, ...sharedViews(nouns) },
};
