import { defineFact, type Fact } from '../model/fact.ts';
import { ReadError, type Source, type Unread, unreadOf } from '../model/source.ts';
import { number, record, records, text } from '../parse/fields.ts';
import type { Dialect } from '../parse/re2/match.ts';
import { PatternError } from '../parse/re2/state.ts';
import { RelabelError, relabelRule } from '../parse/relabel.ts';
import { ConfigError, effectiveConfig, jobFrom, type RemoteWrite, type ScrapeJob } from '../parse/scrape-config.ts';
import { type Coverage, coverage, takenBy } from './coverage.ts';
import type { Nouns } from './emitters.ts';
import type { Server, Shard } from './prometheus.ts';
import { askPrometheus } from './prometheus-api.ts';
import type { PrometheusObject } from './prometheus-objects.ts';
import { type ServerTargets, targets } from './targets.ts';

/** The rules that one Prometheus runs over the series of the emitters. */
export interface ServerRules {
  readonly server: Server;
  /** One for each scrape pool that has a target at an emitter. */
  readonly jobs: readonly ScrapeJob[];
  readonly remoteWrites: readonly RemoteWrite[];
  readonly dialect: Dialect;
  readonly unread: readonly Unread[];
}

const made = new WeakMap<Nouns, Fact<readonly ServerRules[]>>();

/** The scrape jobs behind the emitters' targets, from the configuration that each Prometheus reports. */
export function scrapeRules(nouns: Nouns): Fact<readonly ServerRules[]> {
  const known = made.get(nouns);
  if (known !== undefined) return known;
  const fact = defineFact({
    id: `scrape-rules-of-${nouns.many.replace(/\W+/g, '-')}`,
    title: `scrape configuration of each ${nouns.one}`,
    needs: { targets: targets(nouns) },
    wants: { coverage: coverage(nouns) },
    read: async ({ targets, coverage }, { source }): Promise<readonly ServerRules[]> =>
      Promise.all(targets.servers.map((server) => rulesOf(source, server, coverage.status === 'read' ? coverage.value : null))),
  });
  made.set(nouns, fact);
  return fact;
}

async function rulesOf(source: Source, { server, targets, unread }: ServerTargets, coverage: Coverage | null): Promise<ServerRules> {
  const pools = new Set(targets.filter(({ ownPath }) => ownPath).map(({ pool }) => pool));
  const [shard] = server.shards;
  const dialect: Dialect = /^v?2\./.test(shard?.build.version ?? '') ? 2 : 3;
  const none = { server, jobs: [], remoteWrites: [], dialect };
  if (shard === undefined) return { ...none, unread };
  // What has no targets is told by the targets' own checks.
  if (pools.size === 0) return { ...none, unread: [] };
  try {
    const config = effectiveConfig(await configText(source, shard), (job) => pools.has(job), dialect);
    return { ...none, jobs: config.jobs, remoteWrites: config.remoteWrites, unread: [] };
  } catch (error) {
    const trouble =
      error instanceof ConfigError ? new ReadError('malformed', `GET /api/v1/status/config of ${shard.name}`, error.message) : error;
    if (!(trouble instanceof ReadError)) throw trouble;
    const jobs = server.object === null || coverage === null ? [] : fromObjects(server.object, coverage, dialect);
    const known = new Set(jobs.map(({ name }) => name));
    return { ...none, jobs, unread: [...pools].every((pool) => known.has(pool)) ? [] : [unreadOf(trouble)] };
  }
}

/** The rules as the operator would write them, for servers that do not show their configuration: the scrape class's, then the endpoint's (promcfg.go). */
function fromObjects(object: PrometheusObject, coverage: Coverage, dialect: Dialect): readonly ScrapeJob[] {
  return takenBy(object, coverage).flatMap(({ monitor, endpoint, pool }) => {
    const named = object.scrapeClasses.find((candidate) =>
      monitor.scrapeClass === null ? candidate.default === true : candidate.name === monitor.scrapeClass,
    );
    const rules = [...records(record(named).metricRelabelings), ...endpoint.metricRelabelings];
    const spec = record(monitor.raw.spec);
    const job = {
      job_name: pool,
      honor_labels: endpoint.honorLabels && record(object.raw.spec).overrideHonorLabels !== true,
      convert_classic_histograms_to_nhcb: spec.convertClassicHistogramsToNHCB,
      always_scrape_classic_histograms: spec.scrapeClassicHistograms,
      sample_limit: number(spec.sampleLimit),
      scrape_protocols: spec.scrapeProtocols,
      metric_name_validation_scheme: text(record(object.raw.spec).nameValidationScheme)?.toLowerCase(),
      metric_name_escaping_scheme: text(record(object.raw.spec).nameEscapingScheme)?.toLowerCase(),
    };
    try {
      return [
        jobFrom(
          job,
          rules.map((rule) => relabelRule(rule, dialect)),
          dialect,
        ),
      ];
    } catch (error) {
      // The operator refuses the whole monitor then, which is its own check.
      if (error instanceof RelabelError || error instanceof PatternError) return [];
      throw error;
    }
  });
}

/** All shards of one server run one configuration but for their number. */
async function configText(source: Source, shard: Shard): Promise<string> {
  const path = '/api/v1/status/config';
  const yaml = text(record(await askPrometheus(source, shard, path)).yaml);
  if (yaml === null)
    throw new ReadError('malformed', `GET ${path} of ${shard.name}`, `${path} of ${shard.name} answered without a configuration`);
  return yaml;
}
