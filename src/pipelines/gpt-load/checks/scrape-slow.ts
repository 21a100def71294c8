import { queryRun } from '../../../checks/stored.ts';
import { distinctUnread } from '../../../checks/wording.ts';
import { type Coverage, coverage } from '../../../facts/coverage.ts';
import { defineCheck, type Finding, verdict } from '../../../model/check.ts';
import type { Attempt } from '../../../model/fact.ts';
import { durationOf } from '../../../parse/duration.ts';
import { text } from '../../../parse/fields.ts';
import { storedCounters } from '../facts/stored-counters.ts';
import { nouns } from '../nouns.ts';

/** prometheus config/config.go, DefaultGlobalConfig.ScrapeTimeout. */
const usualTimeout = 10;

/** Scrapes that come near their timeout: each adds up the whole request log. */
export const scrapeSlow = defineCheck({
  id: 'scrape-slow',
  title: 'a scrape ends well before its timeout',
  hop: 'collect',
  severity: 'warning',
  why: 'Every scrape adds up the whole request log, and takes longer the longer the log is. Once it takes longer than the timeout, no counter is stored any more.',
  fix: 'Raise scrapeTimeout and interval of the monitor, keep the request log for fewer days, or add an index over is_success, is_stream, group_name and model.',
  needs: { counters: storedCounters },
  wants: { coverage: coverage(nouns) },
  judge: ({ counters, coverage }) => {
    const unread = distinctUnread(counters.flatMap((server) => server.unread));
    if (counters.length === 0) return { status: 'skip', because: 'no token series is stored' };
    const found = counters.flatMap(({ durations, server }) =>
      durations.flatMap(({ instance, seconds }): readonly Finding[] => {
        const timeout = timeoutOf(instance.key, coverage);
        if (seconds <= timeout / 2) return [];
        return [
          {
            subject: instance.subject,
            message: `a scrape by ${server.subject} takes ${seconds.toFixed(1)} s of a timeout of ${timeout} s: it adds up the whole request log`,
            evidence: {
              saw: `${seconds.toFixed(2)} s on average within 15 minutes`,
              run: queryRun('avg_over_time(scrape_duration_seconds[15m])'),
            },
            remedy: { text: 'raise scrapeTimeout and interval of its monitor, or keep the request log for fewer days' },
            about: [instance.key],
          },
        ];
      }),
    );
    return verdict(found, unread);
  },
});

function timeoutOf(key: string, attempt: Attempt<Coverage>): number {
  if (attempt.status === 'unread') return usualTimeout;
  const { monitors, objects } = attempt.value;
  const own = monitors.flatMap(({ endpoints }) => endpoints).filter(({ covers }) => covers.some(({ emitter }) => emitter.key === key));
  const set = own.map(({ endpoint }) => durationOf(endpoint.scrapeTimeout)).find((seconds) => seconds !== null);
  const global = objects
    .map(({ raw }) => durationOf(text((raw.spec as { scrapeTimeout?: unknown } | undefined)?.scrapeTimeout)))
    .find((each) => each !== null);
  return set ?? global ?? usualTimeout;
}
