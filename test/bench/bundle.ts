import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Options } from '../../src/model/fact.ts';
import { scale } from '../../src/sandbox/scale.ts';
import { listWorlds, loadWorld } from '../../src/sandbox/worlds.ts';
import { encodeBundle } from '../../src/sources/archive.ts';
import { withReadFields } from '../../src/sources/redaction-fields.ts';
import { interleaved, processSeconds, type Result, ratios, skipped, spreadOf, withBundle } from './measure.ts';

const world = 'healthy-v1.1';
const proxies = 300;
const of = { what: `doctor --from: whole process over one that only unpacks and parses the bundle (${proxies} proxies)`, goal: '≤ 1.2' };
const options: Options = { namespace: null, gateway: null, selector: null, expectLabels: [], prometheus: null };

/**
 * doctor of the compiled program on a bundle, against parse-bundle.ts on the same file. What remains over it, in equal parts: loading the
 * program, adding up samples by tenant, and facts and checks of each proxy. Unpacking goes on beside them on another thread.
 */
export async function bundleBench(rounds: number): Promise<readonly Result[]> {
  if (!existsSync('dist/cli.js')) return [skipped(of.what, of.goal, 'not built (npm run build)')];
  if (!(await listWorlds()).includes(world)) return [skipped(of.what, of.goal, `no recording of ${world}`)];
  const folder = await mkdtemp(join(tmpdir(), 'tokmeter-bundle-'));
  try {
    const file = join(folder, 'bundle.tgz');
    const snapshot = withReadFields(scale((await loadWorld(world)).snapshot, proxies));
    await writeFile(file, encodeBundle({ snapshot, options, redacted: [], version: '0.0.0' }));
    return [await withBundle('parse-bundle.ts', (program) => timed(file, program, rounds))];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

interface Took {
  readonly seconds: number;
  /** Of all threads: says more than the seconds on a busy machine. */
  readonly cpuSeconds: number;
}

async function timed(file: string, program: string, rounds: number): Promise<Result> {
  const took: Record<'floor' | 'doctor', Took[]> = { floor: [], doctor: [] };
  const noted = (who: keyof typeof took, args: readonly string[]): number => {
    const one = tookBy(args, join(dirname(file), 'usage.json'));
    took[who].push(one);
    return one.seconds;
  };
  const times = await interleaved(rounds, {
    floor: () => noted('floor', [program, file]),
    doctor: () => noted('doctor', ['bin/tokmeter.js', 'doctor', '--from', file, '-o', 'json']),
  });
  const spread = ratios(times.doctor, times.floor);
  const [doctor, floor] = [took.doctor, took.floor].map(textOf);
  return { ...of, spread, unit: '×', met: spread.median <= 1.2, note: `${doctor} over ${floor}` };
}

/** "753 ms (912 ms CPU)", medians. */
function textOf(all: readonly Took[]): string {
  const [seconds, cpu] = [spreadOf(all.map((one) => one.seconds)), spreadOf(all.map((one) => one.cpuSeconds))];
  return `${Math.round(1000 * seconds.median)} ms (${Math.round(1000 * cpu.median)} ms CPU)`;
}

/** Tells what a process took when it ends. */
const teller = (file: string): string =>
  `import { writeFileSync } from 'node:fs'; process.on('exit', () => writeFileSync(${JSON.stringify(file)}, JSON.stringify(process.resourceUsage())));`;

/** Whatever doctor judges, it must have come to a report. */
function tookBy(args: readonly string[], file: string): Took {
  const preload = `data:text/javascript,${encodeURIComponent(teller(file))}`;
  const seconds = processSeconds(process.execPath, ['--import', preload, ...args], [0, 1, 2]);
  const used = JSON.parse(readFileSync(file, 'utf8')) as NodeJS.ResourceUsage;
  return { seconds, cpuSeconds: (used.userCPUTime + used.systemCPUTime) / 1e6 };
}
