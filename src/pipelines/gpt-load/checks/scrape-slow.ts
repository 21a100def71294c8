import { fieldOf, monitorNamed, type Patched, patching } from '../../../checks/patching.ts';
import { queryRun } from '../../../checks/stored.ts';
import { distinctUnread } from '../../../checks/wording.ts';
import { type Coverage, coverage, type EndpointCoverage } from '../../../facts/coverage.ts';
import type { Operation } from '../../../model/change.ts';
import { defineCheck, type Finding, type Remedy, verdict } from '../../../model/check.ts';
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
        const own = endpointsOf(instance.key, coverage);
        const timeout = timeoutOf(own, coverage);
        if (seconds <= timeout / 2) return [];
        return [
          {
            subject: instance.subject,
            message: `a scrape by ${server.subject} takes ${seconds.toFixed(1)} s of a timeout of ${timeout} s: it adds up the whole request log`,
            evidence: {
              saw: `${seconds.toFixed(2)} s on average within 15 minutes`,
              run: queryRun('avg_over_time(scrape_duration_seconds[15m])'),
            },
            remedy: patient(own, seconds, coverage) ?? {
              text: 'raise scrapeTimeout and interval of its monitor, or keep the request log for fewer days',
            },
            about: [instance.key],
          },
        ];
      }),
    );
    return verdict(found, unread);
  },
});

function endpointsOf(key: string, attempt: Attempt<Coverage>): readonly EndpointCoverage[] {
  const all = attempt.status === 'read' ? attempt.value.monitors.flatMap(({ endpoints }) => endpoints) : [];
  return all.filter(({ covers }) => covers.some(({ emitter }) => emitter.key === key));
}

/** A timeout of four times what a scrape takes, in tens of seconds; the interval may not be shorter. Null where no monitor is known, or nothing that a minute would do. */
function patient(own: readonly EndpointCoverage[], seconds: number, attempt: Attempt<Coverage>): Remedy | null {
  const timeout = Math.ceil((4 * seconds) / 10) * 10;
  if (own.length === 0 || timeout > 60) return null;
  const usual = attempt.status === 'read' ? attempt.value.objects.flatMap(({ scrapeInterval }) => durationOf(scrapeInterval) ?? []) : [];
  const changes = own.map((coverage): readonly [Patched, readonly Operation[]] => {
    const interval = durationOf(coverage.endpoint.interval) ?? Math.min(...usual);
    const longer: Operation = { op: 'add', path: fieldOf(coverage, 'interval'), value: `${timeout}s` };
    const patience: Operation = { op: 'add', path: fieldOf(coverage, 'scrapeTimeout'), value: `${timeout}s` };
    return [monitorNamed(coverage.monitor), interval >= timeout ? [patience] : [longer, patience]];
  });
  return patching(`give a scrape ${timeout} s, and let scrapes be as far apart`, ...changes);
}

function timeoutOf(own: readonly EndpointCoverage[], attempt: Attempt<Coverage>): number {
  if (attempt.status === 'unread') return usualTimeout;
  const { objects } = attempt.value;
  const set = own.map(({ endpoint }) => durationOf(endpoint.scrapeTimeout)).find((seconds) => seconds !== null);
  const global = objects
    .map(({ raw }) => durationOf(text((raw.spec as { scrapeTimeout?: unknown } | undefined)?.scrapeTimeout)))
    .find((each) => each !== null);
  return set ?? global ?? usualTimeout;
}
