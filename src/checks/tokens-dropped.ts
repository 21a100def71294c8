import type { Nouns } from '../facts/emitters.ts';
import { scrapeRules } from '../facts/scrape-rules.ts';
import { targets } from '../facts/targets.ts';
import { defineCheck, type Finding, verdict } from '../model/check.ts';
import { grouped } from '../parse/grouped.ts';
import type { RelabelRule } from '../parse/relabel.ts';
import { culprit, type Fate, fatesOf, ruleText, type Simulation, sentBy, simulations } from './simulation.ts';
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
    judge({ emissions, identity, targets, rules }) {
      const runs = simulations(nouns, { emissions: emissions.read, targets, rules, identity });
      const unread = rules.flatMap((server) => server.unread);
      if (runs.length === 0 && unread.length === 0) return { status: 'skip', because: `no scraped ${nouns.one} has token series` };
      const jobs = [...grouped(runs, ({ job, rules: server }) => `${server.server.key} ${job.name}`).values()];
      return verdict(
        [...jobs.flatMap((same) => [...dropped(same), ...native(same, nouns)]), ...jobs.flatMap((same) => unsent(same))],
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

function dropped(runs: readonly Simulation[]): readonly Finding[] {
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
      remedy: {
        text: `remove that rule ${whereText(first.job.name)}, or let it pass ${first.exposed[0]?.labels.get('__name__') ?? 'the token series'}`,
      },
    },
  ];
}

/** A classic histogram that is converted leaves no _sum behind: scrape/scrape.go convertClassicHistogramsToNHCB. */
function native(runs: readonly Simulation[], nouns: Nouns): readonly Finding[] {
  const [first] = runs;
  if (first === undefined || nouns.family.total === null || !first.job.convertsToNative || first.job.keepsClassic) return [];
  const base = (first.exposed[0]?.labels.get('__name__') ?? nouns.family.name).replace(/_sum$/, '');
  return [
    {
      subject: `scrape pool ${first.job.name}`,
      about: runs.map(({ target }) => target.emitter.key),
      message: `it converts classic histograms to native ones, so ${base}_sum is not stored; where native histograms are, ${base} needs histogram_sum(increase(…))`,
      evidence: { saw: 'convert_classic_histograms_to_nhcb: true', run: whereRun(first.job.name).replace('.metricRelabelings', '') },
      remedy: { text: 'set spec.scrapeClassicHistograms: true on the PodMonitor besides, or convertClassicHistogramsToNHCB: false' },
    },
  ];
}

function unsent(runs: readonly Simulation[]): readonly Finding[] {
  const [first] = runs;
  return (first?.rules.remoteWrites ?? []).flatMap(({ url, rules }) => {
    const stored = runs.map((run) => lossOf(run, run.fates).series).reduce((sum, count) => sum + count, 0);
    const sent = total(runs.map((run) => lossOf(run, sentBy(run.fates, rules))));
    if (first === undefined || sent.series <= stored) return [];
    return [
      {
        subject: first.rules.server.subject,
        about: runs.map(({ target }) => target.emitter.key),
        // Often meant so: the store there is for something else.
        ...(sent.series === sent.of ? { severity: 'warning' as const } : {}),
        message: `what it sends to ${url} lacks ${sent.series - stored} of ${sent.of} token series: writeRelabelConfigs drop them`,
        evidence: { saw: rules.map(ruleText).join(', '), run: 'curl -s http://localhost:9090/api/v1/status/config' },
        remedy: { text: 'let spec.remoteWrite[].writeRelabelConfigs pass the token series' },
      },
    ];
  });
}
