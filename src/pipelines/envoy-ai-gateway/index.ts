import { sharedChecks, sharedViews } from '../../checks/shared.ts';
import { defaultIds } from '../../checks/shared-ids.ts';
import type { Pipeline } from '../../model/pipeline.ts';
import { controllerMissing } from './checks/controller-missing.ts';
import { controllerUnready } from './checks/controller-unready.ts';
import { costsUnset } from './checks/costs-unset.ts';
import { extensionUnwired } from './checks/extension-unwired.ts';
import { identityAbsent } from './checks/identity-absent.ts';
import { identityOverridden } from './checks/identity-overridden.ts';
import { identityPartial } from './checks/identity-partial.ts';
import { identityUnsourced } from './checks/identity-unsourced.ts';
import { idleProxies } from './checks/idle-proxies.ts';
import { mappingHazard } from './checks/mapping-hazard.ts';
import { mappingIneffective } from './checks/mapping-ineffective.ts';
import { mappingInvalid } from './checks/mapping-invalid.ts';
import { mappingMissing } from './checks/mapping-missing.ts';
import { metricsUnreadable } from './checks/metrics-unreadable.ts';
import { modelsMixed } from './checks/models-mixed.ts';
import { otlpDouble } from './checks/otlp-double.ts';
import { proxiesAbsent } from './checks/proxies-absent.ts';
import { routeDetached } from './checks/route-detached.ts';
import { seriesOverflow } from './checks/series-overflow.ts';
import { sidecarUnready } from './checks/sidecar-unready.ts';
import { staleMapping } from './checks/stale-mapping.ts';
import { streamsUnmetered } from './checks/streams-unmetered.ts';
import { uninjectedProxies } from './checks/uninjected-proxies.ts';
import { versionSkew } from './checks/version-skew.ts';
import { webhookUnsound } from './checks/webhook-unsound.ts';
import { installed } from './facts/installed.ts';
import { nouns } from './nouns.ts';
import { proxiesView } from './views/proxies.ts';

const { earlier } = defaultIds;
const shared = sharedChecks(nouns, { ...defaultIds, earlier: { ...earlier, silent: [...new Set([...earlier.silent, 'idle-proxies'])] } });
/** Token metering by the ExtProc sidecars of Envoy AI Gateway. */
export const envoyAiGateway: Pipeline = {
  id: 'envoy-ai-gateway',
  title: 'Envoy AI Gateway',
  installed,
  checks: [
    controllerMissing,
    controllerUnready,
    mappingMissing,
    mappingInvalid,
    mappingIneffective,
    mappingHazard,
    identityUnsourced,
    identityOverridden,
    routeDetached,
    extensionUnwired,
    costsUnset,
    webhookUnsound,
    proxiesAbsent,
    uninjectedProxies,
    sidecarUnready,
    staleMapping,
    versionSkew,
    metricsUnreadable,
    idleProxies,
    identityAbsent,
    identityPartial,
    seriesOverflow,
    streamsUnmetered,
    modelsMixed,
    otlpDouble,
    ...shared.expose,
    ...shared.discover,
    ...shared.collect,
    ...shared.query,
    ...shared.present,
  ],
  views: { proxies: proxiesView, ...sharedViews(nouns) },
};
