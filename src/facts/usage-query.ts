import type { UsageMatch, UsageWindow } from '../model/usage.ts';
import { normaliseLabel } from '../parse/metric-names.ts';
import { writeLabel } from '../parse/promql.ts';

/** One stored name of the family with its labels as stored, and how its series are told apart. */
export interface StoredFamily {
  readonly name: string;
  readonly labels: readonly string[];
  /** Labels that say only by whom a counter was scraped, never which counter it is. */
  readonly copies: readonly string[];
}

/** What a figure is asked by. */
export interface Groups {
  readonly labels: readonly string[];
  /** Labels that hold the type of token. */
  readonly types: readonly string[];
}

/** The queries of one figure: a value for each piece of the window, by group. */
export interface UsageQueries {
  /** What was counted. */
  readonly value: string;
  /** By type alone: values at which counters were first seen, when it cannot be told whether they grew within the window. */
  readonly unsure: string;
}

/**
 * How far back a counter's last value before a piece is looked for, so that a gap of scrapes does not make it look new. Shorter would turn
 * gaps into births, longer costs samples.
 */
const lookback = 3600;
/** Prometheus's own lookback for one sample: cmd/prometheus/main.go, query.lookback-delta. */
const instantSeconds = 300;

/**
 * The growth of each counter in every piece, exact where the counter was not reset, and only then added up.
 *
 * Copies of one counter (the same address scraped by several jobs) are made one before they are subtracted, so that a counter that is
 * handed from one job to another goes on. A counter without a value before the piece began at zero if its address was scraped before, or
 * came up under a job that was scraping others; else only its growth since it was first seen is counted. `increase`, which estimates
 * what lies between the samples and the ends of the window and misses a new series' first value, is used for resets alone.
 */
export function usageQueries(family: StoredFamily, selector: string, { labels, types }: Groups, { step }: UsageWindow): UsageQueries {
  const parts = partsOf(family, selector, step);
  const by = [...new Set([...labels, ...types])].map(writeLabel).join(', ');
  const { end, before, first, reset, restarted, growth, trusted, zero } = parts;
  const base = `${before} or (${first} ${trusted}) or ${zero}`;
  return {
    value: `sum by (${by}) ((${growth} and ${reset}) or (${end} and ${restarted}) or clamp_min(${end} - (${base}), 0))`,
    unsure: `sum by (${types.map(writeLabel).join(', ')}) (((${first} ${trusted}) unless ${before}) > 0)`,
  };
}

interface Parts {
  readonly end: string;
  readonly before: string;
  readonly first: string;
  readonly reset: string;
  readonly restarted: string;
  readonly growth: string;
  /** Leaves out the addresses whose new counters began at zero. */
  readonly trusted: string;
  readonly zero: string;
}

function partsOf(family: StoredFamily, series: string, step: number): Parts {
  const piece = duration(step);
  const once = (how: 'max' | 'min', vector: string): string => merged(how, family.copies, vector);
  const earlier = `last_over_time(${series}[${duration(lookback)}] offset ${piece})`;
  const end = once('max', `last_over_time(${series}[${piece}])`);
  return {
    end,
    before: once('max', earlier),
    first: once('min', `min_over_time(${series}[${piece}])`),
    reset: once('max', `resets(${series}[${piece}]) > 0`),
    restarted: once('max', `min_over_time(${series}[${piece}]) < ${earlier}`),
    growth: once('max', `increase(${series}[${piece}])`),
    zero: `0 * ${end}`,
    trusted: trustedOf(family, series, step),
  };
}

/** Addresses that were scraped before the piece, or came up under a job that scraped others then; without those that lost counters. */
function trustedOf(family: StoredFamily, series: string, step: number): string {
  const address = addressLabels(family);
  if (address.length === 0 || !family.labels.includes('job')) return '';
  const on = address.join(', ');
  const piece = duration(step);
  const instant = duration(instantSeconds);
  const scraping = `max by (job) (max_over_time(up[${instant}] offset ${piece})) == 1`;
  const failing = `max_over_time(up[${instant}] offset ${piece}) == 0`;
  const seen = `max by (${on}) ((max_over_time(up[${piece}]) unless (${failing})) and on (job) (${scraping}))`;
  // A process never forgets a counter: one that went away was renamed, or the process began anew.
  const lost = `${merged('max', family.copies, `last_over_time(${series}[${instant}] offset ${piece})`)} unless ${merged('max', family.copies, series)}`;
  return `unless on (${on}) (${seen} unless on (${on}) (${lost}))`;
}

/** The labels that say at which address a counter is. */
function addressLabels({ labels, copies }: StoredFamily): readonly string[] {
  return ['cluster', 'namespace', 'pod', 'instance'].filter((label) => labels.includes(label) && !copies.includes(label));
}

function merged(how: 'max' | 'min', copies: readonly string[], vector: string): string {
  return `${how} without (${copies.map(writeLabel).join(', ')}) (${vector})`;
}

/** A PromQL duration of whole milliseconds. */
function duration(seconds: number): string {
  return Number.isInteger(seconds) ? `${seconds}s` : `${Math.round(seconds * 1000)}ms`;
}

/** Names under which a label is stored, the one to believe first: a target label of the same name pushed it aside to `exported_…`. */
export function storedAs(wanted: string, labels: readonly string[], identity: boolean): readonly string[] {
  if (labels.includes(wanted) && !identity) return [wanted];
  const alike = (prefix: string): readonly string[] =>
    labels.filter((label) => label.startsWith(prefix) && normaliseLabel(label.slice(prefix.length)) === normaliseLabel(wanted));
  const exported = identity ? alike('exported_') : [];
  return exported.length > 0 ? exported : alike('');
}

/** A selector of one name. A label that is stored under no name matches as an absent one does. */
export function usageSelector(
  family: StoredFamily,
  type: string | null,
  matches: readonly (UsageMatch & { readonly stored: string })[],
): string {
  const own = type === null ? [] : [`${writeLabel(type)}!="total"`];
  const asked = matches.map(({ stored, op, value }) => `${writeLabel(stored)}${op}${JSON.stringify(value)}`);
  return `{${[`__name__=${JSON.stringify(family.name)}`, ...own, ...asked].join(',')}}`;
}

/** Labels that a scraper adds and that never tell two counters at one address apart: prometheus-operator promcfg.go, its external labels, and Thanos's and Mimir's replicas. */
const scrapers = ['job', 'endpoint', 'container', 'prometheus', 'prometheus_replica', '__replica__'];
const replicas = ['prometheus_replica', '__replica__'];

/** Which labels of a family make copies: those of the scrapers, and target labels, but for what the user asks by and whose tokens they are. */
export function copyLabels(labels: readonly string[], targetLabels: readonly string[], kept: readonly string[]): readonly string[] {
  const addressed = labels.includes('instance') || labels.includes('pod');
  const never = new Set([...kept, 'instance', 'pod', 'namespace', 'cluster']);
  const candidates = addressed ? [...scrapers, ...targetLabels] : replicas;
  return [...new Set(candidates)].filter((label) => labels.includes(label) && !never.has(label)).sort();
}
