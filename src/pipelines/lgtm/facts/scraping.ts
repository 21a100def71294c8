import { type JobOutcome, outcomeOf } from '../../../facts/collector-coverage.ts';
import { type Collector, collectors } from '../../../facts/collectors.ts';
import { type Coverage, coverage, seenBy, takenBy } from '../../../facts/coverage.ts';
import type { Emitter } from '../../../facts/emitters.ts';
import { type Attempt, defineFact } from '../../../model/fact.ts';
import type { Many, Unread } from '../../../model/source.ts';
import { record, records } from '../../../parse/fields.ts';
import type { ScrapeJob } from '../../../parse/scrape-job.ts';
import { emitters } from '../../envoy-ai-gateway/facts/emitters.ts';
import { nouns as gateway } from '../../envoy-ai-gateway/nouns.ts';
import { type WayEnd, waysFrom } from '../ways.ts';

/** A job of a collector, at an emitter. */
export interface JobAt {
  readonly collector: Collector;
  readonly job: ScrapeJob;
}

/** A job that scrapes an emitter. */
export interface Scrape extends JobAt {
  /** The `job` label of what it stores. */
  readonly jobLabel: string;
  readonly sure: boolean;
  /** Each collector of a DaemonSet takes the pods of its own node. */
  readonly perNode: boolean;
  /** The exporters in which its way ends, of this collector or of one that it hands its metrics to; those that only print are none. */
  readonly ends: readonly WayEnd[];
  /** Collectors on that way, after this one. */
  readonly through: readonly Collector[];
}

/** A job that does not scrape an emitter and seems meant to, or scrapes another port of its pod. */
export interface Near extends JobAt {
  readonly outcome: Extract<JobOutcome, { readonly status: 'path' | 'dropped' | 'outside' | 'elsewhere' }>;
}

/** Who scrapes one emitter. */
export interface EmitterScraping {
  readonly emitter: Emitter;
  readonly scrapes: readonly Scrape[];
  readonly nears: readonly Near[];
  /** The Prometheus objects that take a PodMonitor for it. */
  readonly prometheuses: readonly { readonly subject: string; readonly remoteWrites: readonly string[] }[];
  /** The variable of the sidecar by which it sends its metrics itself; null: none. */
  readonly pushes: string | null;
}

/** Which jobs of which collectors scrape which emitters. */
export interface Scraping {
  readonly emitters: readonly EmitterScraping[];
  readonly collectors: readonly Collector[];
  /** What could not be told of what collectors scrape, by collector. */
  readonly doubts: readonly { readonly collector: Collector; readonly why: string }[];
  readonly unread: readonly Unread[];
}

/** Who scrapes every emitter, worked out with the scraper's own relabeling. */
export const scraping = defineFact({
  id: 'scraping',
  title: 'scrape jobs of collectors',
  needs: { emitters, collectors },
  wants: { coverage: coverage(gateway) },
  read: ({ emitters, collectors, coverage }): Scraping => scrapingOf(emitters, collectors, coverage),
});

/** Works out who scrapes what; pure. */
function scrapingOf(emitters: Many<Emitter>, collectors: Many<Collector>, coverage: Attempt<Coverage>): Scraping {
  // Discovery leaves out pods that have no address yet.
  const living = emitters.read.filter(({ pod }) => !pod.deleting && pod.ip !== null && pod.phase !== 'Failed' && pod.phase !== 'Succeeded');
  const jobs = collectors.read.flatMap((collector) => collector.jobs.map((job) => ({ collector, job })));
  const monitored = coverage.status === 'read' ? coverage.value : null;
  const at = living.map((emitter) => scrapingAt(emitter, { jobs, coverage: monitored, all: collectors.read }));
  return {
    emitters: at.map(({ scraping }) => scraping),
    collectors: collectors.read,
    doubts: [...collectors.read.flatMap((collector) => doubtsOf(collector, coverage)), ...at.flatMap(({ doubts }) => doubts)],
    unread: [...emitters.unread, ...collectors.unread],
  };
}

