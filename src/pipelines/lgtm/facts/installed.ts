import { raise } from '../../../facts/listed.ts';
import { mimirs } from '../../../facts/mimir.ts';
import { prometheusServers, type Servers } from '../../../facts/prometheus.ts';
import { targets } from '../../../facts/targets.ts';
import { type Attempt, defineFact } from '../../../model/fact.ts';
import type { Installed } from '../../../model/pipeline.ts';
import { installed as gatewayInstalled } from '../../envoy-ai-gateway/facts/installed.ts';
import { nouns as gateway } from '../../envoy-ai-gateway/nouns.ts';
import { type Scraping, scraping } from './scraping.ts';

const lookedFor = ['an AI gateway whose metrics a collector writes to a store, or a Grafana Mimir beside it'];

/**
 * Whether token metrics reach a store through a collector, or are meant to: a job scrapes sidecars, or there is a Mimir or a collector that writes
 * what it scrapes of pods, and no Prometheus scrapes the sidecars itself.
 */
export const installed = defineFact({
  id: 'lgtm',
  title: 'collectors and their store',
  needs: { gatewayInstalled },
  wants: { scraping, mimirs, servers: prometheusServers(gateway), targets: targets(gateway) },
  read: ({ gatewayInstalled, scraping, mimirs, servers, targets }, { options }): Installed => {
    if (gatewayInstalled.status === 'absent') return { status: 'absent', lookedFor };
    if (scraping.status === 'unread') return raise(scraping.unread);
    const stores = mimirs.status === 'read' ? mimirs.value.read : [];
    const scrapes = scraping.value.emitters.some((each) => each.scrapes.length > 0);
    const direct =
      scraping.value.emitters.some((each) => each.prometheuses.length > 0) ||
      (targets.status === 'read' && targets.value.servers.some((server) => server.targets.some(({ ownPath }) => ownPath)));
    const meant = !direct && (stores.length > 0 || scraping.value.collectors.some(writesPods));
    if (!scrapes && !meant) {
      const [unread] = [...scraping.value.unread, ...(mimirs.status === 'read' ? mimirs.value.unread : [mimirs.unread])].filter(
        ({ reason }) => reason !== 'absent',
      );
      return unread === undefined || direct ? { status: 'absent', lookedFor } : raise(unread);
    }
    const covers = !direct && (scrapes || isWithoutPrometheus(servers, options.prometheus !== null)) ? ['envoy-ai-gateway'] : [];
    return { status: 'installed', variant: gatewayInstalled.variant, summary: summaryOf(gatewayInstalled.summary, scraping.value), covers };
  },
});

/** A collector that scrapes pods and writes to a store; one of logs or traces alone does neither. */
function writesPods({ jobs, exporters }: Scraping['collectors'][number]): boolean {
  const stores = exporters.filter(({ used, kind }) => used && (kind === 'remote-write' || kind === 'otlp')).map(({ id }) => id);
  return jobs.some(
    ({ discovery, wiredTo }) =>
      wiredTo.some((id) => stores.includes(id)) &&
      discovery.some((each) => each.by === 'podmonitors' || (each.by === 'kubernetes' && each.role === 'pod')),
  );
}

/** A Mimir that the user named scrapes nothing, and does not make a Prometheus. */
function isWithoutPrometheus(servers: Attempt<Servers>, named: boolean): boolean {
  if (servers.status === 'unread') return false;
  if (!named) return servers.value.servers.length === 0;
  return servers.value.servers.every(({ shards }) => shards.length > 0 && shards.every(({ build }) => build.product === 'mimir'));
}

function summaryOf(about: string, { collectors }: Scraping): string {
  return `${about}, ${collectors.length} ${collectors.length === 1 ? 'collector' : 'collectors'}`;
}
