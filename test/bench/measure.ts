import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { build } from 'esbuild';

/** One line of the report: a ratio or a count against its goal, or why it was not measured. */
export interface Result {
  readonly what: string;
  /** Least, median and greatest of the rounds; null: skipped. */
  readonly spread: Spread | null;
  readonly unit: string;
  readonly goal: string;
  readonly met: boolean | null;
  readonly note: string;
}

export interface Spread {
  readonly min: number;
  readonly median: number;
  readonly max: number;
}

export function spreadOf(values: readonly number[]): Spread {
  const sorted = [...values].sort((left, right) => left - right);
  return { min: sorted[0] ?? Number.NaN, median: sorted[Math.floor(sorted.length / 2)] ?? Number.NaN, max: sorted.at(-1) ?? Number.NaN };
}

export function skipped(what: string, goal: string, note: string): Result {
  return { what, spread: null, unit: '', goal, met: null, note };
}

/** Measures the contestants in turn, `rounds` times, so that a busy moment strikes all of them alike. */
export async function interleaved<Name extends string>(
  rounds: number,
  contestants: Readonly<Record<Name, () => number | Promise<number>>>,
): Promise<Readonly<Record<Name, readonly number[]>>> {
  const names = Object.keys(contestants) as Name[];
  const times = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<Name, number[]>;
  for (let round = 0; round < rounds; round += 1) {
    for (const name of names) times[name].push(await contestants[name]());
  }
  return times;
}

/** The ratio of each round. */
export function ratios(over: readonly number[], under: readonly number[]): Spread {
  return spreadOf(over.map((value, index) => value / (under[index] ?? Number.NaN)));
}

/** Seconds that a process takes, from its start to its end. Throws when it ends with another code than the allowed ones. */
export function processSeconds(command: string, args: readonly string[], allowed: readonly number[] = [0]): number {
  const start = performance.now();
  const { status, stderr, error } = spawnSync(command, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  if (status === null || !allowed.includes(status))
    throw new Error(`${command} ${args.join(' ')} ended with ${status}: ${error?.message ?? stderr.toString('utf8')}`);
  return (performance.now() - start) / 1000;
}

/** Bundles a program of this folder for a process of its own, and removes it afterwards. */
export async function withBundle<T>(file: string, use: (path: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'tokmeter-bench-'));
  const outfile = join(folder, 'main.mjs');
  try {
    await build({
      entryPoints: [resolve('test/bench', file)],
      outfile,
      bundle: true,
      format: 'esm',
      platform: 'node',
      target: 'node20.19',
      // Bundled CommonJS packages call require() for node's own modules.
      banner: { js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);" },
      logLevel: 'warning',
    });
    return await use(outfile);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
