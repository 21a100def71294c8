import { holdsVariable, type Substituted } from '../parse/dashboard-variables.ts';
import { takesValue, takesWhole } from '../parse/matcher.ts';
import { normaliseLabel } from '../parse/metric-names.ts';
import { type LabelMatch, type VectorSelector, writeLabel } from '../parse/promql.ts';
import type { Nouns } from './emitters.ts';
import type { Shard } from './prometheus.ts';
import type { ServerSeries } from './stored-series.ts';

/** One selector of the token family, asked of the live server with variables standing for everything. */
export interface TokenSelector {
  readonly selector: VectorSelector;
  /** Series it finds now. */
  readonly found: number;
  /** The matcher without which it finds something; null when it finds something, or the name itself is not stored. */
  readonly emptiedBy: LabelMatch | null;
  /** Labels that it is grouped by and that no found series carries, with the label that they carry instead. */
  readonly missing: readonly { readonly label: string; readonly stored: string | null }[];
  /** Everything it sums over only what makes up the total; null when it sums no overlapping types. */
  readonly overlap: number | null;
  /** The same selector in the spelling that is stored, and how many series that finds. */
  readonly corrected: { readonly name: string; readonly text: string; readonly found: number; relabel(label: string): string } | null;
}

/** What a selector is tried with. */
export interface Tools {
  readonly shard: Shard;
  readonly stored: ServerSeries;
  readonly nouns: Nouns;
  count(expr: string): Promise<number>;
  labelsOf(name: string): Promise<readonly string[]>;
}

/** Asks what one selector finds, and what would. */
export async function tried(tools: Tools, selector: VectorSelector, substituted: Substituted): Promise<TokenSelector> {
  const { stored } = tools;
  const open = selector.matchers.filter(({ label }) => label !== '__name__');
  const names = stored.names.map(({ name }) => name);
  const name =
    selector.name ??
    names.find((candidate) => takesWhole(selector.matchers.find(({ label }) => label === '__name__')?.value ?? '', candidate)) ??
    null;
  const isStored = name !== null && names.includes(name);
  const found = isStored ? await tools.count(`count(${written(name, open)})`) : 0;
  const emptiedBy = isStored && found === 0 ? await emptier(tools, name, open) : null;
  const corrected = isStored && found > 0 ? null : await respelled(tools, open);
  const base = { selector, found, emptiedBy, corrected };
  if (!isStored || found === 0) return { ...base, missing: [], overlap: null };
  return {
    ...base,
    missing: await absentGroups(tools, name, { series: written(name, open), selector, substituted }),
    overlap: await overlapOf(tools, name, open, selector),
  };
}

/** A selector as every Prometheus parses it, but for quoted labels; a matcher whose value holds a variable is left out, because the variable may stand for everything. */
function written(name: string, matchers: readonly Pick<LabelMatch, 'label' | 'op' | 'value'>[]): string {
  const kept = matchers
    .filter(({ value }) => !holdsVariable(value))
    .map(({ label, op, value }) => `${writeLabel(label)}${op}${JSON.stringify(value)}`);
  return `{${[`__name__=${JSON.stringify(name)}`, ...kept].join(',')}}`;
}

async function emptier(tools: Tools, name: string, matchers: readonly LabelMatch[]): Promise<LabelMatch | null> {
  for (const matcher of matchers.filter(({ value }) => !holdsVariable(value))) {
    if (
      (await tools.count(
        `count(${written(
          name,
          matchers.filter((other) => other !== matcher),
        )})`,
      )) > 0
    )
      return matcher;
  }
  return null;
}

async function respelled(tools: Tools, matchers: readonly LabelMatch[]): Promise<TokenSelector['corrected']> {
  const [most] = [...tools.stored.names].sort((a, b) => b.series - a.series);
  if (most === undefined) return null;
  const present = await tools.labelsOf(most.name);
  const relabel = (label: string): string =>
    present.includes(label) ? label : (present.find((candidate) => normaliseLabel(candidate) === normaliseLabel(label)) ?? label);
  const spelled = matchers.map(({ label, op, value }) => ({ label: relabel(label), op, value }));
  const kept = spelled.map(({ label, op, value }) => `${writeLabel(label)}${op}${JSON.stringify(value)}`);
  const plainName = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/.test(most.name);
  const list = [...(plainName ? [] : [`__name__=${JSON.stringify(most.name)}`]), ...kept];
  const text = `${plainName ? most.name : ''}${list.length > 0 ? `{${list.join(',')}}` : ''}`;
  return { name: most.name, text, found: await tools.count(`count(${written(most.name, spelled)})`), relabel };
}

