import { spawn } from 'node:child_process';
import { resolve } from 'node:path';

/** How the compiled program ended. */
export interface Ended {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface Settings {
  readonly env?: Readonly<Record<string, string>>;
  /** The name it is called by. */
  readonly bin?: 'tokmeter.js' | 'kubectl-tokmeter.js';
  /** Sent after something has happened, or when stderr first says so. */
  readonly kill?: { readonly signal: NodeJS.Signals; readonly after?: Promise<unknown>; readonly when?: RegExp };
  /** Stops reading stdout after so many bytes and closes it. */
  readonly closeAfter?: number;
}

const root = resolve(import.meta.dirname, '../..');

/** Runs bin/tokmeter.js without a terminal, a home or a kubeconfig. */
export function runCli(args: readonly string[], { env = {}, bin = 'tokmeter.js', kill, closeAfter }: Settings = {}): Promise<Ended> {
  const child = spawn(process.execPath, [resolve(root, 'bin', bin), ...args], {
    cwd: root,
    env: { PATH: process.env.PATH, HOME: '/nonexistent', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    if (closeAfter !== undefined && stdout.length >= closeAfter) child.stdout.destroy();
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    if (kill?.when?.test(text)) child.kill(kill.signal);
    stderr += text;
  });
  if (closeAfter === 0) child.stdout.destroy();
  kill?.after?.then(() => child.kill(kill.signal));
  return new Promise((done, fail) => {
    child.on('error', fail);
    child.on('close', (code, signal) => done({ stdout, stderr, code, signal }));
  });
}
