import { type Labels, type RelabelRule, relabel, withTargetLabels } from './relabel.ts';

/** What of a scrape job decides which series are stored. A limit of 0 is none. */
export interface ScrapeRules {
  readonly honorLabels: boolean;
  readonly metricRules: readonly RelabelRule[];
  readonly sampleLimit: number;
  readonly labelLimit: number;
  readonly labelNameLengthLimit: number;
  readonly labelValueLengthLimit: number;
  /** UTF-8 names are the default from Prometheus 3.0 on. */
  readonly validation: 'utf8' | 'legacy';
}

/** A stored series and which of the exposed ones (by index) became it: more than one means they were merged. */
export interface StoredSeries {
  readonly labels: Labels;
  readonly from: readonly number[];
}

export interface Simulated {
  /** Only the first of several merged series keeps its value: the others' samples are silently lost. */
  readonly stored: readonly StoredSeries[];
  /** Indexes that a rule dropped. */
  readonly dropped: readonly number[];
  /** Why the whole scrape fails, in Prometheus's words; nothing is stored then. */
  readonly failure: string | null;
}

/**
 * What Prometheus stores of one scrape: target labels join, metric relabeling runs, limits are checked, equal label sets merge.
 * The order is that of scrape/scrape.go scrapeLoop.append.
 */
export function simulateScrape(exposed: readonly Labels[], target: Labels, rules: ScrapeRules): Simulated {
  const stored = new Map<string, { labels: Labels; from: number[] }>();
  const dropped: number[] = [];
  let samples = 0;
  for (const [index, series] of exposed.entries()) {
    const labels = relabel(withTargetLabels(series, target, rules.honorLabels), rules.metricRules);
    if (labels === null || labels.size === 0) {
      dropped.push(index);
      continue;
    }
    samples++;
    const failure = unstorable(labels, rules) ?? (rules.sampleLimit > 0 && samples > rules.sampleLimit ? 'sample limit exceeded' : null);
    if (failure !== null) return { stored: [], dropped: [], failure };
    const key = JSON.stringify([...labels]);
    const known = stored.get(key);
    if (known === undefined) stored.set(key, { labels, from: [index] });
    else known.from.push(index);
  }
  return { stored: [...stored.values()], dropped, failure: null };
}

const legacyName = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const legacyLabel = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

/** scrape/scrape.go errNameLabelMandatory, verifyLabelLimits; the wording of limits as recorded from 3.5.3. */
function unstorable(labels: Labels, rules: ScrapeRules): string | null {
  const metric = labels.get('__name__');
  if (metric === undefined) return 'missing metric name (__name__ label)';
  const legal = rules.validation === 'utf8' || (legacyName.test(metric) && [...labels.keys()].every((name) => legacyLabel.test(name)));
  if (!legal) return `invalid metric name or label names: ${metric}`;
  if (rules.labelLimit > 0 && labels.size > rules.labelLimit) {
    return `label_limit exceeded (metric: ${metric}, number of labels: ${labels.size}, limit: ${rules.labelLimit})`;
  }
  for (const [name, value] of labels) {
    const failure = tooLong(metric, name, value, rules);
    if (failure !== null) return failure;
  }
  return null;
}

function tooLong(metric: string, name: string, value: string, rules: ScrapeRules): string | null {
  const nameLength = lengthBeyond(name, rules.labelNameLengthLimit);
  if (nameLength !== null) {
    return `label_name_length_limit exceeded (metric: ${metric}, label name: ${name}, length: ${nameLength}, limit: ${rules.labelNameLengthLimit})`;
  }
  const valueLength = lengthBeyond(value, rules.labelValueLengthLimit);
  if (valueLength !== null) {
    return `label_value_length_limit exceeded (metric: ${metric}, label name: ${name}, value: "${value}", length: ${valueLength}, limit: ${rules.labelValueLengthLimit})`;
  }
  return null;
}

const utf8 = new TextEncoder();

/** The length of a text that is longer than a limit allows, in bytes, as Prometheus counts; 0 is no limit. */
function lengthBeyond(text: string, limit: number): number | null {
  if (limit <= 0) return null;
  const { length } = utf8.encode(text);
  return length > limit ? length : null;
}
