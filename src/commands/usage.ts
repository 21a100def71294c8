import { choose } from '../engine/choose.ts';
import { type Gathering, gather } from '../engine/gather.ts';
import type { Pipeline } from '../model/pipeline.ts';
import { ReadError, unreadOf } from '../model/source.ts';
import type { Usage, UsageAnswer, UsageQuestion, UsageReport, UsageSource } from '../model/usage.ts';
import { pricedUsage } from '../parse/price.ts';
import { usageSources } from '../pipelines/usage.ts';
import { reasonOf } from '../report/conclusion.ts';
import { type Opened, open } from './open.ts';
import { styleOf } from './output.ts';
import { oneOf } from './plan.ts';
import { cutShortBy, type Run, startRun } from './run.ts';
import type { Shell } from './shell.ts';
import { unknownName } from './usage-error.ts';
import { type UsageFlags, windowOf } from './usage-flags.ts';
import { usageOutputs, writeUsage } from './usage-outputs.ts';
import { type Plan, planOf } from './usage-plan.ts';
import { trustOf } from './usage-trust.ts';
import { type Session, watchUsage } from './usage-watch.ts';

/** `tokmeter usage`: who used how many tokens. Ends with 2 when it could not look, and with 1 under --strict when a check that bears on the numbers fails. */
export async function usage(flags: UsageFlags, shell: Shell): Promise<number> {
  const outputs = await usageOutputs(flags.output ?? []);
  const style = styleOf(oneOf('--color', flags.color, ['auto', 'always', 'never']), false, shell);
  const tellsRequests = outputs.some(({ format }) => format !== 'table' && format !== 'markdown');
  const plan = await planOf(flags, tellsRequests, shell.environment);
  const run = startRun({ ...flags, timeout: flags.timeout ?? (plan.watch === null ? '5m' : '0') }, shell, 0);
  const opening = (): Promise<Opened> => open(flags, shell, run);
  try {
    const look = { style, quiet: flags.quiet === true, wide: outputs.some(({ format }) => format === 'wide') };
    if (plan.watch !== null) return await within(plan, opening, run, (session) => watchUsage(session, plan, shell, look));
    const reports = await within(plan, opening, run, ({ look }) => look(true));
    await writeUsage(reports, outputs, shell, look);
    return run.ended() ?? codeOf(reports, flags.strict === true);
  } catch (error) {
    if (!(error instanceof ReadError)) throw error;
    shell.note(`${shell.program}: ${reasonOf(unreadOf(error))}\n`);
    return run.ended() ?? 2;
  } finally {
    run.stop();
  }
}

function codeOf(reports: readonly UsageReport[], strict: boolean): number {
  const trusts = reports.flatMap(({ trust }) => trust ?? []);
  if (strict && trusts.some(({ failing }) => failing.some(({ severity }) => severity === 'error'))) return 1;
  if (reports.some(({ usage }) => (usage?.unread.length ?? 0) > 0)) return 2;
  return strict && trusts.some(({ unknown }) => unknown.length > 0) ? 2 : 0;
}

async function within<T>(plan: Plan, opening: () => Promise<Opened>, run: Run, use: (session: Session) => Promise<T>): Promise<T> {
  const opened = await cutShortBy(run.signal, opening());
  try {
    const gathering = gather(opened.source, plan.options, { signal: run.signal, clock: run.clock, onEvent: run.progress.onEvent });
    const metering = await meteringOf(plan, gathering);
    const look: Session['look'] = (judged) =>
      Promise.all(metering.map(({ pipeline, source }) => reportOf(plan, gathering, { pipeline, source }, judged)));
    return await use({ look, forget: () => gathering.forget(metering.flatMap(({ source }) => source.facts)), run });
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

async function reportOf(plan: Plan, gathering: Gathering, { pipeline, source }: Metering, judged: boolean): Promise<UsageReport> {
  const { reader } = gathering;
  const window = windowFor(plan, reader.source.now.getTime() / 1000);
  const question = { ...plan.question, window };
  const [answer, verdict] = await Promise.all([
    plan.direct ? source.direct(reader, question) : source.stored(reader, question),
    judged ? trustOf(pipeline, gathering, plan.direct) : null,
  ]);
  const about = { pipeline: pipeline.id, origin: reader.source.origin, top: plan.top, trust: verdict?.trust ?? null };
  const usage = usageIn(answer);
  if (usage === null) return { ...about, usage: null, why: [whyOf(answer), verdict?.root].filter(Boolean).join('; '), prices: null };
  const { rows, unknownModels } = pricedUsage(usage, plan.prices, source.model);
  const { extra, by, ...rest } = usage;
  const prices = plan.prices === null ? null : { currency: plan.prices.currency, unknownModels };
  return { ...about, usage: { ...rest, by: extra === null ? by : by.slice(0, -1), rows }, why: null, prices };
}

/** --watch looks at the last minutes as one piece. */
function windowFor({ direct, watch, flags }: Plan, now: number): UsageQuestion['window'] {
  if (direct) return { start: 0, end: 0, step: 0 };
  if (watch === null) return windowOf(flags, now);
  const { start, end } = windowOf({ since: flags.since ?? '5m' }, now);
  return { start, end, step: end - start };
}

function usageIn(answer: UsageAnswer): Usage | null {
  if (answer.status === 'unknown-label') throw unknownName('label', answer.label, answer.known);
  return answer.status === 'read' ? answer.usage : null;
}

const whyOf = (answer: UsageAnswer): string => (answer.status === 'nothing' ? answer.why : '');
