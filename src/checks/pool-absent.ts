import { type Coverage, coverage, doubtsOf, type EndpointCoverage, seenBy, takenBy } from '../facts/coverage.ts';
import type { Nouns } from '../facts/emitters.ts';
import { rejectionsOf } from '../facts/rejection.ts';
import { type ServerTargets, targets } from '../facts/targets.ts';
import { defineCheck, type Finding, verdict } from '../model/check.ts';
import type { SharedIds } from './shared-ids.ts';
import { counted, distinctUnread, keysOf, monitorOf, prometheusRun, withoutEmitters } from './wording.ts';

/** Monitors that a Prometheus ought to have as scrape pools and does not. */
export function absentPools(nouns: Nouns, ids: SharedIds) {
  return defineCheck({
    id: ids.poolAbsent,
    title: `Prometheus has a scrape pool for each ${monitorOf(nouns)} of the ${nouns.many}`,
    hop: 'collect',
    severity: 'error',
    why: 'A PodMonitor works once it has become a scrape pool of the running Prometheus. A reload that failed or an operator that is stuck leaves the old configuration in force, silently.',
    fix: 'Look at the operator and at the config-reloader, and reload Prometheus.',
    follows: [ids.operatorMissing, ids.unselected, ids.rejected],
    needs: { coverage: coverage(nouns), targets: targets(nouns) },
    judge({ coverage, targets }) {
      const none = withoutEmitters(coverage.emitters, coverage.unread, nouns);
      if (none !== null) return none;
      const doubts = doubtsOf(coverage);
      const expected = targets.servers
        .map((server) => ({ server, endpoints: expectedOf(server, coverage) }))
        .filter(({ endpoints }) => endpoints.length > 0);
      if (expected.length === 0 && doubts.length === 0)
        return { status: 'skip', because: `no Prometheus that answers is known to take a ${monitorOf(nouns)} of the ${nouns.many}` };
      const findings = expected.flatMap(({ server, endpoints }) => findingsOf(server, endpoints, coverage, nouns));
      const silent = expected.filter(({ server }) => server.pools === null && server.active === 0).flatMap(({ server }) => server.unread);
      return verdict(findings, distinctUnread([...doubts, ...silent]));
    },
  });
}

/** A paused object is told by the selection, a rejected monitor by its rejection. */
function expectedOf({ server: { object } }: ServerTargets, coverage: Coverage): readonly EndpointCoverage[] {
  if (object === null || object.paused) return [];
  return takenBy(object, coverage).filter(({ monitor }) => rejectionsOf(monitor, object).length === 0);
}

function findingsOf(server: ServerTargets, endpoints: readonly EndpointCoverage[], coverage: Coverage, nouns: Nouns): readonly Finding[] {
  const { pools } = server;
  const { object, subject } = server.server;
  if (pools === null || object === null) return [];
  return endpoints
    .filter(({ pool }) => !pools.includes(pool))
    .map((endpoint) => {
      const emitters = seenBy(object, endpoint).map(({ emitter }) => emitter);
      const { saw, text, remedy } = cause(server, coverage);
      return {
        subject: endpoint.monitor.subject,
        message: `${subject} has no scrape pool ${endpoint.pool}, which would scrape ${counted(emitters.length, nouns)}${text}`,
        evidence: { saw: `${pools.length} scrape pools${saw}`, run: prometheusRun('/api/v1/scrape_pools') },
        remedy: { text: remedy },
        about: [endpoint.monitor.key, ...keysOf(emitters)],
      };
    });
}

/** Why the configuration in force is an old one, as far as it shows. */
function cause(
  { reload, server }: ServerTargets,
  { operators }: Coverage,
): { readonly text: string; readonly saw: string; readonly remedy: string } {
  if (reload?.success === false) {
    const since = reload.at === null ? '' : ` (the last good one is of ${reload.at})`;
    const remedy = 'read the log of the prometheus container for what it refuses in its configuration';
    return { text: `: its last reload failed${since}`, saw: ', reloadConfigSuccess: false', remedy };
  }
  const stopped = operators.find(({ ready }) => ready === 0);
  if (stopped !== undefined)
    return {
      text: `: ${stopped.subject} has no ready pod, so nobody writes its configuration`,
      saw: `, ${stopped.subject} 0 ready`,
      remedy: `mend ${stopped.subject}`,
    };
  return { text: '', saw: '', remedy: `read the log of the operator and of the config-reloader in the pods of ${server.subject}` };
}
