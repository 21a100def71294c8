import { choose } from '../engine/choose.ts';
import { type Gathering, gather } from '../engine/gather.ts';
import type { Options } from '../model/fact.ts';
import type { Pipeline } from '../model/pipeline.ts';
import { ReadError } from '../model/source.ts';
import type { Usage, UsageAnswer, UsageQuestion, UsageReport, UsageSource } from '../model/usage.ts';
import { type PriceList, pricedUsage } from '../parse/price.ts';
import { pipelines } from '../pipelines/index.ts';
import { usageSources } from '../pipelines/usage.ts';
import { visible } from '../report/safe.ts';
import { type Opened, open } from './open.ts';
import { styleOf } from './output.ts';
import { oneOf, optionsOf, pipelinesOf } from './plan.ts';
import { cutShortBy, type Run, startRun } from './run.ts';
import type { Shell } from './shell.ts';
import { UsageError, unknownName } from './usage-error.ts';
import { matchOf, pricesOf, topOf, typesOf, type UsageFlags, windowOf } from './usage-flags.ts';
import { usageOutputs, writeUsage } from './usage-outputs.ts';
import { trustOf } from './usage-trust.ts';

interface Plan {
  readonly chosen: readonly Pipeline[];
  readonly options: Options;
  readonly flags: UsageFlags;
  readonly direct: boolean;
  readonly top: number | null;
  readonly prices: PriceList | null;
  /** All but the window, which ends when the cluster's clock says now. */
  readonly question: Omit<UsageQuestion, 'window'>;
}

/** `tokmeter usage`: who used how many tokens. Ends with 2 when it could not look, and with 1 under --strict when a check that bears on the numbers fails. */
export async function usage(flags: UsageFlags, shell: Shell): Promise<number> {
  const outputs = await usageOutputs(flags.output ?? []);
  const style = styleOf(oneOf('--color', flags.color, ['auto', 'always', 'never']), false, shell);
  const tellsRequests = outputs.some(({ format }) => format !== 'table' && format !== 'markdown');
  const plan = await planOf(flags, tellsRequests);
  const run = startRun({ ...flags, timeout: flags.timeout ?? '5m' }, shell, 0);
  try {
    const reports = await read(plan, () => open(flags, shell, run), run);
    await writeUsage(reports, outputs, shell, { style, quiet: flags.quiet === true });
    return run.ended() ?? codeOf(reports, flags.strict === true);
  } catch (error) {
    if (!(error instanceof ReadError)) throw error;
    shell.note(`${shell.program}: ${visible(error.message)}\n`);
    return run.ended() ?? 2;
  } finally {
    run.stop();
  }
}

async function planOf(flags: UsageFlags, requests: boolean): Promise<Plan> {
  if (flags.direct && [flags.since, flags.start, flags.end].some((flag) => flag !== undefined))
    throw new UsageError('--direct reads counters since they began; --since, --start and --end are for what Prometheus stores');
  // Before anything is read: only the end of the window is not known yet.
  if (!flags.direct) windowOf(flags, Date.now() / 1000 + 86_400);
  const prices = await pricesOf(flags.price);
  return {
    chosen: pipelinesOf(flags.pipeline, pipelines),
    options: await optionsOf(flags),
    flags,
    direct: flags.direct === true,
    top: topOf(flags.top),
    prices,
    question: {
      by: namesOf(flags.by),
      where: (flags.where ?? []).map(matchOf),
      types: typesOf(flags.type),
      requests,
      priced: prices !== null,
    },
  };
}

function namesOf(by: readonly string[] | undefined): readonly string[] | null {
  if (by === undefined) return null;
  const names = [...new Set(by.map((name) => name.trim()))];
  if (names.includes('')) throw new UsageError('--by takes label names, such as user_namespace,gen_ai_request_model');
  return names;
}

function codeOf(reports: readonly UsageReport[], strict: boolean): number {
  const trusts = reports.flatMap(({ trust }) => trust ?? []);
  if (strict && trusts.some(({ failing }) => failing.some(({ severity }) => severity === 'error'))) return 1;
  if (reports.some(({ usage }) => (usage?.unread.length ?? 0) > 0)) return 2;
  return strict && trusts.some(({ unknown }) => unknown.length > 0) ? 2 : 0;
}

async function read(plan: Plan, opening: () => Promise<Opened>, run: Run): Promise<readonly UsageReport[]> {
  const opened = await cutShortBy(run.signal, opening());
  try {
    const gathering = gather(opened.source, plan.options, { signal: run.signal, clock: run.clock, onEvent: run.progress.onEvent });
    const metering = await meteringOf(plan, gathering);
    return await Promise.all(metering.map(({ pipeline, source }) => reportOf(plan, gathering, pipeline, source)));
  } finally {
    await opened.close();
  }
}

interface Metering {
  readonly pipeline: Pipeline;
  readonly source: UsageSource;
}

/** The installed pipelines; a Prometheus that the user named may hold the tokens of another cluster. */
async function meteringOf({ chosen, options }: Plan, gathering: Gathering): Promise<readonly Metering[]> {
  const able = chosen.flatMap((pipeline) => {
    const source = usageSources[pipeline.id];
    return source === undefined ? [] : [{ pipeline, source }];
  });
  const choice = await choose(
    able.map(({ pipeline }) => pipeline),
    gathering,
  );
  const found = able.filter(({ pipeline }) => choice.chosen.includes(pipeline));
  if (found.length > 0) return found;
  if (options.prometheus !== null && able.length > 0) return able.slice(0, 1);
  const [unread] = choice.unread;
  const message = unread?.message ?? `no gateway that meters tokens was found; looked for ${choice.lookedFor.join(', ')}`;
  throw new ReadError(unread === undefined || unread.reason === 'bug' ? 'absent' : unread.reason, 'usage', message);
}

async function reportOf(plan: Plan, gathering: Gathering, pipeline: Pipeline, source: UsageSource): Promise<UsageReport> {
  const { reader } = gathering;
  const window = plan.direct ? { start: 0, end: 0, step: 0 } : windowOf(plan.flags, reader.source.now.getTime() / 1000);
  const question = { ...plan.question, window };
  const [answer, { root, ...trust }] = await Promise.all([
    plan.direct ? source.direct(reader, question) : source.stored(reader, question),
    trustOf(pipeline, gathering, plan.direct),
  ]);
  const about = { pipeline: pipeline.id, origin: reader.source.origin, top: plan.top, trust };
  const usage = usageIn(answer);
  if (usage === null) return { ...about, usage: null, why: [whyOf(answer), root].filter(Boolean).join('; '), prices: null };
  const { rows, unknownModels } = pricedUsage(usage, plan.prices, source.model);
  const { extra, by, ...rest } = usage;
  const prices = plan.prices === null ? null : { currency: plan.prices.currency, unknownModels };
  return { ...about, usage: { ...rest, by: extra === null ? by : by.slice(0, -1), rows }, why: null, prices };
}

function usageIn(answer: UsageAnswer): Usage | null {
  if (answer.status === 'unknown-label') throw unknownName('label', answer.label, answer.known);
  return answer.status === 'read' ? answer.usage : null;
}

const whyOf = (answer: UsageAnswer): string => (answer.status === 'nothing' ? answer.why : '');
