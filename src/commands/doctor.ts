import { diagnose, unopened } from '../engine/diagnose.ts';
import { type Gathering, gather } from '../engine/gather.ts';
import type { Ignore } from '../engine/ignore.ts';
import { settle } from '../engine/settle.ts';
import { hops } from '../model/check.ts';
import type { Options } from '../model/fact.ts';
import type { Pipeline } from '../model/pipeline.ts';
import type { Report } from '../model/report.ts';
import { ReadError, type Source, unreadOf } from '../model/source.ts';
import { pipelines } from '../pipelines/index.ts';
import { optionsWithin } from './bundle.ts';
import type { DoctorFlags } from './flags.ts';
import { openManifests } from './manifests.ts';
import { type Opened, open } from './open.ts';
import { checkWritable, outputsOf, styleOf, writeReport } from './output.ts';
import { oneOf, optionsOf, pipelinesOf } from './plan.ts';
import { cutShortBy, type Run, startRun } from './run.ts';
import type { Shell } from './shell.ts';
import { UsageError, unknownName } from './usage-error.ts';
import { ignoreOf, milliseconds } from './values.ts';

/** What sources/kubeconfig.ts could not do when nothing names a cluster. */
const nowhere = 'find a cluster';
/** Between two looks of --wait. */
const pauseMs = 2000;

interface Plan {
  readonly pipelines: readonly Pipeline[];
  readonly options: Options;
  readonly include: readonly string[];
  readonly exclude: readonly string[];
  readonly ignore: readonly Ignore[];
  readonly failOn: 'fail' | 'warn';
  /** What the report calls a cluster that could not be opened. */
  readonly cluster: string;
  /** Null: no --wait. */
  readonly waitMs: number | null;
}

/** Opens what is to be judged. Throws ReadError when it does not answer. */
export type Opener = (flags: DoctorFlags, shell: Shell, run: Run) => Promise<Opened>;

/** `tokmeter doctor`: reads, judges, writes the report, and ends with its exit code. */
export async function doctor(flags: DoctorFlags, shell: Shell, opener: Opener = openAny): Promise<number> {
  const plan = await planOf(flags, shell.environment);
  const outputs = outputsOf(flags.output ?? []);
  const style = styleOf(oneOf('--color', flags.color, ['auto', 'always', 'never']), flags.stats === true, shell);
  await checkWritable(outputs);
  const run = startRun(flags, shell, plan.waitMs ?? 0);
  const report = await reported(plan, () => opener(flags, shell, run), shell, run).finally(() => run.stop());
  await writeReport(report, outputs, shell, style, flags.quiet === true);
  return report.exitCode;
}

/** A cluster, a bundle, or manifests with or without one of them below. */
async function openAny(flags: DoctorFlags, shell: Shell, run: Run): Promise<Opened> {
  if (flags.overCluster === true && flags.manifests === undefined) throw new UsageError('--over-cluster needs --manifests');
  if (flags.manifests === undefined) return open(flags, shell, run);
  if (flags.from !== undefined && flags.overCluster !== true)
    throw new UsageError('--manifests and --from need --over-cluster to be judged together');
  return openManifests(flags, shell, () => open(flags, shell, run));
}

async function planOf(flags: DoctorFlags, environment: Shell['environment']): Promise<Plan> {
  const chosen = pipelinesOf(flags.pipeline, pipelines);
  const ids = [...new Set(chosen.flatMap(({ checks }) => checks.map(({ id }) => id)))];
  const known = (names: readonly string[], words: readonly string[]): readonly string[] => {
    for (const name of names) if (!words.includes(name)) throw unknownName('check', name, words);
    return names;
  };
  const ignore = (flags.ignore ?? []).map(ignoreOf);
  known(
    ignore.map(({ id }) => id),
    ids,
  );
  return {
    pipelines: chosen,
    options: await optionsOf(flags, environment),
    include: known(flags.include ?? [], [...ids, ...hops]),
    exclude: known(flags.exclude ?? [], [...ids, ...hops]),
    ignore,
    cluster: flags.context ?? flags.server?.replace(/\/\/[^/@]*@/, '//') ?? 'unknown',
    failOn: oneOf('--fail-on', flags.failOn, ['fail', 'warn']),
    waitMs: flags.wait === undefined ? null : flags.wait === true ? 300_000 : milliseconds('--wait', flags.wait),
  };
}

async function reported(plan: Plan, opening: () => Promise<Opened>, shell: Shell, run: Run): Promise<Report> {
  let opened: Opened;
  try {
    opened = await openedWithin(plan.waitMs ?? 0, opening, run);
  } catch (error) {
    if (!(error instanceof ReadError)) throw error;
    return unopened({ kind: 'cluster', name: plan.cluster }, new Date(), [unreadOf(error)], { version: shell.version, ended: run.ended });
  }
  return judged(plan, opened, shell, run).finally(() => opened.close());
}

/** With --wait, an API server that does not answer yet is asked again. */
async function openedWithin(waitMs: number, opening: () => Promise<Opened>, run: Run): Promise<Opened> {
  const until = run.clock() + waitMs;
  let told = '';
  for (;;) {
    try {
      return await cutShortBy(run.signal, opening());
    } catch (error) {
      const passing = error instanceof ReadError && (error.reason === 'unreachable' || error.reason === 'timeout');
      if (!passing || error.what === nowhere || run.signal.aborted || run.clock() >= until) throw error;
      if (told !== error.message) run.progress.say(`waiting for the API server: ${error.message}`);
      told = error.message;
      await run.pause(pauseMs);
    }
  }
}

async function judged(plan: Plan, { source, options: recordedOptions, through }: Opened, shell: Shell, run: Run): Promise<Report> {
  const recorded = source.origin.kind === 'bundle' || source.origin.kind === 'manifests';
  // A recording is judged at its own moment, so that its report is the same every time.
  const clock = recorded ? (): number => 0 : run.clock;
  const options = recordedOptions === undefined ? plan.options : optionsWithin(recordedOptions, plan.options);
  const gathering = gather(source, options, { signal: run.signal, clock, onEvent: run.progress.onEvent });
  const { include, exclude, ignore, failOn, waitMs } = plan;
  const settings = { include, exclude, ignore, failOn, gathering, version: shell.version, ended: run.ended };
  const look = (): Promise<Report> => diagnose(plan.pipelines, source, options, settings);
  if (through !== undefined) {
    const still = (each: Source): Gathering => gather(each, options, { signal: run.signal, clock: () => 0, onEvent: run.progress.onEvent });
    return through((each) => diagnose(plan.pipelines, each, options, { ...settings, gathering: still(each) }));
  }
  if (waitMs === null) return look();
  return settle(look, plan.pipelines, gathering, {
    waitMs,
    clock: run.clock,
    pause: () => run.pause(pauseMs),
    ended: run.ended,
    onWaiting: waitingTeller(run),
  });
}

/** Says what is waited for, when that changes. */
function waitingTeller(run: Run): (ids: readonly string[]) => void {
  let told = '';
  return (ids) => {
    const text = ids.length === 0 ? 'a gateway that meters tokens' : ids.join(', ');
    if (text !== told) run.progress.say(`waiting for ${text}`);
    told = text;
  };
}
