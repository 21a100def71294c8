import type { OtherWorld } from '../world.ts';
import { collectorWorlds } from './collector.ts';
import { loggedWorlds } from './logged.ts';
import { policyWorlds } from './policy.ts';
import { sharedWorlds } from './shared.ts';
import { storeWorlds } from './store.ts';

/** Worlds with API keys, a collector, a Mimir and a Grafana. */
export const lgtmWorlds: readonly OtherWorld[] = [
  ...policyWorlds,
  ...storeWorlds,
  ...sharedWorlds,
  ...collectorWorlds,
  ...loggedWorlds,
];
