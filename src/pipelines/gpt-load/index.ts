import { sharedChecks, sharedViews } from '../../checks/shared.ts';
import { defaultIds } from '../../checks/shared-ids.ts';
import type { Pipeline } from '../../model/pipeline.ts';
import { costsAbsent } from './checks/costs-absent.ts';
import { countersFalling } from './checks/counters-falling.ts';
import { healthFailing } from './checks/health-failing.ts';
import { identityAbsent } from './checks/identity-absent.ts';
import { idlePods } from './checks/idle-pods.ts';
import { metricsAbsent } from './checks/metrics-absent.ts';
import { metricsOpen } from './checks/metrics-open.ts';
import { metricsTokenRefused } from './checks/metrics-token-refused.ts';
import { metricsUnreadable } from './checks/metrics-unreadable.ts';
import { replicasMultiplied } from './checks/replicas-multiplied.ts';
import { scrapeSlow } from './checks/scrape-slow.ts';
import { scrapeUnauthorized } from './checks/scrape-unauthorized.ts';
import { storageUnsound } from './checks/storage-unsound.ts';
import { streamsUnmetered } from './checks/streams-unmetered.ts';
import { tokensAbsent } from './checks/tokens-absent.ts';
import { installed } from './facts/installed.ts';
import { nouns } from './nouns.ts';
import { proxiesView } from './views/proxies.ts';

const unreadable = ['health-failing', 'metrics-absent', 'metrics-unreadable', 'scrape-unauthorized'];
const shared = sharedChecks(nouns, {
  ...defaultIds,
  unmonitored: 'unmonitored-pods',
  earlier: {
    // Without the endpoint there is nothing that a monitor could select.
    ports: ['metrics-absent'],
    unreadable,
    silent: [...unreadable, 'idle-pods'],
    identity: ['identity-absent'],
    relabeling: ['tenants-merged', 'tokens-dropped'],
  },
});

/** Token metering by gpt-load, in builds that have a metrics endpoint. */
export const gptLoad: Pipeline = {
  id: 'gpt-load',
  title: 'gpt-load',
  installed,
  checks: [
    storageUnsound,
    healthFailing,
    metricsAbsent,
    metricsUnreadable,
    metricsTokenRefused,
    idlePods,
    tokensAbsent,
    identityAbsent,
    metricsOpen,
    ...shared.expose,
    ...shared.discover,
    scrapeUnauthorized,
    ...shared.collect,
    scrapeSlow,
    ...shared.query,
    countersFalling,
    replicasMultiplied,
    ...shared.present,
    streamsUnmetered,
    costsAbsent,
  ],
  views: { proxies: proxiesView, ...sharedViews(nouns) },
};
