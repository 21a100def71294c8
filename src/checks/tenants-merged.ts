import type { Nouns } from '../facts/emitters.ts';
import { type ServerRules, scrapeRules } from '../facts/scrape-rules.ts';
import { targets } from '../facts/targets.ts';
import { defineCheck, type Finding, verdict } from '../model/check.ts';
import { grouped } from '../parse/grouped.ts';
import type { Labels, RelabelRule } from '../parse/relabel.ts';
import { culprit, type Fate, fatesOf, ruleText, type Simulation, sentBy, simulations } from './simulation.ts';
import { enumerated, shell, times } from './wording.ts';

/** Relabeling that merges the series of different tenants, or gives one the name of another: proven by running the rules over the series. */
export function tenantsMerged(nouns: Nouns, ids: { readonly tenantsMerged: string; readonly identity: readonly string[] }) {
  return defineCheck({
    id: ids.tenantsMerged,
    title: 'no relabeling merges or rewrites tenants',
    hop: 'collect',
    severity: 'error',
    why: 'Series that differ only in a removed label become one, and Prometheus keeps the first of them. The other tenants’ tokens are lost without an error, a warning or a target that is down.',
    fix: 'Remove the rule from metricRelabelings (or the scrape class, or writeRelabelConfigs), or let it spare the identity labels.',
    follows: ids.identity,
    needs: { emissions: nouns.emissions, identity: nouns.identity, targets: targets(nouns), rules: scrapeRules(nouns) },
    judge({ emissions, identity, targets, rules }) {
      if (identity.length === 0) return { status: 'skip', because: 'no label carries an identity' };
      const runs = simulations(nouns, { emissions: emissions.read, targets, rules, identity });
      const unread = rules.flatMap((server) => server.unread);
      if (runs.length === 0 && unread.length === 0) return { status: 'skip', because: `no scraped ${nouns.one} has token series` };
      const scraped = [...grouped(runs, ({ job, rules: server }) => `${server.server.key} ${job.name}`).values()].flatMap((same) =>
        inScrape(same),
      );
      const written = [...grouped(runs, ({ rules: server }) => server.server.key).values()].flatMap((same) => inRemoteWrite(same));
      return verdict([...scraped, ...written], unread);
    },
  });
}

/** Identities that are not told apart any more, or that changed. */
interface Damage {
  /** Texts of the tenants that end as one. */
  readonly merged: readonly string[];
  readonly into: string;
  readonly lost: number;
  readonly total: number;
}

function inScrape(runs: readonly Simulation[]): readonly Finding[] {
  const [first] = runs;
  const damage = worst(runs.map((run) => damageOf(run, run.fates)));
  if (first === undefined || damage === null) return [];
  const heals = (rules: readonly RelabelRule[]): boolean =>
    worst(runs.map((run) => damageOf(run, fatesOf(run.exposed, run.target, run.job, rules)))) === null;
  const guilty = culprit(first.job.metricRules, heals);
  const rule = guilty === null ? 'its metric relabeling' : ruleText(guilty.rule);
  return [
    {
      subject: `scrape pool ${first.job.name}`,
      about: runs.map(({ target }) => target.emitter.key),
      message: `${rule} ${effect(damage)}`,
      evidence: {
        saw:
          guilty === null ? `${first.job.metricRules.length} metric_relabel_configs` : `metric_relabel_configs[${guilty.index}]: ${rule}`,
        run: whereRun(first.job.name),
      },
      remedy: { text: `remove that rule ${whereText(first.job.name)}, or let it spare the identity labels` },
    },
  ];
}

