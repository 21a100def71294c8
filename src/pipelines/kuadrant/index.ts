import { sharedChecks, sharedViews } from '../../checks/shared.ts';
import { defaultIds } from '../../checks/shared-ids.ts';
import type { Pipeline } from '../../model/pipeline.ts';
import { apiKeysUnannotated } from './checks/api-keys-unannotated.ts';
import { authUnenforced } from './checks/auth-unenforced.ts';
import { authUnreferenced } from './checks/auth-unreferenced.ts';
import { crdsMissing } from './checks/crds-missing.ts';
import { extensionsDisabled } from './checks/extensions-disabled.ts';
import { gatewayErrors } from './checks/gateway-errors.ts';
import { gatewayUnready } from './checks/gateway-unready.ts';
import { identityAbsent } from './checks/identity-absent.ts';
import { identityEmpty } from './checks/identity-empty.ts';
import { identityUnexposed } from './checks/identity-unexposed.ts';
import { idleLimitador } from './checks/idle-limitador.ts';
import { kuadrantUnready } from './checks/kuadrant-unready.ts';
import { labelsDefaultMissing } from './checks/labels-default-missing.ts';
import { limitadorOutdated } from './checks/limitador-outdated.ts';
import { limitadorUnready } from './checks/limitador-unready.ts';
import { limitsOverlapping } from './checks/limits-overlapping.ts';
import { limitsUnenforced } from './checks/limits-unenforced.ts';
import { limitsUnprogrammed } from './checks/limits-unprogrammed.ts';
import { metricsUnreadable } from './checks/metrics-unreadable.ts';
import { monitorChurn } from './checks/monitor-churn.ts';
import { monitorsDisabled } from './checks/monitors-disabled.ts';
import { pathsUnlimited } from './checks/paths-unlimited.ts';
import { predicateHazard } from './checks/predicate-hazard.ts';
import { providerUnknown } from './checks/provider-unknown.ts';
import { requestsCounted } from './checks/requests-counted.ts';
import { scrapeWalled } from './checks/scrape-walled.ts';
import { telemetryHazard } from './checks/telemetry-hazard.ts';
import { telemetryUnenforced } from './checks/telemetry-unenforced.ts';
import { tokensUnextracted } from './checks/tokens-unextracted.ts';
import { wasmMissing } from './checks/wasm-missing.ts';
import { installed } from './facts/installed.ts';
import { nouns } from './nouns.ts';
import { proxiesView } from './views/proxies.ts';

/** Failures after which Limitador does not answer a scraper. */
const unreadable = ['crds-missing', 'kuadrant-unready', 'limitador-unready', 'telemetry-hazard', 'metrics-unreadable'];
/** Failures after which it has no tokens to show. */
const silent = [
  ...unreadable,
  'limitador-outdated',
  'provider-unknown',
  'gateway-unready',
  'auth-unenforced',
  'identity-unexposed',
  'limits-unenforced',
  'predicate-hazard',
  'paths-unlimited',
  'wasm-missing',
  'limits-unprogrammed',
  'idle-limitador',
  'tokens-unextracted',
];

const shared = sharedChecks(nouns, {
  ...defaultIds,
  unmonitored: 'unmonitored-limitadors',
  earlier: {
    ports: ['limitador-unready'],
    unreadable,
    silent,
    identity: [
      'extensions-disabled',
      'labels-default-missing',
      'auth-unenforced',
      'identity-unexposed',
      'api-keys-unannotated',
      'auth-unreferenced',
      'telemetry-unenforced',
      'telemetry-hazard',
      'wasm-missing',
      'identity-absent',
      'identity-empty',
    ],
    relabeling: ['tenants-merged', 'tokens-dropped'],
  },
});

const [operatorMissing, ...others] = shared.discover;
// Where the operator was not told to make monitors, there is none that could select the pods.
const discover = others.map((check) =>
  check.id === 'unmonitored-limitadors' ? { ...check, follows: [...check.follows, monitorsDisabled.id] } : check,
);

// What is between Prometheus and the pods says more than that scrapes fail.
const collect = shared.collect.map((check) =>
  check.id === 'targets-down' ? { ...check, follows: [...check.follows, scrapeWalled.id] } : check,
);

/** Token metering by the Limitador of Kuadrant. */
export const kuadrant: Pipeline = {
  id: 'kuadrant',
  title: 'Kuadrant',
  installed,
  checks: [
    crdsMissing,
    kuadrantUnready,
    extensionsDisabled,
    limitadorUnready,
    limitadorOutdated,
    labelsDefaultMissing,
    providerUnknown,
    gatewayUnready,
    authUnenforced,
    identityUnexposed,
    apiKeysUnannotated,
    limitsUnenforced,
    authUnreferenced,
    predicateHazard,
    pathsUnlimited,
    limitsOverlapping,
    telemetryUnenforced,
    telemetryHazard,
    wasmMissing,
    limitsUnprogrammed,
    metricsUnreadable,
    idleLimitador,
    tokensUnextracted,
    identityAbsent,
    identityEmpty,
    requestsCounted,
    gatewayErrors,
    ...shared.expose,
    ...(operatorMissing === undefined ? [] : [operatorMissing]),
    monitorsDisabled,
    ...discover,
    monitorChurn,
    scrapeWalled,
    ...collect,
    ...shared.query,
    ...shared.present,
  ],
  views: { proxies: proxiesView, ...sharedViews(nouns) },
};
