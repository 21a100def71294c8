import { type Cover, type Coverage, coverage, doubtsOf, type EndpointCoverage, seenBy, takenBy } from '../facts/coverage.ts';
import type { Nouns } from '../facts/emitters.ts';
import { endpointsField, type Monitor, type MonitorEndpoint, portText, resourceOf } from '../facts/monitors.ts';
import type { PrometheusObject } from '../facts/prometheus-objects.ts';
import { rejectionsOf } from '../facts/rejection.ts';
import { differences, doubled, storedSeries } from '../facts/stored-series.ts';
import { type EmitterTarget, type Targets, targets } from '../facts/targets.ts';
import type { Operation } from '../model/change.ts';
import { defineCheck, type Finding, type Remedy, verdict } from '../model/check.ts';
import type { Attempt } from '../model/fact.ts';
import { grouped } from '../parse/grouped.ts';
import { patchingMonitor } from './patching.ts';
import type { SharedIds } from './shared-ids.ts';
import { enumerated, keysOf, monitorOf, named, prometheusRun, times, withoutEmitters } from './wording.ts';

// Two counts of one counter differ by what came between two scrapes: less than this is not counting twice.
const noise = 1.05;

/** Pod ports that one Prometheus scrapes through more than one PodMonitor endpoint. */
export function duplicateMonitors(nouns: Nouns, ids: SharedIds) {
  return defineCheck({
    id: ids.duplicateMonitors,
    title: `one ${monitorOf(nouns)} endpoint scrapes each ${nouns.one}`,
    hop: 'discover',
    severity: 'error',
    why: 'Two endpoints on one port make two series of each counter, which differ in job or endpoint. Every sum over them counts each token twice, and so does the bill.',
    fix: 'Keep one of the PodMonitors or endpoints and delete the other.',
    needs: { coverage: coverage(nouns) },
    wants: { series: storedSeries(nouns), targets: targets(nouns) },
    judge({ coverage, series, targets }) {
      const none = withoutEmitters(coverage.emitters, [...coverage.unread, ...doubtsOf(coverage)], nouns);
      if (none !== null) return none;
      const findings = coverage.objects.flatMap((object) => {
        const stored = series.status === 'read' ? series.value.find(({ server }) => server.object?.key === object.key) : undefined;
        const factor = stored?.overcount ?? null;
        return [...duplicatesOf(object, coverage, nouns, factor), ...besidesOf(object, coverage, targets, nouns, factor)];
      });
      return verdict(findings, doubtsOf(coverage));
    },
  });
}

interface Copy {
  readonly endpoint: EndpointCoverage;
  readonly cover: Cover;
}

/** Pods that a PodMonitor covers and that a scrape pool of another origin scrapes as well. */
function besidesOf(
  object: PrometheusObject,
  coverage: Coverage,
  targets: Attempt<Targets>,
  nouns: Nouns,
  factor: number | null,
): readonly Finding[] {
  const server = targets.status === 'read' ? targets.value.servers.find((it) => it.server.object?.key === object.key) : undefined;
  const endpoints = takenBy(object, coverage);
  const promised = new Set(coverage.monitors.flatMap((monitor) => monitor.endpoints.map(({ pool }) => pool)));
  const pairs = doubled(server?.targets ?? []).flatMap((copies) => {
    const own = endpoints.find(({ pool }) => copies.some((copy) => copy.pool === pool));
    const other = copies.find(({ pool }) => !promised.has(pool));
    return own === undefined || other === undefined ? [] : [{ own, other, copies }];
  });
  return [...grouped(pairs, ({ own, other }) => `${own.pool} ${other.pool}`).values()].map((same) => besides(same, object, nouns, factor));
}

interface Beside {
  readonly own: EndpointCoverage;
  readonly other: EmitterTarget;
  readonly copies: readonly EmitterTarget[];
}

