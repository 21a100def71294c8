import { choose } from '../engine/choose.ts';
import { gather } from '../engine/gather.ts';
import type { Options } from '../model/fact.ts';
import { type Pipeline, type Table, viewNames } from '../model/pipeline.ts';
import { ReadError, unreadOf } from '../model/source.ts';
import { withoutSecrets } from '../parse/secrets.ts';
import { pipelines } from '../pipelines/index.ts';
import { view, viewFormats } from '../report/view.ts';
import { optionsWithin } from './bundle.ts';
import type { GetFlags } from './flags.ts';
import { type Opened, open } from './open.ts';
import { styleOf } from './output.ts';
import { oneOf, optionsOf, pipelinesOf } from './plan.ts';
import { cutShortBy, type Run, startRun } from './run.ts';
import type { Shell } from './shell.ts';
import { unknownName } from './usage-error.ts';

/** `tokmeter get`: one of the tables behind the verdicts. Exit code 2 when nothing could be read of it. */
export async function get(word: string, flags: GetFlags, shell: Shell): Promise<number> {
  const name = viewNames.find((each) => each === word || each === `${word}s` || (word === 'proxy' && each === 'proxies'));
  if (name === undefined) throw unknownName('table', word, viewNames);
  const format = viewFormats.find((each) => each === flags.output);
  if (format === undefined) throw unknownName('output format', flags.output, viewFormats);
  const style = styleOf(oneOf('--color', flags.color, ['auto', 'always', 'never']), false, shell);
  const chosen = pipelinesOf(flags.pipeline, pipelines);
  const options = await optionsOf(flags, shell.environment);
  const run = startRun(flags, shell, 0);
  const table = await read({ name, chosen, options }, () => open(flags, shell, run), run).finally(() => run.stop());
  if (flags.quiet !== true) await shell.write(view(name, withoutSecrets(table), format, style));
  return run.ended() ?? codeOf(table);
}

function codeOf({ rows, unread }: Table): number {
  if (unread.some(({ reason }) => reason === 'bug')) return 70;
  return rows.length === 0 && unread.length > 0 ? 2 : 0;
}

interface Wanted {
  readonly name: keyof Pipeline['views'];
  readonly chosen: readonly Pipeline[];
  readonly options: Options;
}

/** The table of every installed pipeline, one below the other: their columns are the same. */
async function read(wanted: Wanted, opening: () => Promise<Opened>, run: Run): Promise<Table> {
  try {
    const opened = await cutShortBy(run.signal, opening());
    return await shown(wanted, opened, run).finally(() => opened.close());
  } catch (error) {
    if (!(error instanceof ReadError)) throw error;
    return { columns: [], rows: [], items: [], unread: [unreadOf(error)], empty: `no ${wanted.name} could be read` };
  }
}

async function shown({ name, chosen, options: asked }: Wanted, { source, options: recorded }: Opened, run: Run): Promise<Table> {
  const options = recorded === undefined ? asked : optionsWithin(recorded, asked);
  const gathering = gather(source, options, { signal: run.signal, clock: run.clock, onEvent: run.progress.onEvent });
  const choice = await choose(chosen, gathering);
  const tablesOf = (of: readonly Pipeline[]): Promise<readonly Table[]> =>
    Promise.all(of.map((pipeline) => pipeline.views[name].show(gathering.reader)));
  if (choice.chosen.length === 0) return joined(await tablesOf(chosen.slice(0, 1)));
  const table = joined(await tablesOf(choice.chosen));
  return { ...table, unread: [...table.unread, ...choice.unread] };
}

function joined(tables: readonly Table[]): Table {
  const [first] = tables;
  return {
    columns: first?.columns ?? [],
    rows: tables.flatMap(({ rows }) => rows),
    items: tables.flatMap(({ items }) => items),
    unread: tables.flatMap(({ unread }) => unread),
    empty: first?.empty ?? '',
  };
}
