import type { Nouns } from '../facts/emitters.ts';
import { prometheusServers } from '../facts/prometheus.ts';
import { type ServerSeries, storedSeries } from '../facts/stored-series.ts';
import { defineCheck, verdict } from '../model/check.ts';
import type { SharedIds } from './shared-ids.ts';
import { queryRun, selectorOf, unreadSeries, withoutSeries } from './stored.ts';

/** Token series under several names at once, as during an upgrade or with two kinds of scraper. */
export function mixedSpellings(nouns: Nouns, ids: SharedIds) {
  return defineCheck({
    id: ids.spellingsMixed,
    title: 'token series are stored under one name',
    hop: 'query',
    severity: 'warning',
    why: 'A query names one spelling. While several are stored, it sees only a part of the tokens, and the sum is too low without any error.',
    fix: 'Sum over all spellings with {__name__=~"…"} until the upgrade is through, or make the scrapers agree on one escaping scheme.',
    needs: { series: storedSeries(nouns), servers: prometheusServers(nouns) },
    judge({ series, servers }) {
      const none = withoutSeries(series, servers, nouns);
      if (none !== null) return none;
      const findings = series
        .filter(({ names, former }) => names.length > 0 && names.length + former.length > 1)
        .map(({ server, names, former }) => ({
          subject: server.subject,
          message: `stores ${[...names.map(now), ...former.map(before)].join(' and ')}: a total needs all of them`,
          evidence: {
            saw: [...names, ...former].map(({ name }) => name).join(', '),
            run: queryRun(`count by (__name__) (${selectorOf(nouns)})`),
          },
          remedy: { text: `sum over ${selectorOf(nouns)} in dashboards and rules` },
        }));
      return verdict(findings, unreadSeries(series));
    },
  });
}

type Stored = ServerSeries['names'][number];

const now = ({ name, series }: Stored): string => `${name} (${series} series)`;
const before = ({ name, series }: Stored): string => `${name} (${series} series within the last hour)`;
