import type { Collector } from '../../../facts/collectors.ts';
import { defineCheck, type Finding, verdict } from '../../../model/check.ts';
import { number, record } from '../../../parse/fields.ts';
import type { CollectorExporter } from '../../../parse/scrape-job.ts';
import { serviceAddress } from '../../../parse/service-address.ts';
import { grouped, keysOf } from '../../envoy-ai-gateway/phrases.ts';
import { type EmitterScraping, type Scrape, scraping } from '../facts/scraping.ts';
import { everyoneItsOwn, once } from '../repeat-remedies.ts';
import { lastSource, placeOf, showSource } from '../scrape-remedies.ts';
import { sidecars, withoutCollectors } from '../verdicts.ts';

/** Sidecars whose tokens come to one store by more than one way. */
export const duplicateCollectors = defineCheck({
  id: 'duplicate-collectors',
  title: 'one scrape job brings each sidecar to the store',
  hop: 'collect',
  severity: 'error',
  why: 'Two jobs make two series of each counter, and every sum counts each token twice. The same job in two places makes one series with samples out of order, of which the store rejects a part.',
  fix: 'Keep one of the jobs, and let a DaemonSet keep only the pods of its own node.',
  follows: [],
  needs: { scraping },
  judge: ({ scraping }) => {
    const none = withoutCollectors(scraping);
    if (none !== null) return none;
    if (scraping.emitters.every(({ scrapes }) => scrapes.length === 0))
      return { status: 'skip', because: 'no collector scrapes a sidecar' };
    const pairs = scraping.emitters.flatMap((each) => [...twice(each), ...besides(each)]);
    const findings = [...grouped(pairs, ({ key }) => key).flatMap(doubled), ...everywhere(scraping.emitters)];
    return verdict(findings, scraping.unread);
  },
});

interface Pair {
  readonly key: string;
  readonly each: EmitterScraping;
  readonly first: Scrape;
  /** "job x of Deployment ns/name". */
  readonly other: string;
  readonly store: string;
  /** Both give the same series. */
  readonly same: boolean;
}

/** Where an exporter sends: one Service by whatever name, and a tenant. */
function storeOf({ namespace }: Collector, { endpoint, tenant }: Pick<CollectorExporter, 'endpoint' | 'tenant'>): string | null {
  if (endpoint === null) return null;
  const address = serviceAddress(endpoint, namespace);
  const place = address === null ? (URL.canParse(endpoint) ? new URL(endpoint).host : endpoint) : `${address.namespace}/${address.service}`;
  return `${place}${tenant === null ? '' : ` (tenant ${tenant})`}`;
}

function twice(each: EmitterScraping): readonly Pair[] {
  const [, ...others] = each.scrapes;
  return each.scrapes.flatMap((first, index) =>
    others.slice(index).flatMap((second): readonly Pair[] => {
      const mine = first.ends.map(({ collector, exporter }) => storeOf(collector, exporter));
      const store = second.ends
        .map(({ collector, exporter }) => storeOf(collector, exporter))
        .find((place) => place !== null && mine.includes(place));
      const same = first.jobLabel === second.jobLabel;
      // Two files may say the same job of one Alloy twice; a collector has one job of a name.
      if (store == null || (same && first.collector.key === second.collector.key)) return [];
      const other = `job ${second.jobLabel} of ${second.collector.subject}`;
      return [{ key: JSON.stringify([first.collector.key, first.jobLabel, other, store]), each, first, other, store, same }];
    }),
  );
}

/** A Prometheus that scrapes the sidecar as well and writes to the same store. */
function besides(each: EmitterScraping): readonly Pair[] {
  return each.scrapes.flatMap((first) =>
    each.prometheuses.flatMap(({ subject, remoteWrites }): readonly Pair[] => {
      const places = remoteWrites.map((endpoint) => storeOf(first.collector, { endpoint, tenant: null }));
      const store = first.ends
        .map(({ collector, exporter }) => storeOf(collector, { ...exporter, tenant: null }))
        .find((place) => place !== null && places.includes(place));
      if (store == null) return [];
      return [{ key: JSON.stringify([first.collector.key, first.jobLabel, subject]), each, first, other: subject, store, same: false }];
    }),
  );
}

function doubled(group: readonly Pair[]): readonly Finding[] {
  const [pair] = group;
  if (pair === undefined) return [];
  const { first, other, store, same } = pair;
  const emitters = group.map(({ each }) => each.emitter);
  const source = lastSource(first.collector);
  const effect = same ? 'both write one series, and samples out of order are rejected' : 'every sum counts each token twice';
  return [
    {
      subject: first.collector.subject,
      message: `job ${first.jobLabel} and ${other} both bring ${sidecars(emitters)} to ${store}: ${effect}`,
      evidence: { saw: `job ${first.jobLabel} of ${first.collector.subject}, ${other}`, run: showSource(source, first.collector) },
      remedy: once(first, source === null ? '' : ` of ${placeOf(source)}`, emitters),
      about: keysOf(emitters),
      ...(same ? { severity: 'warning' } : {}),
    },
  ];
}

/** Several pods of one collector that each scrape every sidecar. */
function everywhere(emitters: readonly EmitterScraping[]): readonly Finding[] {
  const all = emitters.flatMap((each) => each.scrapes.filter(isEverywhere).map((scrape) => ({ each, scrape })));
  return grouped(all, ({ scrape }) => JSON.stringify([scrape.collector.key, scrape.job.name])).flatMap((group): readonly Finding[] => {
    const [first] = group;
    if (first === undefined) return [];
    const { collector, job } = first.scrape;
    const source = lastSource(collector);
    return [
      {
        subject: collector.subject,
        message: `each of its ${instancesOf(first.scrape)} pods scrapes ${sidecars(group.map(({ each }) => each.emitter))} by job ${job.name}: the store gets every sample as many times, and rejects what comes out of order`,
        evidence: {
          saw: `${instancesOf(first.scrape)} pods, and no rule over __meta_kubernetes_pod_node_name`,
          run: showSource(source, collector),
        },
        remedy: everyoneItsOwn(first.scrape, source === null ? collector.subject : placeOf(source)),
        about: keysOf(group.map(({ each }) => each.emitter)),
        severity: 'warning',
      },
    ];
  });
}

function isEverywhere(scrape: Scrape): boolean {
  const { perNode, sure, job, ends } = scrape;
  return !perNode && sure && !job.shared && ends.length > 0 && instancesOf(scrape) > 1;
}

function instancesOf({ collector: { workload } }: Scrape): number {
  if (workload === null) return 1;
  if (workload.kind === 'DaemonSet') return number(record(workload.raw.status).desiredNumberScheduled) ?? 1;
  return number(record(workload.raw.spec).replicas) ?? 1;
}
