import { checksRows, entriesOf } from '../explain/page.ts';
import { pipelines } from '../pipelines/index.ts';
import { explained, explainedTable } from '../report/explained.ts';
import { styleOf } from './output.ts';
import { oneOf } from './plan.ts';
import type { Shell } from './shell.ts';
import { unknownName } from './usage-error.ts';

/** `tokmeter explain`: the page of a check, or the table of all. */
export async function explain(id: string | null, flags: { readonly color: string }, shell: Shell): Promise<number> {
  const style = styleOf(oneOf('--color', flags.color, ['auto', 'always', 'never']), false, shell);
  const entries = entriesOf(pipelines);
  if (id === null) {
    await shell.write(explainedTable(checksRows(entries), style));
    return 0;
  }
  const entry = entries.find(({ check }) => check.id === id);
  if (entry === undefined)
    throw unknownName(
      'check',
      id,
      entries.map(({ check }) => check.id),
    );
  await shell.write(explained(entry.check, style, entry.otherwise));
  return 0;
}
