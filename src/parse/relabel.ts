import { md5Tail } from './md5.ts';
import { anchored, type Dialect, type Pattern } from './re2/match.ts';

export const actions = [
  'replace',
  'keep',
  'drop',
  'keepequal',
  'dropequal',
  'hashmod',
  'labelmap',
  'labeldrop',
  'labelkeep',
  'lowercase',
  'uppercase',
] as const;
export type Action = (typeof actions)[number];

/** One relabeling rule with Prometheus's defaults filled in: model/relabel/relabel.go DefaultRelabelConfig. */
export interface RelabelRule {
  readonly sourceLabels: readonly string[];
  readonly separator: string;
  readonly regex: Pattern;
  readonly modulus: bigint;
  readonly targetLabel: string;
  readonly replacement: string;
  readonly action: Action;
}

/** Labels in the order Prometheus keeps them (by name, bytewise); a Map because label names are untrusted. */
export type Labels = ReadonlyMap<string, string>;

/** A rule that Prometheus or its operator refuses, in their words where they have some. */
export class RelabelError extends Error {
  override readonly name = 'RelabelError';
}

/**
 * Reads a rule from either spelling: the operator's camelCase (`sourceLabels`, action case-insensitive) or Prometheus's own snake_case.
 * Throws RelabelError, or PatternError for a regex that RE2 refuses.
 */
export function relabelRule(source: Readonly<Record<string, unknown>>, dialect: Dialect = 3): RelabelRule {
  const field = (camel: string, snake: string): unknown => source[camel] ?? source[snake];
  const action = String(field('action', 'action') ?? 'replace').toLowerCase();
  if (!isAction(action)) throw new RelabelError(`unknown relabel action "${action}"`);
  const labels = field('sourceLabels', 'source_labels');
  const rule: RelabelRule = {
    sourceLabels: Array.isArray(labels) ? labels.map(String) : [],
    separator: text(field('separator', 'separator'), ';'),
    regex: anchored(text(field('regex', 'regex'), '(.*)'), dialect),
    modulus: BigInt(Math.trunc(Number(field('modulus', 'modulus') ?? 0))),
    targetLabel: text(field('targetLabel', 'target_label'), ''),
    replacement: text(field('replacement', 'replacement'), '$1'),
    action,
  };
  const problem = invalid(rule);
  if (problem !== null) throw new RelabelError(problem);
  return rule;
}

function text(value: unknown, otherwise: string): string {
  return value === undefined || value === null ? otherwise : String(value);
}

function isAction(name: string): name is Action {
  return (actions as readonly string[]).includes(name);
}

const targeted: readonly Action[] = ['replace', 'hashmod', 'lowercase', 'uppercase', 'keepequal', 'dropequal'];

/** model/relabel/relabel.go Config.Validate. */
function invalid(rule: RelabelRule): string | null {
  if (rule.action === 'hashmod' && rule.modulus === 0n) return 'relabel configuration for hashmod requires non-zero modulus';
  if (targeted.includes(rule.action) && rule.targetLabel === '')
    return `relabel configuration for ${rule.action} action requires 'target_label' value`;
  const bare =
    rule.sourceLabels.length === 0 && rule.targetLabel === '' && rule.modulus === 0n && rule.separator === ';' && rule.replacement === '$1';
  if ((rule.action === 'labeldrop' || rule.action === 'labelkeep') && !bare)
    return `${rule.action} action requires only 'regex', and no other fields`;
  if (
    (rule.action === 'keepequal' || rule.action === 'dropequal') &&
    (rule.regex.source !== '(.*)' || rule.separator !== ';' || rule.replacement !== '$1')
  )
    return `${rule.action} action requires only 'source_labels' and 'target_label', and no other fields`;
  return null;
}

/** The labels after all rules, sorted; null when a rule dropped them. The steps are those of model/relabel/relabel.go relabel(). */
export function relabel(labels: Labels, rules: readonly RelabelRule[]): Labels | null {
  const builder = labelBuilder(labels);
  return rules.every((rule) => apply(builder, rule)) ? builder.labels() : null;
}

