import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { bigExposition } from './big-exposition.ts';
import { interleaved, type Result, ratios, type Spread, skipped, spreadOf, withBundle } from './measure.ts';

const promparse = join(homedir(), '.cache/tokmeter-testbed/bin/promparse');

interface Contest {
  readonly what: string;
  readonly goal: string;
  /** Null: no goal. */
  readonly least: number | null;
}

const contests = {
  all: { what: 'parser: whole body, speed over Prometheus’s own parser', goal: '≥ 0.8 (wanted 1.0)', least: 0.8 },
  family: { what: 'parser: _sum and _count of one family, speed over Prometheus’s own parser', goal: '≥ 2.5', least: 2.5 },
  allFirst: { what: 'parser: whole body, the first of a process', goal: '', least: null },
  familyFirst: { what: 'parser: _sum and _count of one family, the first body of a process', goal: '', least: null },
} as const satisfies Readonly<Record<string, Contest>>;

/** Our parser and Prometheus's own on the same body of 5,000 token sets, each time in a fresh process. */
export async function parserBench(rounds: number): Promise<readonly Result[]> {
  const absent = 'promparse is not built (test/e2e/testbed/build-assets.sh)';
  if (!existsSync(promparse)) return Object.values(contests).map(({ what, goal }) => skipped(what, goal, absent));
  const folder = await mkdtemp(join(tmpdir(), 'tokmeter-body-'));
  try {
    const body = [...bigExposition()].join('');
    const file = join(folder, 'big.prom');
    await writeFile(file, body);
    return await contest(file, rounds, `${(body.length / 1e6).toFixed(1)} MB`);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function contest(file: string, rounds: number, note: string): Promise<readonly Result[]> {
  return withBundle('parse-once.ts', async (program) => {
    const first = { all: [] as number[], family: [] as number[] };
    const later = (what: 'all' | 'family'): number => {
      const [cold = Number.NaN, ...warm] = reported(process.execPath, [program, file, what]);
      first[what].push(cold);
      return spreadOf(warm).median;
    };
    const times = await interleaved(rounds, {
      theirs: () => reported(promparse, [file])[0] ?? Number.NaN,
      all: () => later('all'),
      family: () => later('family'),
    });
    const over = { all: times.all, family: times.family, allFirst: first.all, familyFirst: first.family };
    return (Object.keys(contests) as (keyof typeof contests)[]).map((name) =>
      resultOf(contests[name], ratios(times.theirs, over[name]), note),
    );
  });
}

function resultOf({ what, goal, least }: Contest, spread: Spread, note: string): Result {
  return { what, spread, unit: '×', goal, met: least === null ? null : spread.median >= least, note };
}

/** The seconds that a parser says it took, the reading of the file left out. */
function reported(command: string, args: readonly string[]): readonly number[] {
  const { stdout, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  const seconds = [...stdout.matchAll(/^\d+ series, ([\d.]+) s/gm)].map((match) => Number(match[1]));
  if (seconds.length === 0) throw new Error(`${command} told no time: ${stdout}${stderr}`);
  return seconds;
}
