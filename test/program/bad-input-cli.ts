import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Snapshot } from '../../src/model/snapshot.ts';
import type { Fault } from '../../src/sandbox/faults.ts';
import { type Served, type ServeOptions, serve } from '../../src/sandbox/serve.ts';

const program = resolve(import.meta.dirname, '../../bin/tokmeter.js');
const root = resolve(import.meta.dirname, '../..');

/** How one run of the compiled program ended. */
export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
  readonly ms: number;
  readonly asked: Served['asked'];
}

export interface Calling {
  readonly args?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** What to do with the running process. */
  readonly meanwhile?: (child: ChildProcess) => void;
  /** A run that takes longer hangs, and is killed. */
  readonly limitMs?: number;
}

/** Runs the compiled program, with no kubeconfig of this machine in reach. */
export function call(args: readonly string[], { environment = {}, meanwhile, limitMs = 20_000 }: Calling = {}): Promise<Ended> {
  const home = mkdtempSync(join(tmpdir(), 'tokmeter-home-'));
  const started = performance.now();
  const { PATH = '' } = process.env;
  const child = spawn(process.execPath, [program, ...args], { cwd: home, env: { PATH, HOME: home, ...environment } });
  let [out, err] = ['', ''];
  child.stdout.on('data', (chunk) => {
    out += chunk;
  });
  child.stderr.on('data', (chunk) => {
    err += chunk;
  });
  child.stdout.on('error', () => {});
  meanwhile?.(child);
  const limit = setTimeout(() => child.kill('SIGKILL'), limitMs);
  return new Promise((done) => {
    child.on('close', (code) => {
      clearTimeout(limit);
      rmSync(home, { recursive: true, force: true });
      done({ code, out, err, ms: performance.now() - started, asked: [] });
    });
  });
}

/** Runs the compiled program beside files of these texts; `args` is told where they are. */
export async function callWith<Name extends string>(
  texts: Readonly<Record<Name, string>>,
  args: (files: Readonly<Record<Name, string>>) => readonly string[],
  calling: Calling = {},
): Promise<Ended> {
  const folder = mkdtempSync(join(tmpdir(), 'tokmeter-bad-'));
  const names = Object.keys(texts) as Name[];
  try {
    for (const name of names) writeFileSync(join(folder, name), texts[name]);
    const files = Object.fromEntries(names.map((name) => [name, join(folder, name)])) as Record<Name, string>;
    return await call(args(files), calling);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Runs doctor on a served snapshot that has these faults. */
export async function doctorOn(snapshot: Snapshot, faults: readonly Fault[] = [], calling: Calling & ServeOptions = {}): Promise<Ended> {
  const served = await serve(snapshot, { ...calling, faults });
  try {
    const doctor = ({ kubeconfig }: { readonly kubeconfig: string }) => ['doctor', '--kubeconfig', kubeconfig, ...(calling.args ?? [])];
    return { ...(await callWith({ kubeconfig: served.kubeconfig }, doctor, calling)), asked: [...served.asked] };
  } finally {
    await served.close();
  }
}

/** Signs that the program blundered: a stack, the name of a source file, a value that was never meant to be read. */
export function blunders({ out, err }: Ended): readonly string[] {
  const signs = [
    /\n\s+at .*\d+:\d+/,
    /this is a bug/,
    /\bbug\b/,
    /\bundefined\b/,
    /\[object /,
    /\bNaN\b/,
    new RegExp(root.replaceAll('/', '\\/')),
  ];
  return signs.filter((sign) => sign.test(out) || sign.test(err)).map(String);
}