interface At {
  readonly scraping: EmitterScraping;
  readonly doubts: Scraping['doubts'];
}

interface Around {
  readonly jobs: readonly JobAt[];
  readonly coverage: Coverage | null;
  readonly all: readonly Collector[];
}

function scrapingAt(emitter: Emitter, { jobs, coverage, all }: Around): At {
  const outcomes = jobs.map((at) => ({ ...at, outcome: outcomeAt(at, emitter, coverage) }));
  const scraping = {
    emitter,
    scrapes: outcomes.flatMap(({ outcome, ...at }) => (outcome.status === 'covered' ? [scrapeAt(at, outcome, all)] : [])),
    nears: outcomes.flatMap(({ outcome, ...at }) => (isNear(outcome) ? [{ ...at, outcome }] : [])),
    prometheuses: coverage === null ? [] : prometheusesAt(emitter, coverage),
    pushes: pushesOf(emitter),
  };
  const doubts = outcomes.flatMap(({ collector, outcome }) =>
    outcome.status === 'unknown' ? [{ collector, why: `it takes targets from ${outcome.what}` }] : [],
  );
  return { scraping, doubts };
}

function outcomeAt({ collector, job }: JobAt, emitter: Emitter, coverage: Coverage | null): JobOutcome {
  const monitored = job.discovery.some(({ by }) => by === 'podmonitors');
  if (!monitored || coverage === null) return outcomeOf(job, emitter, collector);
  const cover = coverage.monitors
    .flatMap(({ endpoints }) => endpoints)
    .flatMap(({ covers }) => covers)
    .find((each) => each.emitter.key === emitter.key && each.dropped === undefined);
  return cover === undefined
    ? { status: 'none' }
    : { status: 'covered', jobLabel: cover.labels.job ?? job.name, sure: false, perNode: false };
}

function scrapeAt({ collector, job }: JobAt, { jobLabel, sure, perNode }: Covered, all: readonly Collector[]): Scrape {
  return { collector, job, jobLabel, sure, perNode, ...waysFrom(collector, job.wiredTo, all) };
}

type Covered = Extract<JobOutcome, { readonly status: 'covered' }>;

function isNear(outcome: JobOutcome): outcome is Near['outcome'] {
  return ['path', 'dropped', 'outside', 'elsewhere'].includes(outcome.status);
}

function prometheusesAt(emitter: Emitter, coverage: Coverage): EmitterScraping['prometheuses'] {
  return coverage.objects
    .filter((object) =>
      takenBy(object, coverage).some((endpoint) =>
        seenBy(object, endpoint).some((cover) => cover.emitter.key === emitter.key && cover.dropped === undefined),
      ),
    )
    .map(({ subject, raw }) => ({ subject, remoteWrites: records(record(raw.spec).remoteWrite).map(({ url }) => String(url)) }));
}

/** The sidecar pushes besides serving when an endpoint is set: internal/metrics/metrics.go, from v0.4 on. */
function pushesOf({ pod, container }: Emitter): string | null {
  const env = new Map(pod.containers.find(({ name }) => name === container)?.env.map(({ name, value }) => [name, value]));
  if (env.get('OTEL_METRICS_EXPORTER') === 'none') return null;
  return (
    ['OTEL_EXPORTER_OTLP_METRICS_ENDPOINT', 'OTEL_EXPORTER_OTLP_ENDPOINT'].find((name) => env.has(name) && env.get(name) !== '') ?? null
  );
}

function doubtsOf(collector: Collector, coverage: Attempt<Coverage>): Scraping['doubts'] {
  const { config, jobs } = collector;
  if (config.status === 'unknown') return [{ collector, why: config.why }];
  const monitors = jobs.some(({ discovery }) => discovery.some(({ by }) => by === 'podmonitors'));
  return monitors && coverage.status === 'unread' ? [{ collector, why: 'it takes PodMonitors, which could not be read' }] : [];
}