function inRemoteWrite(runs: readonly Simulation[]): readonly Finding[] {
  const [first] = runs;
  const writes: ServerRules['remoteWrites'] = first?.rules.remoteWrites ?? [];
  return writes.flatMap(({ url, rules }) => {
    const intact = runs.filter((run) => damageOf(run, run.fates) === null);
    const sent = (kept: readonly RelabelRule[]): Damage | null => worst(intact.map((run) => damageOf(run, sentBy(run.fates, kept))));
    const damage = sent(rules);
    if (first === undefined || damage === null) return [];
    const guilty = culprit(rules, (kept) => sent(kept) === null);
    const rule = guilty === null ? 'its write relabeling' : ruleText(guilty.rule);
    return [
      {
        subject: first.rules.server.subject,
        about: intact.map(({ target }) => target.emitter.key),
        message: `in what it sends to ${url}, ${rule} ${effect(damage)}`,
        evidence: {
          saw: `write_relabel_configs${guilty === null ? '' : `[${guilty.index}]`}: ${rule}`,
          run: 'curl -s http://localhost:9090/api/v1/status/config',
        },
        remedy: { text: 'remove that rule from spec.remoteWrite[].writeRelabelConfigs, or let it spare the identity labels' },
      },
    ];
  });
}

function worst(damages: readonly (Damage | null)[]): Damage | null {
  return damages.reduce((most, damage) => (damage !== null && (most === null || damage.lost > most.lost) ? damage : most), null);
}

/** Compares who the series belonged to with who they belong to afterwards. */
function damageOf(run: Simulation, fates: readonly Fate[]): Damage | null {
  const rows = run.exposed.flatMap((series, index) => {
    const fate = fates[index];
    return fate?.status === 'stored' && series.identity.size > 0
      ? [{ series, fate, before: tenant(series.identity), after: tenant(identityAfter(series.identity, fate.labels)) }]
      : [];
  });
  const total = rows.reduce((sum, { series }) => sum + series.tokens, 0);
  const moved = rows.filter(({ before, after }) => before !== after && before.toLowerCase() !== after.toLowerCase());
  const shared = [...grouped(rows, ({ after }) => after).values()].filter((same) => new Set(same.map(({ before }) => before)).size > 1);
  const victims = shared.sort((a, b) => b.length - a.length)[0] ?? moved;
  const [victim] = victims;
  if (victim === undefined) return null;
  // Tokens that end under a wrong name count as lost to their tenant, merged or not.
  const lost = rows.filter(({ fate, before, after }) => fate.lost || before !== after).reduce((sum, { series }) => sum + series.tokens, 0);
  return { merged: [...new Set(victims.map(({ before }) => before))], into: victim.after, lost, total };
}

/** Where the value of each identity label is found afterwards; `exported_` is its own check. */
function identityAfter(before: Labels, stored: Labels): Labels {
  return new Map([...before.keys()].map((label) => [label, stored.get(`exported_${label}`) ?? stored.get(label) ?? '']));
}

function tenant(identity: Labels): string {
  return [...identity].map(([label, value]) => `${label}=${JSON.stringify(value)}`).join(',');
}

function effect({ merged, into, lost, total }: Damage): string {
  const kept = total === 0 ? 1 : (total - lost) / total;
  const share = lost > 0 && total > 0 ? `; ${times(kept)} of the tokens are left under the right name` : '';
  const verb = merged.length > 1 ? `makes one of ${enumerated(merged, 4)}` : `turns ${merged[0] ?? ''} into ${into}`;
  return `${verb}${share}`;
}

/** Where a rule of the pool is written: the operator's pool names are podMonitor/NAMESPACE/NAME/INDEX. */
export function whereText(pool: string): string {
  const match = /^podMonitor\/([^/]+)\/([^/]+)\/(\d+)$/.exec(pool);
  return match === null
    ? `from the job ${pool}`
    : `from spec.podMetricsEndpoints[${match[3]}].metricRelabelings of PodMonitor ${match[1]}/${match[2]}, or from the scrape class that it uses`;
}

export function whereRun(pool: string): string {
  const match = /^podMonitor\/([^/]+)\/([^/]+)\/(\d+)$/.exec(pool);
  if (match === null) return 'curl -s http://localhost:9090/api/v1/status/config';
  return `kubectl -n ${shell(match[1] ?? '')} get podmonitor ${shell(match[2] ?? '')} -o jsonpath='{.spec.podMetricsEndpoints[${match[3]}].metricRelabelings}'`;
}