function besides(same: readonly Beside[], object: PrometheusObject, nouns: Nouns, factor: number | null): Finding {
  const [{ own, other }] = same as readonly [Beside];
  const emitters = same.map(({ other: { emitter } }) => emitter);
  const apart = [...new Set(same.flatMap(({ copies }) => differences(copies)))];
  const { monitor, endpoint } = own;
  return {
    subject: monitor.subject,
    message: `${monitor.subject} (${portText(endpoint)}) and ${originOf(other.pool)} both scrape ${named(emitters, nouns)} for ${object.subject}${effect(apart, factor)}`,
    evidence: { saw: `${own.pool}, ${other.pool}`, run: prometheusRun('/api/v1/targets?state=active') },
    remedy: besideRemedy(same),
    ...(countedOnce(apart, factor) ? { severity: 'warning' as const } : {}),
    about: [monitor.key, ...keysOf(emitters)],
  };
}

/** A monitor whose pods are all scraped elsewhere can go; a hand-written job stands in a Secret, which is not read. */
function besideRemedy(same: readonly Beside[]): Remedy {
  const [{ own, other }] = same as readonly [Beside];
  const { monitor } = own;
  const text = `keep one of them: take these pods out of ${originOf(other.pool)}, or delete ${monitor.subject}`;
  const elsewhere = new Set(same.map(({ other: { emitter } }) => emitter.key));
  if (monitor.endpoints.length > 1 || own.covers.some(({ emitter }) => !elsewhere.has(emitter.key))) return { text };
  return { text, command: `kubectl -n ${monitor.namespace} delete ${resourceOf(monitor)} ${monitor.name}` };
}

/** What a scrape pool was made from, by its name: prometheus-operator pkg/prometheus/promcfg.go. */
function originOf(pool: string): string {
  const [kind = '', namespace, name] = pool.split('/');
  const kinds: Readonly<Record<string, string>> = {
    serviceMonitor: 'ServiceMonitor',
    podMonitor: 'PodMonitor',
    probe: 'Probe',
    scrapeConfig: 'ScrapeConfig',
    podScrape: 'VMPodScrape',
  };
  const known = Object.hasOwn(kinds, kind) ? kinds[kind] : undefined;
  return known === undefined || name === undefined ? `scrape job ${pool}` : `${known} ${namespace}/${name}`;
}

function countedOnce(apart: readonly string[], factor: number | null): boolean {
  return apart.length === 0 || (factor !== null && factor < noise);
}

function duplicatesOf(object: PrometheusObject, coverage: Coverage, nouns: Nouns, factor: number | null): readonly Finding[] {
  const endpoints = takenBy(object, coverage).filter(({ monitor }) => rejectionsOf(monitor, object).length === 0);
  const copies = endpoints.flatMap((endpoint) =>
    seenBy(object, endpoint)
      .filter(({ sure, dropped }) => sure && dropped === undefined)
      .map((cover): Copy => ({ endpoint, cover })),
  );
  const several = [...grouped(copies, ({ cover }) => cover.emitter.key).values()].filter((same) => same.length > 1);
  const sets = grouped(several, (same) => same.map(({ endpoint }) => endpoint.pool).join(' '));
  return [...sets.values()].map((same) => finding(same, object, nouns, factor));
}

function finding(same: readonly (readonly Copy[])[], object: PrometheusObject, nouns: Nouns, factor: number | null): Finding {
  const [copies] = same as readonly [readonly [Copy, Copy]];
  const emitters = same.flatMap((it) => it.slice(0, 1).map(({ cover }) => cover.emitter));
  const apart = same.flatMap(differing);
  const [first, second] = copies;
  return {
    subject: second.endpoint.monitor.subject,
    message: `${places(copies)} ${copies.length === 2 ? 'both' : 'all'} scrape ${named(emitters, nouns)} for ${object.subject}${effect(apart, factor)}`,
    evidence: {
      saw: copies.map(({ endpoint }) => `${endpoint.pool} (${portText(endpoint.endpoint)})`).join(', '),
      run: [
        ...new Set(
          copies.map(({ endpoint: { monitor } }) => `kubectl -n ${monitor.namespace} get ${resourceOf(monitor)} ${monitor.name} -o yaml`),
        ),
      ].join(' && '),
    },
    remedy: remedyFor(first, second),
    ...(countedOnce(apart, factor) ? { severity: 'warning' as const } : {}),
    about: [...new Set(copies.map(({ endpoint }) => endpoint.monitor.key)), ...keysOf(emitters)],
  };
}

