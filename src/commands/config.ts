import { readFile } from 'node:fs/promises';
import type { Command, Option } from 'commander';
import { parseDocument } from 'yaml';
import { list } from '../parse/fields.ts';
import { UsageError, unknownName } from './usage-error.ts';

/** Gives a command the flags of a YAML file: `pipeline: auto`, `expect-label: [user_id]`. The command line goes first. */
export async function applyConfig(command: Command, file: string): Promise<void> {
  const known = new Map(command.options.flatMap((option) => (option.long ? [[option.long.slice(2), option] as const] : [])));
  known.delete('config');
  for (const [key, value] of Object.entries(await settings(file))) {
    const option = known.get(key);
    if (option === undefined) throw new UsageError(`${file}: ${unknownName('setting', key, [...known.keys()]).message}`);
    const name = option.attributeName();
    if (command.getOptionValueSource(name) !== 'cli')
      command.setOptionValueWithSource(name, settingOf(option, value, `${file}: ${key}`), 'config');
  }
}

async function settings(file: string): Promise<object> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new UsageError(`--config: ${file} cannot be read: ${error.code ?? error.message}`);
  });
  const document = parseDocument(text);
  const wrong = document.errors[0];
  if (wrong !== undefined) throw new UsageError(`${file}: line ${wrong.linePos?.[0].line ?? 1}: ${wrong.message.split('\n')[0]}`);
  const value: unknown = document.toJS();
  if (value === null || value === undefined) return {};
  if (typeof value !== 'object' || Array.isArray(value)) throw new UsageError(`${file}: must be a map of flags, such as "pipeline: auto"`);
  return value;
}

function settingOf(option: Option, value: unknown, where: string): unknown {
  const takesText = option.required || option.optional;
  if (!takesText || (option.optional && value === true)) {
    if (typeof value === 'boolean') return value;
    throw new UsageError(`${where}: takes true or false`);
  }
  const texts = (Array.isArray(value) ? list(value) : [value]).map((each) => textOf(each, where));
  const parse = option.parseArg;
  if (parse === undefined) {
    if (texts.length !== 1) throw new UsageError(`${where}: takes one value`);
    return texts[0];
  }
  return texts.reduce<unknown>((previous, text) => parse(text, previous), undefined);
}

function textOf(value: unknown, where: string): string {
  if (typeof value === 'string' || typeof value === 'number') return String(value);
  throw new UsageError(`${where}: takes text`);
}
