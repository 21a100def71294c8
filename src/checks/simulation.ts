import type { Emission, IdentityLabel, Nouns, TokenSeries } from '../facts/emitters.ts';
import type { ServerRules } from '../facts/scrape-rules.ts';
import type { EmitterTarget, Targets } from '../facts/targets.ts';
import { escapeName } from '../parse/metric-names.ts';
import type { Labels, RelabelRule } from '../parse/relabel.ts';
import { relabel } from '../parse/relabel.ts';
import { simulateScrape } from '../parse/scrape.ts';
import type { ScrapeJob } from '../parse/scrape-config.ts';

/** The token series of one emitter run through one scrape job's rules. */
export interface Simulation {
  readonly rules: ServerRules;
  readonly job: ScrapeJob;
  readonly target: EmitterTarget;
  readonly exposed: readonly ExposedSeries[];
  readonly fates: readonly Fate[];
}

export interface ExposedSeries {
  readonly labels: Labels;
  /** Identity labels that the series carries, with their values. */
  readonly identity: Labels;
  readonly tokens: number;
}

/** What became of one exposed series. */
export type Fate =
  | {
      readonly status: 'stored';
      readonly labels: Labels /** Another one of the same labels came first, so its tokens are lost. */;
      readonly lost: boolean;
    }
  | { readonly status: 'dropped' };

/** Every token series of every scraped emitter through the rules of every job that scrapes it. */
export function simulations(
  nouns: Nouns,
  known: {
    readonly emissions: readonly Emission[];
    readonly targets: Targets;
    readonly rules: readonly ServerRules[];
    readonly identity: readonly IdentityLabel[];
  },
): readonly Simulation[] {
  const metered = new Map(known.emissions.map((emission) => [emission.emitter.key, emission]));
  return known.targets.servers.flatMap(({ server, targets }) => {
    const rules = known.rules.find((candidate) => candidate.server.key === server.key);
    const own = targets.filter(({ ownPath }) => ownPath);
    return own.flatMap((target) => {
      const job = rules?.jobs.find(({ name }) => name === target.pool);
      const emission = metered.get(target.emitter.key);
      if (rules === undefined || job === undefined || emission?.outcome.status !== 'metered') return [];
      const series = emission.outcome.series;
      const exposed = once(() => series.map((one) => exposedSeries(nouns, one, emission, job, known.identity)));
      const fates = once(() => fatesOf(exposed(), target, job, job.metricRules));
      return [
        {
          rules,
          job,
          target,
          get exposed() {
            return exposed();
          },
          get fates() {
            return fates();
          },
        },
      ];
    });
  });
}

/** Most jobs have no rule that could do harm: what is never asked is never computed. */
function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | null = null;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

/** What the rules make of the series; limits are left out, because only a part of the scrape is known here and a limit shows as a target that is down. */
export function fatesOf(
  exposed: readonly ExposedSeries[],
  target: EmitterTarget,
  job: ScrapeJob,
  rules: readonly RelabelRule[],
): readonly Fate[] {
  const outcome = simulateScrape(
    exposed.map(({ labels }) => labels),
    new Map(Object.entries(target.labels)),
    { ...job, metricRules: rules, sampleLimit: 0, labelLimit: 0, labelNameLengthLimit: 0, labelValueLengthLimit: 0, validation: 'utf8' },
  );
  const fates: Fate[] = exposed.map(() => ({ status: 'dropped' }));
  for (const { labels, from } of outcome.stored) {
    from.forEach((index, order) => {
      fates[index] = { status: 'stored', labels, lost: order > 0 };
    });
  }
  return fates;
}

/** What remote_write rules make of stored series: nothing merges there by accident of order, the store decides, so the first counts as kept. */
export function sentBy(fates: readonly Fate[], rules: readonly RelabelRule[]): readonly Fate[] {
  const seen = new Set<string>();
  return fates.map((fate) => {
    if (fate.status === 'dropped' || fate.lost) return fate;
    const labels = relabel(fate.labels, rules);
    if (labels === null) return { status: 'dropped' };
    const key = JSON.stringify([...labels]);
    const lost = seen.has(key);
    seen.add(key);
    return { status: 'stored', labels, lost };
  });
}

/** The series as this job receives it: the sum of the family, in the spelling that the job asks for. */
function exposedSeries(
  nouns: Nouns,
  series: TokenSeries,
  emission: Emission,
  job: ScrapeJob,
  identity: readonly IdentityLabel[],
): ExposedSeries {
  const family = emission.outcome.status === 'metered' ? emission.outcome.family : nouns.family.name;
  const dotted = family.includes('.');
  const spelled = (name: string): string => (dotted ? escapeName(rawLabel(name, identity), job.names) : name);
  const labels = new Map(Object.entries(series.labels).map(([name, value]) => [spelled(name), value]));
  // The suffix is added after the name was escaped: prometheus/common expfmt, EscapeMetricFamily.
  labels.set('__name__', `${escapeName(family, dotted ? job.names : 'allow-utf-8')}${isHistogram(nouns, family) ? '_sum' : ''}`);
  const carried = identity.filter(({ label }) => (series.labels[label] ?? '') !== '');
  return {
    labels,
    identity: new Map(carried.map(({ label }) => [spelled(label), series.labels[label] ?? ''])),
    tokens: tokensOf(nouns, series),
  };
}

/** Whether what is summed is the _sum of the family, rather than the family itself, a counter. */
export function isHistogram({ family }: Nouns, name = family.name): boolean {
  return family.total !== null && !family.spellings.includes(name);
}

/** The name as registered: the attribute of an identity label, dots in the intrinsic ones (internal/metrics/genai.go). */
function rawLabel(label: string, identity: readonly IdentityLabel[]): string {
  const mapped = identity.find((entry) => entry.label === label);
  if (mapped !== undefined) return mapped.attribute;
  return label.startsWith('gen_ai_') ? `gen_ai.${label.slice('gen_ai_'.length).replaceAll('_', '.')}` : label;
}

/** Only the types that make up the total count. */
function tokensOf({ family }: Nouns, series: TokenSeries): number {
  if (family.total === null) return series.sum;
  const type = series.labels[family.total.label];
  return type === undefined || family.total.values.includes(type) ? series.sum : 0;
}

/** The first rule without which a loss does not happen; null when it takes several. */
export function culprit(
  rules: readonly RelabelRule[],
  heals: (without: readonly RelabelRule[]) => boolean,
): { readonly index: number; readonly rule: RelabelRule } | null {
  for (const [index, rule] of rules.entries()) {
    if (heals(rules.filter((candidate) => candidate !== rule))) return { index, rule };
  }
  return null;
}

/** A rule in the words of the configuration. */
export function ruleText(rule: RelabelRule): string {
  const parts = [
    `action: ${rule.action}`,
    rule.sourceLabels.length > 0 ? `source_labels: [${rule.sourceLabels.join(', ')}]` : null,
    rule.regex.source === '(.*)' ? null : `regex: ${rule.regex.source}`,
    rule.targetLabel === '' ? null : `target_label: ${rule.targetLabel}`,
    rule.replacement === '$1' ? null : `replacement: ${JSON.stringify(rule.replacement)}`,
  ];
  return `{${parts.filter((part) => part !== null).join(', ')}}`;
}
