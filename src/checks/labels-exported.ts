import { type Coverage, coverage, type EndpointCoverage } from '../facts/coverage.ts';
import type { Nouns } from '../facts/emitters.ts';
import { prometheusServers } from '../facts/prometheus.ts';
import { storedSeries } from '../facts/stored-series.ts';
import type { Operation } from '../model/change.ts';
import { defineCheck, type Remedy, verdict } from '../model/check.ts';
import type { Attempt } from '../model/fact.ts';
import { fieldOf, monitorNamed, patching, removing } from './patching.ts';
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
    wants: { coverage: coverage(nouns) },
    judge({ series, servers, coverage }) {
      const none = withoutSeries(series, servers, nouns);
      if (none !== null) return none;
      const findings = series.flatMap(({ server, identities }) =>
        identities
          .filter(({ exported }) => exported.length > 0)
          .map(({ identity, exported }) => ({
            subject: server.subject,
            message: `identity label ${identity.label} is stored as ${exported.join(', ')}, because a label of the target has its name`,
            evidence: { saw: `series with ${exported.join(', ')}`, run: queryRun(`count by (${exported[0]}) (${selectorOf(nouns)})`) },
            remedy: keeping(identity.label, coverage) ?? {
              text: `rename the label, or group by ${exported[0]} instead of ${identity.label}`,
            },
            about: [`label ${identity.label}`],
          })),
      );
      return verdict(findings, unreadSeries(series));
    },
  });
}

/** Labels that say where a series was scraped: whatever takes their names away breaks other queries. */
const ofScrapes = /^(?:job|instance|namespace|pod|container|endpoint|service|node|cluster)$/;

/** The change of every monitor that puts the name on its targets; null where it is not a monitor that does. */
function keeping(label: string, coverage: Attempt<Coverage>): Remedy | null {
  if (coverage.status === 'unread' || ofScrapes.test(label)) return null;
  const guilty = coverage.value.monitors
    .flatMap(({ endpoints }) => endpoints)
    .filter(({ covers }) => covers.some((cover) => cover.dropped === undefined && label in cover.labels));
  if (guilty.length === 0) return null;
  const names = [...new Set(guilty.map(({ monitor, endpoint }) => `endpoint ${endpoint.index} of ${monitor.subject}`))].join(', ');
  const changes = guilty.map((endpoint) => [monitorNamed(endpoint.monitor), sparing(label, endpoint)] as const);
  return patching(`take the target label ${label} away in ${names}`, ...changes);
}

/** Without the relabeling that sets the label; where there is none, the label of the series goes first. */
function sparing(label: string, coverage: EndpointCoverage): readonly Operation[] {
  const at = coverage.endpoint.relabelings.findIndex(({ targetLabel }) => targetLabel === label);
  if (at >= 0) return removing(`${fieldOf(coverage, 'relabelings')}/${at}`, coverage.endpoint.relabelings[at]);
  return [{ op: 'add', path: fieldOf(coverage, 'honorLabels'), value: true }];
}
