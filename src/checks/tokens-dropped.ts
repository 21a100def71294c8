import { type Coverage, coverage } from '../facts/coverage.ts';
import type { Nouns } from '../facts/emitters.ts';
import type { Monitor } from '../facts/monitors.ts';
import { scrapeRules } from '../facts/scrape-rules.ts';
import { targets } from '../facts/targets.ts';
import { defineCheck, type Finding, type Remedy, verdict } from '../model/check.ts';
import type { Attempt } from '../model/fact.ts';
import { grouped } from '../parse/grouped.ts';
import type { RelabelRule } from '../parse/relabel.ts';
import { endpointOf, monitorNamed, patching, withoutMetricRule, withoutWriteRule } from './patching.ts';
import { culprit, type Fate, fatesOf, isHistogram, ruleText, type Simulation, sentBy, simulations } from './simulation.ts';
import { whereRun, whereText } from './tenants-merged.ts';

/** Rules that keep token series from being stored at all: keep, drop, native histograms. */
export function tokensDropped(nouns: Nouns, ids: { readonly tokensDropped: string; readonly silent: readonly string[] }) {
  return defineCheck({
    id: ids.tokensDropped,
    title: 'no relabeling drops token series',
    hop: 'collect',
    severity: 'error',
    why: 'The target is up and the scrape succeeds, yet the series are thrown away before they are stored. Nothing says so but a query that stays empty.',
    fix: 'Remove the keep or drop rule from metricRelabelings, or let it pass the token series; keep classic histograms with scrapeClassicHistograms: true.',
    follows: ids.silent,
    needs: { emissions: nouns.emissions, identity: nouns.identity, targets: targets(nouns), rules: scrapeRules(nouns) },
    wants: { coverage: coverage(nouns) },
    judge({ emissions, identity, targets, rules, coverage }) {
      const runs = simulations(nouns, { emissions: emissions.read, targets, rules, identity });
      const unread = rules.flatMap((server) => server.unread);
      if (runs.length === 0 && unread.length === 0) return { status: 'skip', because: `no scraped ${nouns.one} has token series` };
      const jobs = [...grouped(runs, ({ job, rules: server }) => `${server.server.key} ${job.name}`).values()];
      return verdict(
        [
          ...jobs.flatMap((same) => [...dropped(same, coverage), ...native(same, nouns, coverage)]),
          ...jobs.flatMap((same) => unsent(same)),
        ],
        unread,
      );
    },
  });
}

interface Loss {
  readonly series: number;
  readonly of: number;
  readonly tokens: number;
}

function lossOf(run: Simulation, fates: readonly Fate[]): Loss {
  const gone = run.exposed.filter((_, index) => fates[index]?.status !== 'stored');
  return { series: gone.length, of: run.exposed.length, tokens: gone.reduce((sum, { tokens }) => sum + tokens, 0) };
}

function total(losses: readonly Loss[]): Loss {
  return losses.reduce((sum, loss) => ({ series: sum.series + loss.series, of: sum.of + loss.of, tokens: sum.tokens + loss.tokens }), {
    series: 0,
    of: 0,
    tokens: 0,
  });
}

function dropped(runs: readonly Simulation[], coverage: Attempt<Coverage>): readonly Finding[] {
  const [first] = runs;
  if (first === undefined || first.job.metricRules.length === 0) return [];
  const loss = total(runs.map((run) => lossOf(run, run.fates)));
  // Types that are parts of others (cached, reasoning) may go: the total stays.
  if (loss.series === 0 || (loss.tokens === 0 && loss.series < loss.of)) return [];
  const guilty = culprit(
    first.job.metricRules,
    (rules: readonly RelabelRule[]) => total(runs.map((run) => lossOf(run, fatesOf(run.exposed, run.target, run.job, rules)))).series === 0,
  );
  const rule = guilty === null ? 'its metric relabeling' : ruleText(guilty.rule);
  return [
    {
      subject: `scrape pool ${first.job.name}`,
      about: runs.map(({ target }) => target.emitter.key),
      message: `${rule} drops ${loss.series} of ${loss.of} token series with ${loss.tokens} tokens`,
      evidence: {
        saw:
          guilty === null ? `${first.job.metricRules.length} metric_relabel_configs` : `metric_relabel_configs[${guilty.index}]: ${rule}`,
        run: whereRun(first.job.name),
      },
      remedy: (guilty === null
        ? null
        : withoutMetricRule(first.job.name, guilty.rule, { coverage, object: first.rules.server.object })) ?? {
        text: `remove that rule ${whereText(first.job.name)}, or let it pass ${first.exposed[0]?.labels.get('__name__') ?? 'the token series'}`,
      },
    },
  ];
}

/** A classic histogram that is converted leaves no _sum behind: scrape/scrape.go convertClassicHistogramsToNHCB. */
function native(runs: readonly Simulation[], nouns: Nouns, coverage: Attempt<Coverage>): readonly Finding[] {
  const [first] = runs;
  if (first === undefined || !isHistogram(nouns) || !first.job.convertsToNative || first.job.keepsClassic) return [];
  const base = (first.exposed[0]?.labels.get('__name__') ?? nouns.family.name).replace(/_sum$/, '');
  return [
    {
      subject: `scrape pool ${first.job.name}`,
      about: runs.map(({ target }) => target.emitter.key),
      message: `it converts classic histograms to native ones, so ${base}_sum is not stored; where native histograms are, ${base} needs histogram_sum(increase(…))`,
      evidence: { saw: 'convert_classic_histograms_to_nhcb: true', run: whereRun(first.job.name).replace('.metricRelabelings', '') },
      remedy: keepingClassic(endpointOf(first.job.name, coverage)?.monitor ?? null),
    },
  ];
}

/** prometheus-operator api monitoring/v1 NativeHistogramConfig. */
function keepingClassic(monitor: Monitor | null): Remedy {
  if (monitor === null)
    return { text: 'set always_scrape_classic_histograms: true in the job besides, or convert_classic_histograms_to_nhcb: false' };
  const text = `set spec.scrapeClassicHistograms of ${monitor.subject} besides`;
  return patching(text, [monitorNamed(monitor), [{ op: 'add', path: '/spec/scrapeClassicHistograms', value: true }]]);
}

function unsent(runs: readonly Simulation[]): readonly Finding[] {
  const [first] = runs;
  return (first?.rules.remoteWrites ?? []).flatMap(({ url, rules }) => {
    const stored = runs.map((run) => lossOf(run, run.fates).series).reduce((sum, count) => sum + count, 0);
    const sent = total(runs.map((run) => lossOf(run, sentBy(run.fates, rules))));
    if (first === undefined || sent.series <= stored) return [];
    const guilty = culprit(rules, (kept) => total(runs.map((run) => lossOf(run, sentBy(run.fates, kept)))).series <= stored);
    return [
      {
        subject: first.rules.server.subject,
        about: runs.map(({ target }) => target.emitter.key),
        // Often meant so: the store there is for something else.
        ...(sent.series === sent.of ? { severity: 'warning' as const } : {}),
        message: `what it sends to ${url} lacks ${sent.series - stored} of ${sent.of} token series: writeRelabelConfigs drop them`,
        evidence: { saw: rules.map(ruleText).join(', '), run: 'curl -s http://localhost:9090/api/v1/status/config' },
        remedy: (guilty === null ? null : withoutWriteRule(url, guilty.rule, first.rules.server.object)) ?? {
          text: 'let spec.remoteWrite[].writeRelabelConfigs pass the token series',
        },
      },
    ];
  });
}
