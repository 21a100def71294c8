import { access, constants, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Report } from '../model/report.ts';
import { withoutSecrets } from '../parse/secrets.ts';
import { type FormatName, formatNames, formats } from '../report/formats.ts';
import { plain, type Style } from '../report/style.ts';
import type { Shell } from './shell.ts';
import { UsageError, unknownName } from './usage-error.ts';

/** One -o: a format, to stdout or to a file. */
export interface Output {
  readonly format: FormatName;
  readonly file: string | null;
}

/** The outputs that were asked for; a table on stdout unless another format goes there. */
export function outputsOf(values: readonly string[]): readonly Output[] {
  const outputs = values.map(outputOf);
  const toStdout = outputs.filter(({ file }) => file === null);
  if (toStdout.length > 1) {
    throw new UsageError(
      `-o ${toStdout.map(({ format }) => format).join(' and -o ')} both go to stdout; give one a file, as in -o ${toStdout[1]?.format}=FILE`,
    );
  }
  return toStdout.length === 1 ? outputs : [{ format: 'table', file: null }, ...outputs];
}

function outputOf(value: string): Output {
  const at = value.indexOf('=');
  const name = at < 0 ? value : value.slice(0, at);
  const file = at < 0 ? null : value.slice(at + 1);
  const format = formatNames.find((each) => each === name);
  if (format === undefined) throw unknownName('output format', name, formatNames);
  if (file === '') throw new UsageError(`-o ${name}= needs a file name`);
  return { format, file };
}

/** Refuses, before anything is read, a file that could not be written. */
export async function checkWritable(outputs: readonly Output[]): Promise<void> {
  for (const { file } of outputs) {
    if (file === null) continue;
    const folder = dirname(file);
    await access(folder, constants.W_OK).catch((error: NodeJS.ErrnoException) => {
      throw new UsageError(
        `-o: ${file} cannot be written: ${error.code === 'ENOENT' ? `there is no ${folder}` : (error.code ?? error.message)}`,
      );
    });
  }
}

/** Writes the report everywhere it was asked for, without whatever looks like a secret; the files first, so that they are there when stdout is closed early. */
export async function writeReport(whole: Report, outputs: readonly Output[], shell: Shell, style: Style, quiet: boolean): Promise<void> {
  const report = withoutSecrets(whole);
  for (const { format, file } of outputs) {
    if (file !== null)
      await writeFile(file, formats[format](report, { ...plain, program: style.program, stats: style.stats })).catch(refuse(file));
  }
  const shown = outputs.find(({ file }) => file === null);
  if (shown !== undefined && !quiet) await shell.write(formats[shown.format](report, style));
}

function refuse(file: string): (error: NodeJS.ErrnoException) => never {
  return (error) => {
    throw new UsageError(`-o: ${file} cannot be written: ${error.code ?? error.message}`);
  };
}

/** How text is to look on stdout: --color, then FORCE_COLOR, NO_COLOR and TERM=dumb, then whether it is a terminal. */
export function styleOf(color: 'auto' | 'always' | 'never', stats: boolean, { program, environment, stdout }: Shell): Style {
  const { FORCE_COLOR, NO_COLOR, TERM } = environment;
  const auto = (): boolean => {
    if (FORCE_COLOR !== undefined && FORCE_COLOR !== '') return FORCE_COLOR !== '0' && FORCE_COLOR !== 'false';
    return !NO_COLOR && TERM !== 'dumb' && stdout.isTerminal;
  };
  const colour = color === 'auto' ? auto() : color === 'always';
  const columns = Math.min(120, Math.max(60, stdout.columns ?? 80));
  return { colour, columns: stdout.isTerminal ? columns : 80, program, stats };
}
