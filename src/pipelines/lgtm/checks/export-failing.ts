import { listed } from '../../../checks/phrases.ts';
import type { Mimir } from '../../../facts/mimir.ts';
import { defineCheck, type Finding, verdict } from '../../../model/check.ts';
import { plainId, typeOf } from '../../../parse/collector-config.ts';
import { grouped } from '../../envoy-ai-gateway/phrases.ts';
import { readdressing } from '../exporter-remedies.ts';
import { collectorLogs, telling } from '../facts/collector-logs.ts';
import { collectorMetrics, type ExporterCount, type SelfMetrics } from '../facts/collector-metrics.ts';
import { passesThrough } from '../facts/collector-pods.ts';
import { destinations } from '../facts/destinations.ts';
import { type ExportService, exportServices } from '../facts/export-services.ts';
import { type Scraping, scraping } from '../facts/scraping.ts';
import { withoutCollectors } from '../verdicts.ts';

/** Exporters that the store refuses, or that it does not answer. */
export const exportFailing = defineCheck({
  id: 'export-failing',
  title: 'what the collector sends is taken',
  hop: 'collect',
  severity: 'error',
  why: 'What the store refuses is dropped, and what it does not take in time is dropped when the queue is full. The collector goes on scraping and looks healthy.',
  fix: "Read the collector's log for the status it was answered with: 401 wants X-Scope-OrgID, 404 another path, 400 names the series.",
  follows: ['receiver-unwired', 'collector-unready', 'store-unreachable', 'tenant-mismatched'],
  needs: { scraping, metrics: collectorMetrics },
  wants: { logs: collectorLogs, services: exportServices, destinations },
  judge: ({ scraping, metrics, logs, services, destinations }) => {
    const none = withoutCollectors(scraping);
    if (none !== null) return none;
    const refusals =
      logs.status === 'read' && logs.value.status === 'asked' ? logs.value.read.flatMap((log) => refused(log, scraping)) : [];
    const mimirs = destinations.status === 'read' ? destinations.value.mimirs : [];
    const nowhere = services.status === 'read' ? services.value.read.flatMap((each) => leadsNowhere(each, scraping, mimirs)) : [];
    if (nowhere.length > 0) return verdict(nowhere, scraping.unread);
    if (metrics.read.length === 0 && metrics.unread.length === 0 && refusals.length === 0) {
      const where =
        metrics.silent.length === 0
          ? 'no collector that scrapes a sidecar is ready'
          : `${listed(metrics.silent)} serves no metrics of its own where they can be read`;
      return { status: 'skip', because: where };
    }
    const failures = metrics.read.flatMap((self) =>
      self.exporters.filter((counts) => matters(counts, self, scraping)).flatMap((counts) => troubleOf(counts, self)),
    );
    const groups = grouped(failures, ({ self, exporter, what }) => `${self.collector.key} ${exporter} ${what}`);
    const findings = groups.flatMap((group) => findingOf(group, scraping));
    return verdict([...findings, ...(findings.length > 0 ? [] : refusals)], [...scraping.unread, ...metrics.unread]);
  },
});

/** Only exporters that a sidecar's metrics reach; `prometheus_remote_write` is also named `prometheusremotewrite`. */
function matters({ exporter }: ExporterCount, { collector }: SelfMetrics, { emitters }: Scraping): boolean {
  const ends = emitters.flatMap(({ scrapes }) => scrapes.flatMap((scrape) => scrape.ends));
  const handed = emitters.flatMap(({ scrapes }) =>
    scrapes.filter((scrape) => scrape.collector.key === collector.key).flatMap(({ job }) => job.wiredTo),
  );
  const own = ends.filter((end) => end.collector.key === collector.key).map((end) => end.exporter.id);
  return [...own, ...handed].some((id) => !isDebug(id) && plainId(id) === plainId(exporter));
}

function isDebug(id: string): boolean {
  return ['debug', 'logging', 'nop'].includes(typeOf(id));
}

interface Trouble {
  readonly self: SelfMetrics;
  readonly exporter: string;
  readonly what: 'refused' | 'some' | 'full' | 'stuck';
  readonly counts: ExporterCount;
}

// Below this it is what a restart of the store costs.
const noticeable = 0.01;
const fullShare = 0.9;
/** Seconds after which something should have been sent. */
const warmUp = 120;

