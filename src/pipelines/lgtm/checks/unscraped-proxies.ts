import { listed } from '../../../checks/phrases.ts';
import { isMeant } from '../../../facts/collector-coverage.ts';
import type { Collector } from '../../../facts/collectors.ts';
import type { Emitter } from '../../../facts/emitters.ts';
import { defineCheck, type Finding, type Remedy, verdict } from '../../../model/check.ts';
import { list } from '../../../parse/fields.ts';
import { grouped, keysOf } from '../../envoy-ai-gateway/phrases.ts';
import { type EmitterScraping, type Near, type Scraping, scraping } from '../facts/scraping.ts';
import { admitting, placeOfJob } from '../job-remedies.ts';
import { scrapeRemedy } from '../scrape-job-remedy.ts';
import { lastSource, placeOf, showSource } from '../scrape-remedies.ts';
import { doubtsAsUnread, goesAnotherWay, sidecars, withoutCollectors } from '../verdicts.ts';

/** Sidecars that no scrape job of any collector reaches. */
export const unscrapedProxies = defineCheck({
  id: 'unscraped-proxies',
  title: 'a scrape job of a collector reaches every sidecar',
  hop: 'discover',
  severity: 'error',
  why: 'The annotations of these pods name another port, so what follows annotations scrapes the proxy and not the tokens. Without a job of its own the counter never leaves the pod.',
  fix: 'Add a scrape job for port 1064 of these pods to the collector and its receiver to the metrics pipeline.',
  follows: ['collector-missing', 'replacement-misescaped', 'override-ignored'],
  needs: { scraping },
  judge: ({ scraping }) => {
    const none = withoutCollectors(scraping);
    if (none !== null) return none;
    const missed = scraping.emitters.filter((each) => each.scrapes.length === 0 && !goesAnotherWay(each));
    const otherwise = scraping.emitters.filter((each) => each.scrapes.length === 0 && goesAnotherWay(each));
    const note =
      otherwise.length === 0 ? undefined : `${sidecars(otherwise.map(({ emitter }) => emitter))} reached without a collector's scrape job`;
    if (missed.length === 0) return verdict([], scraping.unread, note);
    const doubts = [...scraping.unread, ...doubtsAsUnread(scraping)];
    if (doubts.length > 0) return { status: 'unknown', unread: doubts };
    return verdict(findingsOf(missed, scraping));
  },
});

function findingsOf(missed: readonly EmitterScraping[], scraping: Scraping): readonly Finding[] {
  const near = missed.flatMap((each) => {
    const first = each.nears.find(({ job, outcome }) => outcome.status === 'path' || (outcome.status !== 'elsewhere' && isMeant(job)));
    return first === undefined ? [] : [{ each, near: first }];
  });
  const explained = new Set(near.map(({ each }) => each));
  const rest = missed.filter((each) => !explained.has(each));
  const groups = grouped(near, ({ near: { collector, job, outcome } }) =>
    JSON.stringify([collector.key, job.receiver, job.name, outcome.status === 'dropped' ? outcome.rule : null]),
  );
  const findings = groups.flatMap((group) =>
    nearMiss(
      group.map(({ near }) => near),
      group.map(({ each }) => each.emitter),
    ),
  );
  return rest.length === 0 ? findings : [...findings, unreached(rest, scraping)];
}

function nearMiss(nears: readonly Near[], emitters: readonly Emitter[]): readonly Finding[] {
  const [near, ...more] = nears;
  if (near === undefined || near.outcome.status === 'elsewhere') return [];
  const { collector, job, outcome } = near;
  const source = placeOfJob(near)?.source ?? lastSource(collector);
  const explained = explainedBy(outcome, nears, emitters);
  const say = { text: `in job ${job.name}${source === null ? '' : ` of ${placeOf(source)}`}, ${explained.mend}` };
  return [
    {
      subject: collector.subject,
      message: `job ${job.name} passes ${sidecars(emitters)} by: ${explained.message}`,
      evidence: { saw: explained.saw, run: showSource(source, collector) },
      remedy: admitting([near, ...more], emitters, say),
      about: keysOf(emitters),
    },
  ];
}

interface Explained {
  readonly message: string;
  readonly saw: string;
  readonly mend: string;
}

function explainedBy(
  outcome: Exclude<Near['outcome'], { status: 'elsewhere' }>,
  nears: readonly Near[],
  emitters: readonly Emitter[],
): Explained {
  switch (outcome.status) {
    case 'outside':
      return outside(outcome.namespaces, emitters);
    case 'dropped':
      return dropped(nears, outcome.raw, emitters);
    case 'path': {
      const wanted = emitters[0]?.path ?? '/metrics';
      return {
        message: `it asks port ${emitters[0]?.port} for ${outcome.path} and not for ${wanted}`,
        saw: `metrics path ${outcome.path}`,
        mend: `set metrics_path or the annotation prometheus.io/path to ${wanted}`,
      };
    }
  }
}

