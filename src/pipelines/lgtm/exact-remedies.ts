import { defaultIds } from '../../checks/shared-ids.ts';
import type { Emission } from '../../facts/emitters.ts';
import type { Check, Finding, Remedy, Verdict } from '../../model/check.ts';
import { type Attempt, known } from '../../model/fact.ts';
import type { Many } from '../../model/source.ts';
import { expanded } from '../../parse/collector-escaping.ts';
import { list, record, text } from '../../parse/fields.ts';
import { type RelabelRule, relabel, relabelRule } from '../../parse/relabel.ts';
import { labelSpellings } from '../../parse/spellings.ts';
import { type Destination, type Destinations, destinations } from './facts/destinations.ts';
import { type Scrape, type Scraping, scraping } from './facts/scraping.ts';
import { placeOfJob, rejobbing } from './job-remedies.ts';
import { nouns } from './nouns.ts';
import { placeOf, restart } from './scrape-remedies.ts';
import { decisive, reconfiguring, valueAt } from './text-remedies.ts';

interface Collected {
  readonly destinations: Attempt<Destinations>;
  readonly scraping: Attempt<Scraping>;
  readonly emissions: Attempt<Many<Emission>>;
}

/** What a collector's configuration has to do with findings of checks that know of none; null: nothing. */
const exact: Readonly<Record<string, (finding: Finding, collected: Collected) => Remedy | null>> = {
  [defaultIds.seriesAbsent]: (finding, collected) => underscored(finding, collected) ?? keeping(collected),
  [defaultIds.storedIdentityAbsent]: sparing,
};

/** A check that all systems share, with what exactly mends its findings where a collector brings the series. */
export function exactly(check: Check): Check {
  const remedyOf = exact[check.id];
  if (remedyOf === undefined) return check;
  const wants = { destinations, scraping, emissions: nouns.emissions };
  return {
    ...check,
    facts: [...check.facts, ...Object.values(wants)],
    examine: async (reader): Promise<Verdict> => {
      const verdict = await check.examine(reader);
      if (verdict.status !== 'fail') return verdict;
      const collected = await known(reader, {}, wants);
      const mended = (finding: Finding): Finding => {
        const remedy = finding.remedy?.command === undefined ? remedyOf(finding, collected) : null;
        return remedy === null ? finding : { ...finding, remedy };
      };
      return { ...verdict, findings: verdict.findings.map(mended) };
    },
  };
}

/** The remedies of several collectors as one; null: there is none that a shell can run. */
function together(remedies: readonly Remedy[]): Remedy | null {
  const distinct = [...new Map(remedies.flatMap((each) => (each.command === undefined ? [] : [[each.command, each] as const]))).values()];
  const [first] = distinct;
  if (first === undefined) return null;
  return distinct.length === 1
    ? first
    : { text: distinct.map((each) => each.text).join('; '), command: distinct.map((each) => each.command).join('\n') };
}

/** exporter/prometheusremotewriteexporter config.go; Mimir refuses names with dots one by one. */
const strategy = 'UnderscoreEscapingWithSuffixes';

function underscored({ subject, message }: Finding, collected: Collected): Remedy | null {
  if (!message.includes('err-mimir-metric-name-invalid') || collected.destinations.status === 'unread') return null;
  const writing = collected.destinations.value.read.filter(
    ({ mimir, exporter }) => mimir?.subject === subject && exporter.kind === 'remote-write',
  );
  return together(writing.flatMap(translating));
}

function translating({ collector, exporter: { id } }: Destination): readonly Remedy[] {
  const path = ['exporters', id, 'translation_strategy'];
  const source = decisive(collector, path);
  if (source?.text == null || !String(valueAt(source.text, path)).startsWith('No')) return [];
  const again = restart(collector);
  const say = { text: `set translation_strategy of ${id} to ${strategy} in ${placeOf(source)}${again === null ? '' : `, then ${again}`}` };
  return [reconfiguring(collector, source, say, [{ path, value: strategy }])];
}

/** Without the rule of a scrape job that takes the label away. */
function sparing({ about, evidence }: Finding, { scraping }: Collected): Remedy | null {
  const [, label] = /^0 series with ([a-zA-Z_]\w*)$/.exec(evidence.saw) ?? [];
  if (label === undefined || scraping.status === 'unread') return null;
  const scrapes = scraping.value.emitters.filter(({ emitter }) => about?.includes(emitter.key)).flatMap((each) => each.scrapes);
  const series = new Map([
    ['__name__', 'gen_ai_client_token_usage_sum'],
    [label, 'someone'],
  ]);
  return together(
    scrapes.flatMap((scrape) => withoutLosing(scrape, series, (stored) => stored !== null && stored.get(label) !== 'someone')),
  );
}

/** Without the rule of a scrape job that drops every token series, under whichever name a collector asks for them. */
function keeping({ scraping, emissions }: Collected): Remedy | null {
  if (scraping.status === 'unread' || emissions.status === 'unread') return null;
  const counted = emissions.value.read.flatMap(({ emitter: { key }, outcome }) =>
    outcome.status === 'metered' ? outcome.series.slice(0, 1).map(({ labels }) => ({ key, family: outcome.family, labels })) : [],
  );
  const remedies = counted.flatMap(({ key, family, labels }) => {
    const scrapes = scraping.value.emitters.filter(({ emitter }) => emitter.key === key).flatMap((each) => each.scrapes);
    const named = labelSpellings(family).map((name) => new Map([...Object.entries(labels), ['__name__', `${name}_sum`]]));
    return scrapes.flatMap((scrape) => {
      const found = named.map((series) => withoutLosing(scrape, series, (stored) => stored === null));
      return found.find((each) => each.length > 0) ?? [];
    });
  });
  return together(remedies);
}

type Lost = (stored: ReadonlyMap<string, string> | null) => boolean;

function withoutLosing(scrape: Scrape, series: ReadonlyMap<string, string>, lost: Lost): readonly Remedy[] {
  const place = placeOfJob(scrape);
  if (place === null) return [];
  const rules = list(place.written.metric_relabel_configs);
  const at = losing(rules, series, lost);
  if (at === null) return [];
  const rule = record(rules[at]);
  const say = {
    text: `take the rule ${text(rule.action) ?? 'replace'} ${JSON.stringify(rule.regex ?? '(.*)')} out of metric_relabel_configs of job ${scrape.job.name} in ${placeOf(place.source)}`,
  };
  return [rejobbing(scrape, say, () => [{ path: ['metric_relabel_configs'], value: rules.toSpliced(at, 1) }])];
}

/** The first rule after which a series has lost what it had; null: none. */
function losing(rules: readonly unknown[], series: ReadonlyMap<string, string>, lost: Lost): number | null {
  let labels = series;
  for (const [index, raw] of rules.entries()) {
    const rule = ruleOf(raw);
    const next = rule === null ? labels : relabel(labels, [rule]);
    if (lost(next)) return index;
    if (next === null) return null;
    labels = next;
  }
  return null;
}

/** Null for one that its scraper refuses. */
function ruleOf(raw: unknown): RelabelRule | null {
  try {
    return relabelRule(record(expanded(raw, () => null)));
  } catch {
    // The collector does not start with it, which shows elsewhere.
    return null;
  }
}