/** "PodMonitor a/b (port: x) and PodMonitor a/c (port: x)", "endpoints 0 (port: x) and 1 (port: y) of PodMonitor a/b". */
function places(copies: readonly Copy[]): string {
  const [first] = copies;
  const one = new Set(copies.map(({ endpoint }) => endpoint.monitor.key)).size === 1;
  const services = new Set(copies.flatMap(({ cover }) => cover.service?.name ?? []));
  if (one && new Set(copies.map(({ endpoint }) => endpoint.pool)).size === 1)
    return `Services ${enumerated([...services])} through ${first?.endpoint.monitor.subject}`;
  if (one)
    return `endpoints ${copies.map(({ endpoint: { endpoint } }) => `${endpoint.index} (${portText(endpoint)})`).join(' and ')} of ${first?.endpoint.monitor.subject}`;
  return copies
    .map(
      ({ endpoint: { monitor, endpoint } }) =>
        `${monitor.subject}${monitor.endpoints.length > 1 ? ` endpoint ${endpoint.index}` : ''} (${portText(endpoint)})`,
    )
    .join(' and ');
}

/** Names of labels on which the copies of one emitter differ: without any they are one series. */
function differing(copies: readonly Copy[]): readonly string[] {
  const names = new Set(copies.flatMap(({ cover }) => Object.keys(cover.labels)));
  return [...names].filter((name) => new Set(copies.map(({ cover }) => cover.labels[name] ?? '')).size > 1);
}

function effect(apart: readonly string[], factor: number | null): string {
  if (apart.length === 0) return ', with the same labels, so that sums stay right';
  const labels = [...new Set(apart)].sort().join(', ');
  if (factor === null) return `; their series differ in ${labels}, so that every sum counts them twice`;
  if (factor < noise) return `; their series differ in ${labels}, and stored sums are right nevertheless (${times(factor)})`;
  return `; their series differ in ${labels}, and stored sums come out ${times(factor)} too high`;
}

/** Takes away the one that scrapes nothing that the other does not. */
function remedyFor(first: Copy, second: Copy): Remedy {
  if (within(second, first)) return remedy(first, second);
  if (within(first, second)) return remedy(second, first);
  const [one, other] = [first.endpoint.monitor.subject, second.endpoint.monitor.subject];
  return { text: `take these pods out of the selector of ${one} or of ${other}: each scrapes others too, so neither can go` };
}

function within({ endpoint: { covers } }: Copy, { endpoint: whole }: Copy): boolean {
  const keys = new Set(whole.covers.map(({ emitter }) => emitter.key));
  return covers.every(({ emitter }) => keys.has(emitter.key));
}

function remedy({ endpoint: kept, cover }: Copy, { endpoint: { monitor, endpoint, pool } }: Copy): Remedy {
  if (kept.pool === pool) return { text: `let the selector of ${monitor.subject} match only Service ${cover.service?.name ?? ''}` };
  if (monitor.key !== kept.monitor.key && monitor.endpoints.length === 1)
    return {
      text: `delete ${monitor.subject} and keep ${kept.monitor.subject}`,
      command: `kubectl -n ${monitor.namespace} delete ${resourceOf(monitor)} ${monitor.name}`,
    };
  const path = `/spec/${endpointsField(monitor.kind)}/${endpoint.index}`;
  const same = [...new Set([endpoint, ...monitor.endpoints.slice(-1)])].flatMap((each) => standing(monitor, each));
  return patchingMonitor(`remove endpoint ${endpoint.index} of ${monitor.subject}`, monitor, ...same, { op: 'remove', path });
}

/** That an endpoint is where it was read: once one is removed, another stands in its place, and the last in none. */
function standing({ kind }: Monitor, { index, port, portNumber, targetPort }: MonitorEndpoint): readonly Operation[] {
  const [named] = Object.entries({ port, portNumber, targetPort }).filter(([, value]) => value !== null);
  return named === undefined ? [] : [{ op: 'test', path: `/spec/${endpointsField(kind)}/${index}/${named[0]}`, value: named[1] }];
}
