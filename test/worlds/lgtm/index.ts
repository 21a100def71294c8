import type { OtherWorld } from '../world.ts';
import { collectorWorlds } from './collector.ts';
import { discoveryWorlds } from './discovery.ts';
import { loadedWorlds } from './loaded.ts';
import { loggedWorlds } from './logged.ts';
import { policyWorlds } from './policy.ts';
import { sharedWorlds } from './shared.ts';
import { storeWorlds } from './store.ts';
import { volumeWorlds } from './volumes.ts';

/** Worlds with API keys, a collector, a Mimir and a Grafana. */
export const lgtmWorlds: readonly OtherWorld[] = [
  ...policyWorlds,
  ...storeWorlds,
  ...sharedWorlds,
  ...collectorWorlds,
  ...loggedWorlds,
  ...discoveryWorlds,
  ...volumeWorlds,
  ...loadedWorlds,
];
