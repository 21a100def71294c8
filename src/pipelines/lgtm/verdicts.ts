import type { Emitter } from '../../facts/emitters.ts';
import type { Verdict } from '../../model/check.ts';
import type { Unread } from '../../model/source.ts';
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

/** "sidecar gw/a", "3 sidecars (gw/a and 2 more)". */
export function sidecars(emitters: readonly Emitter[]): string {
  const [first] = emitters;
  const name = `${first?.pod.namespace}/${first?.pod.name}`;
  return emitters.length === 1 ? `sidecar ${name}` : `${emitters.length} sidecars (${name} and ${emitters.length - 1} more)`;
}
