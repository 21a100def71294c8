import { type Coverage, coverage } from '../facts/coverage.ts';
import type { Nouns } from '../facts/emitters.ts';
import { prometheusServers, type Server } from '../facts/prometheus.ts';
import { type ServerSeries, storedSeries } from '../facts/stored-series.ts';
import { type Targets, targets } from '../facts/targets.ts';
import { defineCheck, type Finding, verdict } from '../model/check.ts';
import type { Attempt } from '../model/fact.ts';
import type { Unread } from '../model/source.ts';
import { ageText, durationOf } from '../parse/duration.ts';
import type { SharedIds } from './shared-ids.ts';
import { metered, queryRun, selectorOf, unreadSeries, withoutSeries } from './stored.ts';
import { distinctUnread } from './wording.ts';

// prometheus config/config.go DefaultGlobalConfig
const usualInterval = 60;

/** Stored token series whose newest sample is older than two scrapes. */
export function staleSeries(nouns: Nouns, ids: SharedIds) {
  return defineCheck({
    id: ids.seriesStale,
    title: 'stored token series are fresh',
    hop: 'query',
    severity: 'warning',
    why: 'Samples that stop coming still answer queries for five minutes. What was used since is missing from every rate, and then from the bill.',
    fix: 'Find out why scrapes or remote writes stopped: targets of Prometheus, its log, the queue of remote write.',
    follows: [ids.unmonitored, ids.unselected, ids.rejected, ids.poolAbsent, ids.targetsMissing, ids.targetsDown, ids.seriesAbsent],
    needs: { series: storedSeries(nouns), servers: prometheusServers(nouns) },
    wants: { targets: targets(nouns), coverage: coverage(nouns), emissions: nouns.emissions },
    judge({ series, servers, targets, coverage, emissions }) {
      const busy = emissions.status === 'read' && metered(emissions.value.read).length > 0;
      const ended = busy ? series.filter(({ lastAge }) => lastAge !== null) : [];
      const none = withoutSeries(series, servers, nouns);
      if (none !== null && ended.length === 0) return none;
      const stored = series.filter(({ names }) => names.length > 0);
      const findings = [...stored, ...ended].flatMap((server) => findingsOf(server, intervalOf(server.server, targets, coverage), nouns));
      const undated = stored.filter(({ age }) => age === null).map(({ server }): Unread => untold(server));
      return verdict(findings, distinctUnread([...unreadSeries(series), ...undated]));
    },
  });
}

function untold({ subject }: Server): Unread {
  return {
    what: `timestamp() on ${subject}`,
    reason: 'malformed',
    message: `${subject} does not tell when its newest token sample was taken`,
    needs: null,
  };
}

/** Series that have ended answer nothing any more, and were there within the hour. */
function findingsOf({ server, ...series }: ServerSeries, interval: number, nouns: Nouns): readonly Finding[] {
  const age = series.age ?? series.lastAge;
  if (age === null || age <= 2 * interval) return [];
  return [
    {
      subject: server.subject,
      message: `the newest token sample is ${ageText(age)} old and the scrape interval is ${ageText(interval)}`,
      evidence: { saw: `newest sample ${ageText(age)} ago`, run: queryRun(`time() - max(timestamp(${selectorOf(nouns)}))`) },
    },
  ];
}

/** The longest interval at which the emitters are scraped: of the targets, else of the PodMonitors. */
function intervalOf({ key, object }: Server, targets: Attempt<Targets>, coverage: Attempt<Coverage>): number {
  const own = targets.status === 'read' ? targets.value.servers.find(({ server }) => server.key === key) : undefined;
  const endpoints = coverage.status === 'read' ? coverage.value.monitors.flatMap((monitor) => monitor.endpoints) : [];
  const declared = endpoints
    .filter(({ covers }) => covers.length > 0)
    .map(({ endpoint }) => endpoint.interval ?? object?.scrapeInterval ?? null);
  const known = (texts: readonly (string | null)[]): readonly number[] =>
    texts
      .map(durationOf)
      .filter((seconds) => seconds !== null)
      .filter((seconds) => seconds > 0);
  const [seen, promised] = [known((own?.targets ?? []).map(({ interval }) => interval)), known(declared)];
  if (seen.length > 0) return Math.max(...seen);
  return promised.length > 0 ? Math.max(...promised) : usualInterval;
}
