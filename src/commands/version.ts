import type { Shell } from './shell.ts';
import { unknownName } from './usage-error.ts';

/** `tokmeter version`. */
export async function version({ output }: { readonly output: string }, shell: Shell): Promise<number> {
  if (output !== 'text' && output !== 'json') throw unknownName('output format', output, ['text', 'json']);
  const document = { name: 'tokmeter', version: shell.version, node: shell.nodeVersion };
  await shell.write(output === 'json' ? `${JSON.stringify(document, null, 2)}\n` : `tokmeter ${shell.version}\n`);
  return 0;
}