function troubleOf(counts: ExporterCount, self: SelfMetrics): readonly Trouble[] {
  const { sent, failed, queued, capacity, exporter } = counts;
  const common = { self, exporter, counts };
  if (failed > 0 && sent === 0) return [{ ...common, what: 'refused' }];
  if (capacity > 0 && queued / capacity >= fullShare) return [{ ...common, what: 'full' }];
  if (sent === 0 && queued > 0 && (self.uptime ?? 0) > warmUp) return [{ ...common, what: 'stuck' }];
  return failed > 0 && failed / (sent + failed) >= noticeable ? [{ ...common, what: 'some' }] : [];
}

function findingOf(group: readonly Trouble[], { emitters }: Scraping): readonly Finding[] {
  const [first] = group;
  if (first === undefined) return [];
  const { self, exporter, what, counts } = first;
  const { collector, pod } = self;
  const endpoint = collector.exporters.find(({ id }) => plainId(id) === plainId(exporter))?.endpoint ?? null;
  const keys = emitters.filter(({ scrapes }) => passesThrough(scrapes, collector)).map(({ emitter }) => emitter.key);
  const others = group.length > 1 ? ` (and ${group.length - 1} more)` : '';
  return [
    {
      subject: collector.subject,
      message: `exporter ${exporter} of pod ${pod}${others} ${said(what, counts)}${endpoint === null ? '' : `; it sends to ${withoutUser(endpoint)}`}`,
      evidence: {
        saw: `sent ${counts.sent}, failed ${counts.failed}, queue ${counts.queued} of ${counts.capacity}`,
        run: `kubectl -n ${collector.namespace} logs ${pod} -c ${collector.container} | grep -iE "error|dropp"`,
      },
      remedy: { text: 'read the status that the store answers in the log of the collector, and mend what it names' },
      about: keys,
      ...(what === 'some' ? { severity: 'warning' } : {}),
    },
  ];
}

function said(what: Trouble['what'], { sent, failed, queued, capacity }: ExporterCount): string {
  switch (what) {
    case 'refused':
      return `has sent nothing, and ${failed} points were refused`;
    case 'some':
      return `was refused ${failed} of ${sent + failed} points since it started`;
    case 'full':
      return `has a full queue: ${queued} of ${capacity} batches wait, and more are dropped`;
    case 'stuck':
      return `has sent nothing: ${queued} batches wait and none was taken`;
  }
}

/** An address of the cluster behind which nothing is. */
function leadsNowhere(way: ExportService, { emitters }: Scraping, mimirs: readonly Mimir[]): readonly Finding[] {
  const { collector, exporter, address, ports } = way;
  const service = `${address.namespace}/${address.service}`;
  // A Service of the kind ExternalName has no ports of its own.
  if (ports !== null && (ports.length === 0 || ports.includes(address.port))) return [];
  const what =
    ports === null
      ? `Service ${service}, which does not exist`
      : `port ${address.port} of Service ${service}, which has ${listed(ports.map(String))}`;
  return [
    {
      subject: collector.subject,
      message: `exporter ${exporter.id} sends to ${what}`,
      evidence: { saw: withoutUser(exporter.endpoint ?? ''), run: `kubectl -n ${address.namespace} get service` },
      remedy: readdressing(way, mimirs),
      about: emitters.filter(({ scrapes }) => passesThrough(scrapes, collector)).map(({ emitter }) => emitter.key),
    },
  ];
}

/** A URL may hold credentials. */
function withoutUser(url: string): string {
  return url.replace(/^([a-z]+:\/\/)[^/@]*@/i, '$1');
}

type Log = {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  readonly finds: readonly { readonly pattern: string; readonly count: number; readonly example: string | null }[];
};

/** What a store says when it refuses, as the collector's log has it. */
function refused({ namespace, pod, container, finds }: Log, { emitters }: Scraping): readonly Finding[] {
  const wanted: readonly string[] = [telling.tenant.source, telling.refused.source];
  const told = finds.filter(({ pattern, count }) => count > 0 && wanted.includes(pattern));
  return told.map(({ count, example }) => ({
    subject: `Pod ${namespace}/${pod}`,
    message: `the store refuses what the collector sends: its log says ${JSON.stringify(example ?? '')} ${count} time${count === 1 ? '' : 's'} in its last lines`,
    evidence: {
      saw: example ?? '',
      run: `kubectl -n ${namespace} logs ${pod} -c ${container} --tail 500 | grep -E "no org id|err-mimir-"`,
    },
    remedy: {
      text:
        example === 'no org id'
          ? 'give the exporter the header X-Scope-OrgID'
          : 'look the id up in the documentation of Mimir, under runbooks',
    },
    about: emitters
      .filter(({ scrapes }) => scrapes.some((scrape) => pod.startsWith(scrape.collector.workload?.name ?? '\0')))
      .map(({ emitter }) => emitter.key),
  }));
}
