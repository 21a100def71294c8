import { writeFile } from 'node:fs/promises';
import { choose } from '../engine/choose.ts';
import { diagnose } from '../engine/diagnose.ts';
import { type Gathering, gather } from '../engine/gather.ts';
import type { Options } from '../model/fact.ts';
import type { Pipeline } from '../model/pipeline.ts';
import type { CheckResult, Report } from '../model/report.ts';
import type { Snapshot } from '../model/snapshot.ts';
import { ReadError, type Source } from '../model/source.ts';
import { withoutSecrets } from '../parse/secrets.ts';
import { pipelines } from '../pipelines/index.ts';
import { json } from '../report/document.ts';
import { visible } from '../report/safe.ts';
import { type Bundle, encodeBundle, refusalsOf } from '../sources/archive.ts';
import { record } from '../sources/record.ts';
import { withReadFields } from '../sources/redaction-fields.ts';
import { withoutNames } from '../sources/redaction-names.ts';
import { replay } from '../sources/replay.ts';
import { askUsage } from './collect-usage.ts';
import type { CollectFlags } from './flags.ts';
import { open } from './open.ts';
import { checkWritable } from './output.ts';
import { oneOf, optionsOf, pipelinesOf } from './plan.ts';
import { cutShortBy, type Run, startRun } from './run.ts';
import type { Shell } from './shell.ts';
import { UsageError } from './usage-error.ts';

/** `tokmeter collect -f FILE.tgz`: records what doctor, get and usage read into one bundle. Exit code 2 when no cluster answered. */
export async function collect(flags: CollectFlags, shell: Shell): Promise<number> {
  const file = flags.file;
  if (file === undefined) throw new UsageError('collect needs -f FILE.tgz, or -f - for stdout');
  if (file === '-' && shell.stdout.isTerminal)
    throw new UsageError('-f - writes a compressed file, and stdout is a terminal; send it to a file');
  if (file !== '-') await checkWritable([{ format: 'json', file }]);
  if (flags.redact !== undefined) oneOf('--redact', flags.redact, ['names']);
  const plan = {
    chosen: pipelinesOf(flags.pipeline, pipelines),
    options: await optionsOf(flags, shell.environment),
    version: shell.version,
    redact: flags.redact !== undefined,
  };
  const run = startRun(flags, shell, 0);
  try {
    const opened = await cutShortBy(run.signal, open(flags, shell, run));
    const read = await recorded(opened.source, plan, run).finally(() => opened.close());
    return await written(file, read, plan, shell, run);
  } catch (error) {
    if (!(error instanceof ReadError)) throw error;
    shell.note(`${shell.program}: nothing was collected: ${visible(error.message)}\n`);
    return run.ended() ?? 2;
  } finally {
    run.stop();
  }
}

interface Plan {
  readonly chosen: readonly Pipeline[];
  readonly options: Options;
  readonly version: string;
  /** Names are to be replaced. */
  readonly redact: boolean;
}

interface Read {
  readonly snapshot: Snapshot;
  /** What doctor says of the cluster, at a clock that stands still. */
  readonly report: Report;
}

async function recorded(source: Source, { chosen, options, version }: Plan, run: Run): Promise<Read> {
  const recorder = record(source);
  const gathering = gather(recorder.source, options, { signal: run.signal, onEvent: run.progress.onEvent });
  const report = await diagnose(chosen, recorder.source, options, { gathering, version, failOn: 'fail', ended: run.ended });
  // As many as doctor made: the tables ask for little more.
  const { requests } = recorder.snapshot();
  await viewed(chosen, gathering);
  await askUsage(chosen, recorder, gathering);
  return { report, snapshot: { ...recorder.snapshot(), requests } };
}

/** Reads what the tables of `get` need, so that they can be shown of the bundle too. */
async function viewed(chosen: readonly Pipeline[], gathering: Gathering): Promise<void> {
  const { chosen: installed } = await choose(chosen, gathering);
  const views = installed.flatMap((pipeline) => Object.values(pipeline.views));
  await Promise.all(views.map((view) => view.show(gathering.reader).catch(() => null)));
}

async function written(file: string, { snapshot, report }: Read, plan: Plan, shell: Shell, run: Run): Promise<number> {
  const bundle = bundleOf(withReadFields(snapshot), plan);
  const kept = bundle.snapshot;
  const difference = await otherwise(bundle, report, plan, run);
  const bytes = encodeBundle(bundle);
  if (file === '-') await shell.write(bytes);
  else await writeFile(file, bytes, { mode: 0o600 }).catch(refuse(file));
  shell.note(`${told(file, kept, bytes.length)}${difference}`);
  return run.ended() ?? 0;
}

function bundleOf(kept: Snapshot, { options, version, redact }: Plan): Bundle {
  if (!redact) return { snapshot: kept, options, redacted: [], version };
  return { ...withoutNames(kept, options), redacted: ['names'], version };
}

function refuse(file: string): (error: NodeJS.ErrnoException) => never {
  return (error) => {
    throw new UsageError(`-f: ${file} cannot be written: ${error.code ?? error.message}`);
  };
}

/** What was written, and what could not be read. */
function told(file: string, snapshot: Snapshot, size: number): string {
  const refusals = refusalsOf(snapshot).filter(({ reason }) => reason !== 'absent');
  const refused = refusals.map(({ message }) => `  not read: ${visible(message)}\n`);
  const where = file === '-' ? 'stdout' : file;
  return `${snapshot.lists.length} lists and ${snapshot.gets.length} answers in ${where}, ${Math.ceil(size / 1024)} kB\n${[...new Set(refused)].slice(0, 20).join('')}`;
}

/** Empty when the bundle is judged as the cluster was. */
async function otherwise(bundle: Bundle, report: Report, { chosen, version }: Plan, run: Run): Promise<string> {
  if (run.ended() !== null) return 'the run was cut short: the bundle holds what was read so far\n';
  const source = replay(bundle.snapshot, report.origin);
  const again = await diagnose(chosen, source, bundle.options, { version, failOn: 'fail', ended: () => null });
  const compared = bundle.redacted.length === 0 ? (check: CheckResult) => json(withoutSecrets(check)) : verdictOf;
  const checks = report.pipelines.flatMap((pipeline) => pipeline.checks);
  const same = new Set(again.pipelines.flatMap((pipeline) => pipeline.checks.map(compared)));
  const ids = checks.filter((check) => !same.has(compared(check))).map(({ id }) => id);
  if (ids.length === 0 && again.exitCode === report.exitCode) return '';
  return `the bundle is judged otherwise than the cluster was (${ids.join(', ')}): this is a bug of tokmeter\n`;
}

/** What must stay the same when names are others. */
function verdictOf({ id, status, consequenceOf, findings }: CheckResult): string {
  return json([id, status, consequenceOf, findings.length]);
}
