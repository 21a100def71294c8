import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, openSync } from 'node:fs';
import { createServer } from 'node:net';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** Where the real programs lie: $KUBEBUILDER_ASSETS or what build-assets.sh fills. */
export const bin = process.env.KUBEBUILDER_ASSETS ?? join(homedir(), '.cache/tokmeter-testbed/bin');

/** Which of the programs are not there; none: the bed can start. */
export function missingPrograms(
  names: readonly string[] = ['etcd', 'kube-apiserver', 'kwok', 'operator', 'prometheus'],
): readonly string[] {
  return names.filter((name) => !existsSync(join(bin, name)));
}

const running = new Set<ChildProcess>();
const guard = existsSync('/usr/bin/setpriv') ? ['/usr/bin/setpriv', '--pdeathsig', 'KILL', '--'] : [];

process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** Starts a program that ends with this process at the latest; its output goes to a file. */
export function run(program: string, args: readonly string[], log: string, env: NodeJS.ProcessEnv = {}): ChildProcess {
  const file = openSync(log, 'a');
  const [first = program, ...rest] = [...guard, program, ...args];
  const child = spawn(first, rest, { stdio: ['ignore', file, file], env: { ...process.env, ...env } });
  running.add(child);
  child.once('exit', () => running.delete(child));
  return child;
}

/** Ends a program and waits until it is gone. */
export async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.kill('SIGTERM');
  const killing = setTimeout(() => child.kill('SIGKILL'), 2000);
  await gone;
  clearTimeout(killing);
}

/** A TCP port on loopback that nobody listens on at this moment. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** Asks again until the answer is not null; says what it waited for when it never comes. */
export async function until<T>(what: string, ask: () => Promise<T | null> | T | null, seconds = 60): Promise<T> {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const answer = await ask();
    if (answer !== null) return answer;
    if (Date.now() > end) throw new Error(`waited ${seconds} s in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 150));
  }
}
