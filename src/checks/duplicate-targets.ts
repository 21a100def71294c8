import type { Nouns } from '../facts/emitters.ts';
import { differences, doubled, storedSeries } from '../facts/stored-series.ts';
import { type EmitterTarget, type ServerTargets, targets } from '../facts/targets.ts';
import { defineCheck, type Finding, verdict } from '../model/check.ts';
import { grouped } from '../parse/grouped.ts';
import type { SharedIds } from './shared-ids.ts';
import { distinctUnread, keysOf, named, prometheusRun, times } from './wording.ts';

// Two counts of one counter differ by what came between two scrapes: less than this is not counting twice.
const noise = 1.05;

/** Pod addresses that one Prometheus scrapes as several targets; shards share targets out and replicas are not compared. */
export function duplicateTargets(nouns: Nouns, ids: SharedIds) {
  return defineCheck({
    id: ids.duplicateTargets,
    title: `Prometheus scrapes each ${nouns.one} once`,
    hop: 'collect',
    severity: 'error',
    why: 'Two targets at one address with different labels make two series of each counter. Every sum over them counts each token twice, and so does the bill.',
    fix: 'Take the address out of all scrape pools but one.',
    follows: [ids.duplicateMonitors],
    needs: { targets: targets(nouns) },
    wants: { series: storedSeries(nouns) },
    judge({ targets, series }) {
      const unread = distinctUnread(targets.servers.flatMap((server) => server.unread));
      const all = targets.servers.flatMap((server) => server.targets);
      if (all.length === 0 && unread.length === 0) return { status: 'skip', because: `no ${nouns.one} is a target` };
      const findings = targets.servers.flatMap((server) => {
        const stored = series.status === 'read' ? series.value.find((it) => it.server.key === server.server.key) : undefined;
        return findingsOf(server, stored?.overcount ?? null, nouns);
      });
      return verdict(findings, unread);
    },
  });
}

function findingsOf(server: ServerTargets, factor: number | null, nouns: Nouns): readonly Finding[] {
  const sets = grouped(doubled(server.targets), (copies) => [...copies.map(({ pool }) => pool)].sort().join(' '));
  return [...sets.values()].map((same) => finding(same, server, factor, nouns));
}

function finding(same: readonly (readonly EmitterTarget[])[], { server }: ServerTargets, factor: number | null, nouns: Nouns): Finding {
  const [copies] = same as readonly [readonly [EmitterTarget, EmitterTarget]];
  const emitters = same.flatMap((it) => it.slice(0, 1).map(({ emitter }) => emitter));
  const pools = [...new Set(copies.map(({ pool }) => pool))].sort();
  const labels = [...new Set(same.flatMap(differences))].sort();
  const once = labels.length === 0 || (factor !== null && factor < noise);
  const place = pools.length > 1 ? `scrape pools ${pools.join(' and ')}` : `${copies.length} targets of scrape pool ${pools[0]}`;
  return {
    subject: copies[0].emitter.subject,
    message: `${named(emitters, nouns)} ${emitters.length === 1 ? 'is' : 'are'} scraped by ${place} of ${server.subject}${effect(labels, factor)}`,
    evidence: { saw: copies.map(({ pool, url }) => `${pool} ${url}`).join(', '), run: prometheusRun('/api/v1/targets?state=active') },
    remedy: { text: `take ${nouns.many} out of all but one: ${pools.join(', ')}${unreadJobs(pools)}` },
    ...(once ? { severity: 'warning' as const } : {}),
    about: keysOf(emitters),
  };
}

/** Why there is no exact change: jobs that no object of the operator made stand where nothing is read. */
function unreadJobs(pools: readonly string[]): string {
  const byHand = pools.filter((pool) => !/^(?:podMonitor|serviceMonitor|probe|scrapeConfig)\//.test(pool));
  return byHand.length === 0 ? '' : '; hand-written jobs stand in a Secret or a file, which is not read';
}

function effect(labels: readonly string[], factor: number | null): string {
  if (labels.length === 0) return ' with the same labels, so that sums stay right';
  const apart = `; their series differ in ${labels.join(', ')}`;
  if (factor === null) return `${apart}, so that every sum counts each token more than once`;
  if (factor < noise) return `${apart}, and stored sums are right nevertheless (${times(factor)})`;
  return `${apart}, and stored sums come out ${times(factor)} too high`;
}
