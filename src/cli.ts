import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { CommanderError } from 'commander';
import { programOf } from './commands/program.ts';
import type { Shell } from './commands/shell.ts';
import { UsageError } from './commands/usage-error.ts';

let commandNames: readonly string[] = [];
const interrupt = new AbortController();
let interruptedBy: 130 | 143 | null = null;
let unread = false;

/** The first signal ends the run with the report so far, a second one ends the process. */
function onSignal(code: 130 | 143): () => void {
  return () => {
    if (interruptedBy !== null) process.exit(code);
    interruptedBy = code;
    interrupt.abort();
  };
}

/** Resolves when the text has left the process. A reader that went away (EPIPE, as of `| head`) is no trouble of ours. */
function write(text: string | Uint8Array): Promise<void> {
  if (unread) return Promise.resolve();
  return new Promise((resolve) => process.stdout.write(text, () => resolve()));
}

function versionOf(): string {
  const manifest: { readonly version: string } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  return manifest.version;
}

const stream = ({ isTTY, columns }: NodeJS.WriteStream): Shell['stdout'] => ({ isTerminal: isTTY === true, columns: columns || null });

const shell: Shell = {
  program: basename(process.argv[1] ?? '').startsWith('kubectl-') ? 'kubectl tokmeter' : 'tokmeter',
  version: versionOf(),
  nodeVersion: process.version,
  environment: process.env,
  stdout: stream(process.stdout),
  stderr: stream(process.stderr),
  write,
  note: (text) => process.stderr.write(text),
  interrupt: interrupt.signal,
  interruptedBy: () => interruptedBy,
};

/** Runs one command line and says how it ended. */
async function main(args: readonly string[]): Promise<number> {
  let code = 0;
  const program = programOf(shell, (ended) => {
    code = ended;
  });
  commandNames = program.commands.map((command) => command.name());
  if (args.length === 0) {
    shell.note(program.helpInformation());
    return 64;
  }
  try {
    await program.parseAsync(args, { from: 'user' });
    return code;
  } catch (error) {
    return trouble(error);
  }
}

function trouble(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : wrongUsage(sentenceOf(error));
  if (error instanceof UsageError) return wrongUsage(error.message);
  shell.note(`${shell.program}: this is a bug of tokmeter: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  return 70;
}

function wrongUsage(sentence: string): number {
  shell.note(`${shell.program}: ${sentence}\n`);
  return 64;
}

/** Commander's message as one sentence in our manner. */
function sentenceOf({ message }: CommanderError): string {
  const [first = '', hint = ''] = message.replace(/^error: /, '').split('\n');
  const said = first.replaceAll("'", '"').replace(/\. Expected .*/, '');
  const meant = /Did you mean (?:one of )?(.*)\?/.exec(hint);
  return meant === null ? `${said}; see ${helpOf(process.argv[2])}` : `${said}; did you mean ${meant[1]}?`;
}

function helpOf(command: string | undefined): string {
  const known = /^[a-z]+$/.test(command ?? '') && commandNames.includes(command ?? '');
  return known ? `${shell.program} ${command} --help` : `${shell.program} --help`;
}

// Without this, node would end with code 1, which says that the chain is broken.
process.on('uncaughtException', (error) => process.exit(trouble(error)));
process.on('SIGINT', onSignal(130));
process.on('SIGTERM', onSignal(143));
for (const output of [process.stdout, process.stderr]) {
  output.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE' && error.code !== 'ERR_STREAM_DESTROYED') throw error;
    unread = unread || output === process.stdout;
  });
}
void main(process.argv.slice(2)).then(async (ended) => {
  // Everything is written; a connection that lingers must not keep the process.
  process.exitCode = ended;
  await write('');
  process.exit(ended);
});
