import { number, record, records, text } from './fields.ts';
import type { EscapingScheme } from './metric-names.ts';
import type { Dialect } from './re2/match.ts';
import { type RelabelRule, relabelRule } from './relabel.ts';
import type { ScrapeRules } from './scrape.ts';
import { readYaml } from './yaml-guard.ts';

/** One scrape job of the configuration that a Prometheus runs. */
export interface ScrapeJob extends ScrapeRules {
  /** The scrape pool: "podMonitor/NS/NAME/0". */
  readonly name: string;
  /** Histograms are stored as native ones; the classic _sum, _count and _bucket are not, unless `keepsClassic`. */
  readonly convertsToNative: boolean;
  readonly keepsClassic: boolean;
  /** Under which names it asks for and stores metrics that have dots: as they are, or with underscores; other escapings spell them out. */
  readonly names: EscapingScheme;
}

/** A remote_write, with the rules that run before samples leave. */
export interface RemoteWrite {
  readonly url: string;
  readonly rules: readonly RelabelRule[];
}

export interface EffectiveConfig {
  readonly jobs: readonly ScrapeJob[];
  readonly remoteWrites: readonly RemoteWrite[];
  readonly externalLabels: Readonly<Record<string, string>>;
}

/** The YAML could not be read as a Prometheus configuration. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/**
 * The parts of /api/v1/status/config that decide what is stored. Only the wanted jobs are read: configurations run to megabytes,
 * and the server writes each job as its own block. Throws ConfigError; a rule's own RelabelError or PatternError cannot happen in a configuration that a Prometheus runs.
 */
export function effectiveConfig(yaml: string, wanted: (job: string) => boolean, dialect: Dialect): EffectiveConfig {
  const sections = sectionsOf(yaml);
  const jobs = blocksOf(sections.get('scrape_configs') ?? '')
    .filter((block) => wanted(jobNameOf(block)))
    .map((block) => record(list(block)[0]))
    .map((job) =>
      jobFrom(
        job,
        records(job.metric_relabel_configs).map((rule) => relabelRule(rule, dialect)),
        dialect,
      ),
    );
  const remoteWrites = list(sections.get('remote_write') ?? '').map((entry) => remoteWriteOf(record(entry), dialect));
  const globals = record(parsed(dedent(sections.get('global') ?? '')));
  return {
    jobs,
    remoteWrites,
    externalLabels: Object.fromEntries(Object.entries(record(globals.external_labels)).map(([name, value]) => [name, String(value)])),
  };
}

/** Top-level keys and their text: everything up to the next line that begins with a letter. */
function sectionsOf(yaml: string): Map<string, string> {
  const keys = [...yaml.matchAll(/^([a-z_]+):.*$/gm)];
  const sections = new Map(keys.map((key, index) => [key[1] ?? '', yaml.slice(key.index + key[0].length + 1, keys[index + 1]?.index)]));
  if (!sections.has('global') && !sections.has('scrape_configs'))
    throw new ConfigError('this is no Prometheus configuration: it has neither global nor scrape_configs');
  return sections;
}

function blocksOf(section: string): string[] {
  return section.split(/^(?=- )/m).filter((block) => block.startsWith('- '));
}

function jobNameOf(block: string): string {
  const line = /^(?:- | {2})(job_name:.*)$/m.exec(block)?.[1] ?? '';
  return text(record(parsed(line)).job_name) ?? '';
}

function list(section: string): readonly unknown[] {
  const value = parsed(section);
  return Array.isArray(value) ? value : [];
}

function dedent(section: string): string {
  return section.replace(/^ {2}/gm, '');
}

function parsed(source: string): unknown {
  try {
    return readYaml(source, { maxAliasCount: 0 });
  } catch (error) {
    throw new ConfigError(
      `the configuration that Prometheus reports is not YAML: ${error instanceof Error ? (error.message.split('\n')[0] ?? '') : ''}`,
      { cause: error },
    );
  }
}

/** A job from its fields, spelled as in a scrape configuration, and its rules. */
export function jobFrom(job: Readonly<Record<string, unknown>>, metricRules: readonly RelabelRule[], dialect: Dialect): ScrapeJob {
  const limit = (name: string): number => number(job[name]) ?? 0;
  return {
    name: text(job.job_name) ?? '',
    honorLabels: job.honor_labels === true,
    metricRules,
    sampleLimit: limit('sample_limit'),
    labelLimit: limit('label_limit'),
    labelNameLengthLimit: limit('label_name_length_limit'),
    labelValueLengthLimit: limit('label_value_length_limit'),
    validation: validationOf(job, dialect),
    convertsToNative: job.convert_classic_histograms_to_nhcb === true,
    // Named scrape_classic_histograms before 3.0: config/config.go.
    keepsClassic: job.always_scrape_classic_histograms === true || job.scrape_classic_histograms === true,
    names: namesOf(job, dialect),
  };
}

/** UTF-8 names are the default from 3.0 on: config/config.go metric_name_validation_scheme. */
function validationOf(job: Readonly<Record<string, unknown>>, dialect: Dialect): 'utf8' | 'legacy' {
  const scheme = text(job.metric_name_validation_scheme) ?? '';
  if (scheme !== '') return scheme === 'legacy' ? 'legacy' : 'utf8';
  return dialect === 2 ? 'legacy' : 'utf8';
}

/** What scrape/scrape.go acceptHeader makes of the configuration: only clauses of text 1.0 and OpenMetrics carry the escaping, and a protobuf clause before them wins without one. */
function namesOf(job: Readonly<Record<string, unknown>>, dialect: Dialect): ScrapeJob['names'] {
  if (validationOf(job, dialect) === 'legacy') return 'underscores';
  const protocols = Array.isArray(job.scrape_protocols) ? job.scrape_protocols.map(String) : ['OpenMetricsText1.0.0'];
  if (protocols[0] === 'PrometheusProto' || !protocols.some((protocol) => /^(OpenMetricsText|PrometheusText)1\.0\.0$/.test(protocol)))
    return 'underscores';
  const escaping = text(job.metric_name_escaping_scheme) ?? '';
  return escaping === 'underscores' || escaping === 'dots' || escaping === 'values' ? escaping : 'allow-utf-8';
}

function remoteWriteOf(entry: Readonly<Record<string, unknown>>, dialect: Dialect): RemoteWrite {
  return { url: text(entry.url) ?? '', rules: records(entry.write_relabel_configs).map((rule) => relabelRule(rule, dialect)) };
}
