import type { Nouns } from '../facts/emitters.ts';
import { prometheusServers, type Server, type Servers } from '../facts/prometheus.ts';
import { storedSeries } from '../facts/stored-series.ts';
import { targets } from '../facts/targets.ts';
import { defineCheck, verdict } from '../model/check.ts';
import type { Unread } from '../model/source.ts';
import { buildText } from '../parse/promapi.ts';
import type { SharedIds } from './shared-ids.ts';
import { distinctUnread } from './wording.ts';

/** Whether every Prometheus that ought to scrape the emitters answers, and what the ones that answer cannot tell. It never fails: not to reach one is no fault of the cluster. */
export function unreachablePrometheus(nouns: Nouns, ids: SharedIds) {
  return defineCheck({
    id: ids.unreachable,
    title: 'Prometheus answers',
    hop: 'collect',
    severity: 'error',
    why: 'What Prometheus scrapes and stores can only be judged by asking it. As long as it does not answer, nothing past the PodMonitors is known to be sound.',
    fix: 'Name the Prometheus with --prometheus, and give it --prometheus-token-file or --prometheus-header when it asks for them.',
    needs: { servers: prometheusServers(nouns) },
    wants: { targets: targets(nouns), series: storedSeries(nouns) },
    judge({ servers, targets, series }) {
      if (servers.servers.length === 0) return { status: 'unknown', unread: [noPrometheus(servers)] };
      const unread = [
        ...servers.servers.flatMap((server) => server.unread),
        ...(targets.status === 'read' ? targets.value.servers.flatMap((server) => server.unread) : [targets.unread]),
        ...(series.status === 'read' ? series.value.flatMap((server) => server.unread) : [series.unread]),
      ];
      return verdict([], distinctUnread(unread), servers.servers.map(described).join('; '));
    },
  });
}

/** That no Prometheus was found, as something that could not be read. */
export function noPrometheus({ lookedFor }: Servers): Unread {
  const message = `no Prometheus was found (looked for ${lookedFor.join(' and ')}): name one with --prometheus`;
  return { what: 'find Prometheus', reason: 'absent', message, needs: '--prometheus' };
}

function described({ subject, shards }: Server): string {
  const builds = [...new Set(shards.map(({ build }) => buildText(build)))];
  return `${subject}: ${builds.join(', ')}${shards.length > 1 ? `, ${shards.length} shards` : ''}`;
}