function apply(builder: LabelBuilder, rule: RelabelRule): boolean {
  const value = rule.sourceLabels.map((name) => builder.get(name)).join(rule.separator);
  switch (rule.action) {
    case 'keep':
      return rule.regex.fullMatch(value) !== null;
    case 'drop':
      return rule.regex.fullMatch(value) === null;
    case 'keepequal':
      return builder.get(rule.targetLabel) === value;
    case 'dropequal':
      return builder.get(rule.targetLabel) !== value;
    case 'replace':
      replace(builder, rule, value);
      return true;
    case 'lowercase':
      builder.set(rule.targetLabel, value.toLowerCase());
      return true;
    case 'uppercase':
      builder.set(rule.targetLabel, value.toUpperCase());
      return true;
    case 'hashmod':
      builder.set(rule.targetLabel, String(md5Tail(value) % rule.modulus));
      return true;
    case 'labelmap':
      mapNames(builder, rule);
      return true;
    case 'labeldrop':
    case 'labelkeep':
      for (const [name] of builder.entries())
        if ((rule.regex.fullMatch(name) !== null) === (rule.action === 'labeldrop')) builder.delete(name);
      return true;
  }
}

function replace(builder: LabelBuilder, rule: RelabelRule, value: string): void {
  const groups = rule.regex.fullMatch(value);
  if (groups === null) return;
  const target = expand(rule.targetLabel, rule.regex, groups);
  if (target === '') return;
  builder.set(target, expand(rule.replacement, rule.regex, groups));
}

function mapNames(builder: LabelBuilder, rule: RelabelRule): void {
  for (const [name, value] of builder.entries()) {
    const groups = rule.regex.fullMatch(name);
    if (groups !== null) builder.set(expand(rule.replacement, rule.regex, groups), value);
  }
}

/** Go's regexp.Expand: $1, ${1}, $name (the longest run of word characters), $$; an unknown group is empty, a lone $ stays. */
export function expand(template: string, pattern: Pattern, groups: readonly (string | null)[]): string {
  return template.replace(/\$(?:\$|\{(\w+)\}|(\w+))/gu, (whole, braced?: string, plain?: string) => {
    const name = braced ?? plain;
    if (name === undefined) return whole === '$$' ? '$' : whole;
    if (/^\d+$/.test(name)) return groups[Number(name)] ?? '';
    return groups.find((group, index) => group !== null && pattern.names[index] === name) ?? '';
  });
}

interface LabelBuilder {
  get(name: string): string;
  set(name: string, value: string): void;
  delete(name: string): void;
  /** A copy: base labels by name, then the added ones in the order they came (model/labels Builder.Range); rules that rename depend on it. */
  entries(): readonly (readonly [string, string])[];
  labels(): Labels;
}

/** model/labels Builder: an empty value is no label. */
function labelBuilder(base: Labels): LabelBuilder {
  const kept = new Map([...base].filter(([, value]) => value !== '').sort(byName));
  const added = new Map<string, string>();
  const entries = (): readonly (readonly [string, string])[] => [...[...kept].filter(([name]) => !added.has(name)), ...added];
  const remove = (name: string): void => {
    kept.delete(name);
    added.delete(name);
  };
  return {
    get: (name) => added.get(name) ?? kept.get(name) ?? '',
    set: (name, value) => {
      if (value === '') remove(name);
      else added.set(name, value);
    },
    delete: remove,
    entries,
    labels: () => new Map([...entries()].sort(byName)),
  };
}

function byName(a: readonly [string, string], b: readonly [string, string]): number {
  return a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0;
}

/**
 * The labels a scraped series is stored with before metric relabeling: target labels join, and a scraped label of the same name
 * becomes `exported_…`, unless labels are honoured. scrape/scrape.go mutateSampleLabels, resolveConflictingExposedLabels.
 */
export function withTargetLabels(series: Labels, target: Labels, honorLabels: boolean): Labels {
  const builder = labelBuilder(series);
  const conflicts: (readonly [string, string])[] = [];
  for (const [name, value] of [...target].sort(byName)) {
    const exposed = series.get(name) ?? '';
    if (honorLabels) {
      if (!series.has(name)) builder.set(name, value);
      continue;
    }
    if (exposed !== '') conflicts.push([name, exposed]);
    builder.set(name, value);
  }
  for (const [name, value] of conflicts.sort((a, b) => a[0].length - b[0].length)) {
    let renamed = `exported_${name}`;
    while (builder.get(renamed) !== '') renamed = `exported_${renamed}`;
    builder.set(renamed, value);
  }
  return builder.labels();
}