/** Labels of the aggregations around the selector that its series lack. A label that the query makes itself is none. */
async function absentGroups(
  tools: Tools,
  name: string,
  { series, selector, substituted }: { readonly series: string; readonly selector: VectorSelector; readonly substituted: Substituted },
): Promise<TokenSelector['missing']> {
  const makes = selector.within.some(
    (outer) => outer.kind === 'function' && (outer.name === 'label_replace' || outer.name === 'label_join'),
  );
  if (makes) return [];
  const grouped = selector.within.flatMap((outer) =>
    outer.kind === 'aggregate' && outer.grouping?.mode === 'by' ? outer.grouping.labels.map((label) => label.name) : [],
  );
  const asked = [...new Set(grouped)].filter((label) => !substituted.isVariable(label) && label !== 'le' && label !== '__name__');
  const counts = await Promise.all(asked.map(async (label) => ({ label, count: await labelled(tools, series, label) })));
  const present = await tools.labelsOf(name);
  return counts.filter(({ count }) => count === 0).map(({ label }) => ({ label, stored: likeLabel(label, present) }));
}

/** The stored spelling of a label, the name it had to take, `exported_…`, or the one label that says the same thing, "user_id" for "user". */
function likeLabel(label: string, present: readonly string[]): string | null {
  const alike = (candidate: string): boolean => candidate !== label && normaliseLabel(candidate) === normaliseLabel(label);
  const same = present.find(alike) ?? present.find((candidate) => candidate === `exported_${label}`);
  if (same !== undefined) return same;
  const [kin, ...others] = present.filter((candidate) => candidate !== label && thingOf(candidate) === thingOf(label));
  return others.length === 0 ? (kin ?? null) : null;
}

/** What a label names: an ID or a name of it is the thing. */
function thingOf(label: string): string {
  return normaliseLabel(label).replace(/(?<=\w)_(id|name)$/, '');
}

async function labelled(tools: Tools, series: string, label: string): Promise<number> {
  // 2.x has no series with such a name, and refuses the question.
  if (!/^[a-zA-Z_]\w*$/.test(label) && /^v?2\./.test(tools.shard.build.version ?? '')) return 0;
  return tools.count(`count(${series.slice(0, -1)},${writeLabel(label)}!=""})`);
}

async function overlapOf(tools: Tools, name: string, matchers: readonly LabelMatch[], selector: VectorSelector): Promise<number | null> {
  const { total } = tools.nouns.family;
  const sums = selector.within.some((outer) => outer.kind === 'aggregate' && (outer.op === 'sum' || outer.op === 'avg'));
  if (total === null || !sums || separates(selector, matchers, total)) return null;
  const type = (await tools.labelsOf(name)).find((label) => normaliseLabel(label) === total.label);
  if (type === undefined) return null;
  const wanted = { label: type, op: '=~' as const, value: total.values.join('|') };
  const [all, right] = await Promise.all([
    tools.count(`sum(${written(name, matchers)})`),
    tools.count(`sum(${written(name, [...matchers, wanted])})`),
  ]);
  return right > 0 ? all / right : null;
}

/** Whether the query keeps the types apart, or takes only ones that do not overlap. */
function separates(selector: VectorSelector, matchers: readonly LabelMatch[], total: NonNullable<Nouns['family']['total']>): boolean {
  const grouped = selector.within.some(
    (outer) =>
      outer.kind === 'aggregate' &&
      outer.grouping?.mode === 'by' &&
      outer.grouping.labels.some(({ name }) => normaliseLabel(name) === total.label),
  );
  const own = matchers.filter(({ label }) => normaliseLabel(label) === total.label);
  if (grouped || own.some(({ value }) => holdsVariable(value))) return true;
  const taken = [...new Set([...total.values, 'total', 'cached_input', 'cache_creation_input', 'reasoning'])].filter((type) =>
    own.every((matcher) => takesValue(matcher, type)),
  );
  return taken.length <= 1 || taken.every((type) => total.values.includes(type));
}
