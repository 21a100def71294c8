import { type Coverage, coverage, type EndpointCoverage, type MonitorCoverage } from '../facts/coverage.ts';
import type { Nouns } from '../facts/emitters.ts';
import { portText } from '../facts/monitors.ts';
import type { PrometheusObject } from '../facts/prometheus-objects.ts';
import { rejectionsOf } from '../facts/rejection.ts';
import { storedSeries } from '../facts/stored-series.ts';
import { type EmitterTarget, type ServerTargets, targets } from '../facts/targets.ts';
import { defineView } from '../model/pipeline.ts';
import { ageText } from '../parse/duration.ts';
import { explained } from './near-miss.ts';
import { ageCell } from './proxies-table.ts';
import { distinctUnread, enumerated, monitorsOf } from './wording.ts';

/** PodMonitor endpoints that match emitters or nearly do, and who takes them. */
export function monitorsView(nouns: Nouns) {
  return defineView({
    name: 'monitors',
    title: 'PodMonitors',
    needs: { coverage: coverage(nouns) },
    table({ coverage }) {
      const rows = coverage.monitors.flatMap((monitor) =>
        monitor.endpoints
          .filter(({ covers, misses }) => covers.length + misses.length > 0)
          .map((endpoint) => monitorRow(monitor, endpoint, coverage, nouns)),
      );
      return {
        columns: ['NAMESPACE', 'NAME', 'ENDPOINT', 'PORT', 'MATCHES', 'SELECTED BY', 'PROBLEM'].map((name) => ({ name })),
        rows: rows.map((row) => [
          row.namespace,
          row.name,
          String(row.endpoint),
          row.port,
          `${row.matches}/${row.of}`,
          row.selectedBy.join(',') || '<none>',
          row.problem ?? '',
        ]),
        items: rows,
        unread: distinctUnread([...coverage.unread, ...coverage.objectsUnread]),
        empty: `no ${monitorsOf(nouns)} matches ${nouns.many} or comes near`,
      };
    },
  });
}

function monitorRow({ monitor, selections }: MonitorCoverage, coverage: EndpointCoverage, { emitters, monitors }: Coverage, nouns: Nouns) {
  const takers = selections.filter(({ outcome }) => outcome.status === 'selected').map(({ object }) => object);
  return {
    namespace: monitor.namespace,
    name: monitor.name,
    endpoint: coverage.endpoint.index,
    port: portText(coverage.endpoint).replace('port: ', ''),
    matches: new Set(coverage.covers.filter(({ dropped }) => dropped === undefined).map(({ emitter }) => emitter.key)).size,
    of: emitters.length,
    selectedBy: takers.map((object) => `${object.namespace}/${object.name}`),
    problem: problemOf(coverage, takers, nouns) ?? besides(coverage, takers, monitors),
  };
}

function problemOf(coverage: EndpointCoverage, takers: readonly PrometheusObject[], nouns: Nouns): string | null {
  const [miss] = coverage.misses;
  if (coverage.covers.length === 0 && miss !== undefined) {
    return miss.failing.map((condition) => explained(condition, coverage, coverage.misses, nouns).text).join('; ');
  }
  if (takers.length === 0) return 'no Prometheus takes it';
  if (coverage.covers.some(({ dropped }) => dropped !== undefined)) return 'its relabelings drop pods';
  return takers.flatMap((object) => rejectionsOf(coverage.monitor, object))[0]?.text ?? null;
}

/** The other endpoints that scrape the same emitters for the same Prometheus. */
function besides(own: EndpointCoverage, takers: readonly PrometheusObject[], monitors: readonly MonitorCoverage[]): string | null {
  const keys = new Set(own.covers.map(({ emitter }) => emitter.key));
  const rivals = monitors
    .filter(({ selections }) => selections.some(({ object, outcome }) => outcome.status === 'selected' && takers.includes(object)))
    .flatMap(({ endpoints }) => endpoints)
    .filter((other) => other.pool !== own.pool && other.covers.some(({ emitter }) => keys.has(emitter.key)));
  return rivals.length === 0
    ? null
    : `scraped as well by ${enumerated(rivals.map(({ monitor, endpoint }) => `${monitor.namespace}/${monitor.name} endpoint ${endpoint.index}`))}`;
}

/** Active targets of emitters, by scrape pool. */
export function targetsView(nouns: Nouns) {
  return defineView({
    name: 'targets',
    title: 'Prometheus targets',
    needs: { targets: targets(nouns) },
    table({ targets }) {
      const rows = targets.servers.flatMap((server) => server.targets.map((target) => targetRow(server, target, targets.now)));
      rows.sort((a, b) => compare([a.prometheus, a.pool, a.namespace, a.pod], [b.prometheus, b.pool, b.namespace, b.pod]));
      return {
        columns: [
          ...['POOL', 'PROMETHEUS', 'POD', 'HEALTH', 'LAST SCRAPE', 'INTERVAL', 'LAST ERROR'].map((name) => ({ name })),
          { name: 'URL', wide: true },
        ],
        rows: rows.map((row) => [
          row.pool,
          row.prometheus,
          `${row.namespace}/${row.pod}`,
          row.health,
          row.age ?? '<never>',
          row.interval ?? '',
          row.lastError,
          row.url,
        ]),
        items: rows.map(({ age, ...row }) => row),
        unread: distinctUnread(targets.servers.flatMap((server) => server.unread)),
        empty: `no Prometheus has a target for ${nouns.many}`,
      };
    },
  });
}

function targetRow({ server }: ServerTargets, target: EmitterTarget, now: string) {
  const { pool, health, lastScrape, interval, lastError, url, labels, emitter } = target;
  const age = lastScrape === null ? null : ageText((Date.parse(now) - Date.parse(lastScrape)) / 1000);
  const { namespace, name: pod } = emitter.pod;
  return { pool, prometheus: nameOf(server.subject), namespace, pod, health, age, lastScrape, interval, lastError, url, labels };
}

function nameOf(subject: string): string {
  return subject.replace(/^\w+ /, '');
}

function compare(a: readonly string[], b: readonly string[]): number {
  const index = a.findIndex((part, at) => part !== b[at]);
  return index === -1 ? 0 : (a[index] ?? '') < (b[index] ?? '') ? -1 : 1;
}

/** Stored token series by their spelling. */
export function seriesView(nouns: Nouns) {
  return defineView({
    name: 'series',
    title: 'stored token series',
    needs: { series: storedSeries(nouns) },
    table({ series }) {
      const rows = series.flatMap(({ server, names, identities, age }) =>
        names.map(({ name, series: count }) => ({
          name,
          prometheus: nameOf(server.subject),
          series: count,
          identityLabels: identities.flatMap(({ stored, exported }) => [...stored, ...exported]),
          missingLabels: identities
            .filter(({ stored, exported }) => stored.length + exported.length === 0)
            .map(({ identity }) => identity.label),
          ageSeconds: age,
        })),
      );
      return {
        columns: ['SERIES', 'PROMETHEUS', 'COUNT', 'IDENTITY LABELS', 'MISSING', 'NEWEST SAMPLE'].map((name) => ({ name })),
        rows: rows.map((row) => [
          row.name,
          row.prometheus,
          String(row.series),
          row.identityLabels.join(',') || '<none>',
          row.missingLabels.join(','),
          ageCell(row.ageSeconds),
        ]),
        items: rows,
        unread: distinctUnread(series.flatMap((server) => server.unread)),
        empty: `no token series of ${nouns.many} is stored`,
      };
    },
  });
}
