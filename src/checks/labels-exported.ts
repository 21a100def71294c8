import type { Nouns } from '../facts/emitters.ts';
import { prometheusServers } from '../facts/prometheus.ts';
import { storedSeries } from '../facts/stored-series.ts';
import { defineCheck, verdict } from '../model/check.ts';
import type { SharedIds } from './shared-ids.ts';
import { queryRun, selectorOf, unreadSeries, withoutSeries } from './stored.ts';

/** Identity labels that had to make way for a target label of the same name. */
export function exportedLabels(nouns: Nouns, ids: SharedIds) {
  return defineCheck({
    id: ids.labelsExported,
    title: 'identity labels keep their names in Prometheus',
    hop: 'collect',
    severity: 'warning',
    why: 'A label that the scrape configuration sets itself takes the name, and the identity is stored as exported_<name>. A query by the plain name groups by the pod instead of by the tenant.',
    fix: 'Give the identity label a name that no scrape configuration uses, or query exported_<name>.',
    follows: ids.earlier.identity,
    needs: { series: storedSeries(nouns), servers: prometheusServers(nouns) },
    judge({ series, servers }) {
      const none = withoutSeries(series, servers, nouns);
      if (none !== null) return none;
      const findings = series.flatMap(({ server, identities }) =>
        identities
          .filter(({ exported }) => exported.length > 0)
          .map(({ identity, exported }) => ({
            subject: server.subject,
            message: `identity label ${identity.label} is stored as ${exported.join(', ')}, because a label of the target has its name`,
            evidence: { saw: `series with ${exported.join(', ')}`, run: queryRun(`count by (${exported[0]}) (${selectorOf(nouns)})`) },
            remedy: { text: `rename the label, or group by ${exported[0]} instead of ${identity.label}` },
            about: [`label ${identity.label}`],
          })),
      );
      return verdict(findings, unreadSeries(series));
    },
  });
}