function outside(namespaces: readonly string[], emitters: readonly Emitter[]): Explained {
  const theirs = [...new Set(emitters.map(({ pod }) => pod.namespace))];
  return {
    message: `it looks at namespace ${listed(namespaces)} and not at ${listed(theirs)}`,
    saw: `namespaces: [${namespaces.join(', ')}]`,
    mend: `name namespace ${listed(theirs)} under kubernetes_sd_configs`,
  };
}

function dropped(nears: readonly Near[], raw: Readonly<Record<string, unknown>>, emitters: readonly Emitter[]): Explained {
  const labels = list(raw.source_labels).map(String).join(', ');
  const action = String(raw.action ?? 'replace');
  const values = [...new Set(nears.flatMap(({ outcome }) => (outcome.status === 'dropped' ? [outcome.value] : [])))];
  const seen = values.map((value) => JSON.stringify(value));
  const does = action === 'drop' ? 'matches' : 'does not match';
  return {
    message: `its rule ${action} ${JSON.stringify(raw.regex ?? '(.*)')} over ${labels} ${does} ${listed(seen)}`,
    saw: `${labels}: ${values.join(', ')}`,
    mend: action === 'drop' ? `let the rule spare ${listed(values)}` : mendOf(labels, values, emitters),
  };
}

/** The container's name is the same in every release, and every gateway has it. */
function mendOf(labels: string, values: readonly string[], [first]: readonly Emitter[]): string {
  if (/container_port_name|container_name/.test(labels))
    return `let the rule take ${listed(values)}, or keep __meta_kubernetes_pod_container_port_number ${first?.port ?? 1064} instead`;
  return `let the rule take ${listed(values)} as well, or .+ where every gateway is meant`;
}

/** Nothing is meant for them: most often there is only the job that follows annotations. */
function unreached(missed: readonly EmitterScraping[], { collectors }: Scraping): Finding {
  const emitters = missed.map(({ emitter }) => emitter);
  const nears = missed.flatMap((each) => each.nears.filter(({ outcome }) => outcome.status === 'elsewhere'));
  const annotated = nears.find(({ job }) => /prometheus_io_/.test(JSON.stringify(job.rules)));
  const collector = annotated?.collector ?? chosenFrom(collectors);
  const ports = [...new Set(emitters.map(({ port }) => port))];
  const elsewhere = annotated?.outcome.status === 'elsewhere' ? annotated.outcome.addresses : [];
  const common = {
    subject: collector.subject,
    evidence: { saw: sawOf(collectors, elsewhere), run: showSource(lastSource(collector), collector) },
    remedy: scrapeRemedy(collector, emitters) satisfies Remedy,
    about: keysOf(emitters),
  };
  if (annotated === undefined)
    return {
      ...common,
      message: `no scrape job of ${listed(collectors.map(({ subject }) => subject))} reaches port ${listed(ports.map(String))} of ${sidecars(emitters)}`,
    };
  return {
    ...common,
    message: `only job ${annotated.job.name} comes to ${sidecars(emitters)}, at ${listed([...new Set(elsewhere.map(portOf))])} as the annotations of the pods say, and not at port ${listed(ports.map(String))} where the tokens are`,
  };
}

function portOf(address: string): string {
  return `port ${/:(\d+)$/.exec(address)?.[1] ?? 'of every container'}`;
}

function sawOf(collectors: readonly Collector[], elsewhere: readonly string[]): string {
  if (elsewhere.length > 0) return `targets ${listed(elsewhere)}`;
  const jobs = collectors.flatMap(({ jobs }) => jobs.map(({ name }) => name));
  return jobs.length === 0 ? 'no scrape job at all' : `jobs ${listed(jobs)}`;
}

/** The collector that most likely is the one for metrics: one that scrapes, sends on and runs. */
function chosenFrom(collectors: readonly Collector[]): Collector {
  const score = ({ jobs, exporters, workload }: Collector): number =>
    (jobs.length > 0 ? 4 : 0) + (exporters.some(({ used, kind }) => used && kind !== 'debug') ? 2 : 0) + (workload === null ? 0 : 1);
  const [first, ...others] = collectors;
  return others.reduce((best, each) => (score(each) > score(best) ? each : best), first as Collector);
}
