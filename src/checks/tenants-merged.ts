import { type Coverage, coverage } from '../facts/coverage.ts';
import type { Nouns } from '../facts/emitters.ts';
import { endpointsField, resourceOf } from '../facts/monitors.ts';
import { type ServerRules, scrapeRules } from '../facts/scrape-rules.ts';
import { targets } from '../facts/targets.ts';
import { defineCheck, type Finding, verdict } from '../model/check.ts';
import type { Attempt } from '../model/fact.ts';
import { grouped } from '../parse/grouped.ts';
import { normaliseLabel } from '../parse/metric-names.ts';
import type { Labels, RelabelRule } from '../parse/relabel.ts';
import { shellWord } from '../parse/shell-word.ts';
import { withoutMetricRule, withoutWriteRule } from './patching.ts';
import { culprit, type Fate, fatesOf, ruleText, type Simulation, sentBy, simulations } from './simulation.ts';
import { enumerated, times } from './wording.ts';

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
    wants: { coverage: coverage(nouns) },
    judge({ emissions, identity, targets, rules, coverage }) {
      if (identity.length === 0) return { status: 'skip', because: 'no label carries an identity' };
      const runs = simulations(nouns, { emissions: emissions.read, targets, rules, identity });
      const unread = rules.flatMap((server) => server.unread);
      if (runs.length === 0 && unread.length === 0) return { status: 'skip', because: `no scraped ${nouns.one} has token series` };
      const scraped = [...grouped(runs, ({ job, rules: server }) => `${server.server.key} ${job.name}`).values()].flatMap((same) =>
        inScrape(same, coverage),
      );
      const written = [...grouped(runs, ({ rules: server }) => server.server.key).values()].flatMap((same) => inRemoteWrite(same));
      return verdict([...scraped, ...written], unread);
    },
  });
}

/** One identity label whose values are not told apart any more, or changed. */
interface Damage {
  readonly label: string;
  /** The values that end as one. */
  readonly values: readonly string[];
  /** What they end as; "" when the label is gone. */
  readonly into: string;
  /** Tokens in series that another one swallowed. */
  readonly lost: number;
  readonly total: number;
}

function inScrape(runs: readonly Simulation[], coverage: Attempt<Coverage>): readonly Finding[] {
  const [first] = runs;
  if (first === undefined || first.job.metricRules.length === 0) return [];
  const damage = worst(runs.map((run) => damageOf(run, run.fates)));
  if (damage === null) return [];
  const heals = (rules: readonly RelabelRule[]): boolean =>
    worst(runs.map((run) => damageOf(run, fatesOf(run.exposed, run.target, run.job, rules)))) === null;
  const guilty = culprit(first.job.metricRules, heals);
  const rule = guilty === null ? 'its metric relabeling' : ruleText(guilty.rule);
  const { object } = first.rules.server;
  return [
    {
      subject: `scrape pool ${first.job.name}`,
      about: aboutOf(damage, runs),
      message: `${rule} ${effect(damage)}`,
      evidence: {
        saw:
          guilty === null ? `${first.job.metricRules.length} metric_relabel_configs` : `metric_relabel_configs[${guilty.index}]: ${rule}`,
        run: whereRun(first.job.name),
      },
      remedy: (guilty === null ? null : withoutMetricRule(first.job.name, guilty.rule, { coverage, object })) ?? {
        text: `remove that rule ${whereText(first.job.name)}, or let it spare the identity labels`,
      },
    },
  ];
}

function aboutOf({ label }: Damage, runs: readonly Simulation[]): readonly string[] {
  return [`label ${normaliseLabel(label)}`, ...new Set(runs.map(({ target }) => target.emitter.key))];
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
        about: aboutOf(damage, intact),
        message: `in what it sends to ${url}, ${rule} ${effect(damage)}`,
        evidence: {
          saw: `write_relabel_configs${guilty === null ? '' : `[${guilty.index}]`}: ${rule}`,
          run: 'curl -s http://localhost:9090/api/v1/status/config',
        },
        remedy: (guilty === null ? null : withoutWriteRule(url, guilty.rule, first.rules.server.object)) ?? {
          text: 'remove that rule from spec.remoteWrite[].writeRelabelConfigs, or let it spare the identity labels',
        },
      },
    ];
  });
}

