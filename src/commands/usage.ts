import { gather } from '../engine/gather.ts';
import { ReadError, unreadOf } from '../model/source.ts';
import type { UsageReport } from '../model/usage.ts';
import { withoutSecrets } from '../parse/secrets.ts';
import { reasonOf } from '../report/conclusion.ts';
import { optionsWithin } from './bundle.ts';
import { type Opened, open } from './open.ts';
import { styleOf } from './output.ts';
import { oneOf } from './plan.ts';
import { cutShortBy, type Run, startRun } from './run.ts';
import type { Shell } from './shell.ts';
import type { UsageFlags } from './usage-flags.ts';
import { metersOf } from './usage-meters.ts';
import { usageOutputs, writeUsage } from './usage-outputs.ts';
import { type Plan, planOf } from './usage-plan.ts';
import { reportsOf } from './usage-reports.ts';
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
  if (reports.some(({ usage, unread }) => unread !== null || (usage?.unread.length ?? 0) > 0)) return 2;
  return strict && trusts.some(({ unknown }) => unknown.length > 0) ? 2 : 0;
}

async function within<T>(plan: Plan, opening: () => Promise<Opened>, run: Run, use: (session: Session) => Promise<T>): Promise<T> {
  const opened = await cutShortBy(run.signal, opening());
  try {
    const options = opened.options === undefined ? plan.options : optionsWithin(opened.options, plan.options);
    const gathering = gather(opened.source, options, { signal: run.signal, clock: run.clock, onEvent: run.progress.onEvent });
    const meters = await metersOf(plan.chosen, gathering);
    // A tenant may be called by its token, where someone sends that in the header.
    const look: Session['look'] = async (judged) => withoutSecrets(await reportsOf(plan, gathering, meters, judged));
    return await use({ look, forget: () => gathering.forget(meters.asked.flatMap(({ source }) => source.facts)), run });
  } finally {
    await opened.close();
  }
}
