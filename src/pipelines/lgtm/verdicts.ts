import type { Emitter } from '../../facts/emitters.ts';
import type { Verdict } from '../../model/check.ts';
import type { Unread } from '../../model/source.ts';
import { labels } from '../envoy-ai-gateway/names.ts';
import type { EmitterScraping, Scraping } from './facts/scraping.ts';

/** The verdict when there is no sidecar to collect from; null when there is one. */
export function withoutSidecars({ emitters, unread }: Scraping): Verdict | null {
  if (emitters.length > 0) return null;
  return unread.length > 0 ? { status: 'unknown', unread } : { status: 'skip', because: 'there are no sidecars that count tokens' };
}

/** The verdict when no collector is in the way of the sidecars' metrics; null when one is. */
export function withoutCollectors(scraping: Scraping): Verdict | null {
  const none = withoutSidecars(scraping);
  if (none !== null || scraping.collectors.length > 0) return none;
  return scraping.unread.length > 0 ? { status: 'unknown', unread: scraping.unread } : { status: 'skip', because: 'there is no collector' };
}

/** Whether an emitter's metrics leave it without a collector's scrape job. */
export function goesAnotherWay({ prometheuses, pushes }: EmitterScraping): boolean {
  return prometheuses.length > 0 || pushes !== null;
}

/** What is not known of what collectors do, as unread things. */
export function doubtsAsUnread({ doubts }: Pick<Scraping, 'doubts'>): readonly Unread[] {
  const unread = doubts.map(
    ({ collector, why }): Unread => ({ what: `scrape jobs of ${collector.subject}`, reason: 'malformed', message: why, needs: null }),
  );
  return [...new Map(unread.map((each) => [`${each.what} ${each.message}`, each])).values()];
}

/** "sidecar NAMESPACE/POD", "3 sidecars of Gateway NAMESPACE/NAME", "3 sidecars of 2 Gateways": names of pods are long. */
export function sidecars(emitters: readonly Emitter[]): string {
  const [first] = emitters;
  if (first === undefined) return 'no sidecar';
  if (emitters.length === 1) return `sidecar ${first.pod.namespace}/${first.pod.name}`;
  const gateways = [...new Set(emitters.map(gatewayOf))];
  return `${emitters.length} sidecars of ${gateways.length === 1 ? gateways[0] : `${gateways.length} Gateways`}`;
}

function gatewayOf({ pod }: Emitter): string {
  const name = pod.labels[labels.gatewayName];
  if (name === undefined) return `namespace ${pod.namespace}`;
  return `Gateway ${pod.labels[labels.gatewayNamespace] ?? pod.namespace}/${name}`;
}