function worst(damages: readonly (Damage | null)[]): Damage | null {
  const weight = (damage: Damage): number => damage.lost * 1000 + damage.values.length;
  return damages.reduce((most, damage) => (damage !== null && (most === null || weight(damage) > weight(most)) ? damage : most), null);
}

/** The worst that happens to any identity label of these series. */
function damageOf(run: Simulation, fates: readonly Fate[]): Damage | null {
  const labels = [...new Set(run.exposed.flatMap(({ identity }) => [...identity.keys()]))];
  return worst(labels.map((label) => damageTo(label, run, fates)));
}

/** Compares the values of one label before and after. A change of case alone hurts nobody unless two become one. */
function damageTo(label: string, run: Simulation, fates: readonly Fate[]): Damage | null {
  const rows = run.exposed.flatMap(({ identity, tokens }, index) => {
    const fate = fates[index];
    const before = identity.get(label);
    return fate?.status === 'stored' && before !== undefined
      ? [{ before, after: valueAfter(label, fate.labels), lost: fate.lost ? tokens : 0, tokens }]
      : [];
  });
  const shared = [...grouped(rows, ({ after }) => after).values()].filter((same) => new Set(same.map(({ before }) => before)).size > 1);
  const moved = rows.filter(({ before, after }) => before.toLowerCase() !== after.toLowerCase());
  const victims = shared.sort((a, b) => b.length - a.length)[0] ?? moved;
  const [victim] = victims;
  if (victim === undefined) return null;
  const sum = (part: 'lost' | 'tokens'): number => rows.reduce((total, row) => total + row[part], 0);
  return { label, values: [...new Set(victims.map(({ before }) => before))], into: victim.after, lost: sum('lost'), total: sum('tokens') };
}

/** Where the value is found afterwards; that it is called `exported_` is a check of its own. */
function valueAfter(label: string, stored: Labels): string {
  return stored.get(`exported_${label}`) ?? stored.get(label) ?? '';
}

function effect({ label, values, into, lost, total }: Damage): string {
  const names = enumerated(
    values.map((value) => JSON.stringify(value)),
    4,
  );
  const verb =
    into === ''
      ? `removes ${label} (${names})`
      : values.length > 1
        ? `makes one ${label}, ${JSON.stringify(into)}, of ${names}`
        : `turns ${label} ${names} into ${JSON.stringify(into)}`;
  return lost > 0 && total > 0
    ? `${verb}, so that series become equal and all but the first of them are lost: ${times((total - lost) / total)} the tokens are stored`
    : verb;
}

/** What the operator made a pool of: its names are podMonitor/NAMESPACE/NAME/INDEX and serviceMonitor/NAMESPACE/NAME/INDEX. */
const poolName = /^(podMonitor|serviceMonitor)\/([^/]+)\/([^/]+)\/(\d+)$/;

/** Where a rule of the pool is written. */
export function whereText(pool: string): string {
  const [, made, namespace, name, index] = poolName.exec(pool) ?? [];
  if (made === undefined) return `from the job ${pool}`;
  const kind = made === 'podMonitor' ? 'PodMonitor' : 'ServiceMonitor';
  return `from spec.${endpointsField(kind)}[${index}].metricRelabelings of ${kind} ${namespace}/${name}, or from the scrape class that it uses`;
}

/** The command that shows the rules of the pool. */
export function whereRun(pool: string): string {
  const [, made, namespace = '', name = '', index] = poolName.exec(pool) ?? [];
  if (made === undefined) return 'curl -s http://localhost:9090/api/v1/status/config';
  const kind = made === 'podMonitor' ? 'PodMonitor' : 'ServiceMonitor';
  return `kubectl -n ${shellWord(namespace)} get ${resourceOf({ kind })} ${shellWord(name)} -o jsonpath='{.spec.${endpointsField(kind)}[${index}].metricRelabelings}'`;
}
