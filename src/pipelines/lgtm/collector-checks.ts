import type { Check } from '../../model/check.ts';
import { collectorMissing } from './checks/collector-missing.ts';
import { collectorUnready } from './checks/collector-unready.ts';
import { discoveryForbidden } from './checks/discovery-forbidden.ts';
import { duplicateCollectors } from './checks/duplicate-collectors.ts';
import { exportFailing } from './checks/export-failing.ts';
import { overrideIgnored } from './checks/override-ignored.ts';
import { proxiesWalled } from './checks/proxies-walled.ts';
import { receiverUnwired } from './checks/receiver-unwired.ts';
import { replacementMisescaped } from './checks/replacement-misescaped.ts';
import { unscrapedProxies } from './checks/unscraped-proxies.ts';

/** The links from the sidecars to the store, in data-path order. */
export const collectorChecks: { readonly discover: readonly Check[]; readonly collect: readonly Check[] } = {
  discover: [collectorMissing, replacementMisescaped, overrideIgnored, unscrapedProxies, discoveryForbidden],
  collect: [collectorUnready, receiverUnwired, proxiesWalled, duplicateCollectors, exportFailing],
};
