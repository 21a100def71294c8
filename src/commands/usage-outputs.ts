import { readFile, writeFile } from 'node:fs/promises';
import type { UsageReport } from '../model/usage.ts';
import { visible } from '../report/safe.ts';
import { plain, type Style } from '../report/style.ts';
import { type UsageFormat, usageFormats, usageText } from '../report/usage.ts';
import { checkWritable } from './output.ts';
import type { Shell } from './shell.ts';
import { UsageError, unknownName } from './usage-error.ts';

/** One -o: a format, to stdout or to a file. */
export interface UsageOutput {
  readonly format: UsageFormat;
  readonly file: string | null;
}

/** The outputs that were asked for, the table when nothing goes to stdout. */
export async function usageOutputs(values: readonly string[]): Promise<readonly UsageOutput[]> {
  const outputs = values.map(outputOf);
  const shown = outputs.filter(({ file }) => file === null);
  if (shown.length > 1) {
    const [first, second] = shown.map(({ format }) => format);
    throw new UsageError(`-o ${first} and -o ${second} both go to stdout; give one a file, as in -o ${second}=FILE`);
  }
  await checkWritable(outputs.map(({ file }) => ({ format: 'json', file })));
  return shown.length === 1 ? outputs : [{ format: 'table', file: null }, ...outputs];
}

function outputOf(value: string): UsageOutput {
  const at = value.indexOf('=');
  const name = at < 0 ? value : value.slice(0, at);
  const file = at < 0 ? null : value.slice(at + 1);
  const format = usageFormats.find((each) => each === name);
  if (format === undefined) throw unknownName('output format', name, usageFormats);
  if (file === '') throw new UsageError(`-o ${name}= needs a file name`);
  return { format, file };
}

/** Writes the usage everywhere it was asked for. */
export async function writeUsage(
  reports: readonly UsageReport[],
  outputs: readonly UsageOutput[],
  shell: Shell,
  look: { readonly style: Style; readonly quiet: boolean },
): Promise<void> {
  if (outputs.every(({ format }) => format === 'csv')) noteReasons(reports, shell);
  for (const { format, file } of outputs) {
    if (file === null) continue;
    const text = await textOf(reports, format, { ...plain, program: shell.program }, shell.version);
    await writeFile(file, text).catch((error: NodeJS.ErrnoException) => {
      throw new UsageError(`-o: ${file} cannot be written: ${error.code ?? error.message}`);
    });
  }
  const shown = outputs.find(({ file }) => file === null);
  if (shown !== undefined && !look.quiet) await shell.write(await textOf(reports, shown.format, look.style, shell.version));
}

/** The chart library is loaded for the page alone. */
async function textOf(reports: readonly UsageReport[], format: UsageFormat, style: Style, version: string): Promise<string> {
  if (format !== 'html') return usageText(reports, format, style, version);
  const [{ usageHtml }, script] = await Promise.all([import('../report/usage-html.ts'), readFile(pageScript, 'utf8')]);
  return usageHtml(reports, version, script);
}

/** Beside the chunks of the built program: build.js. */
const pageScript = new URL('../usage-page.js', import.meta.url);

/** CSV has no place for the reason why there are no rows. */
function noteReasons(reports: readonly UsageReport[], shell: Shell): void {
  for (const { pipeline, usage, why } of reports)
    if (usage === null) shell.note(`${shell.program}: ${visible(reports.length > 1 ? `${pipeline}: ${why}` : (why ?? 'no tokens'))}\n`);
}
