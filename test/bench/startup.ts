import { existsSync } from 'node:fs';
import { interleaved, processSeconds, type Result, skipped, spreadOf } from './measure.ts';

const program = 'bin/tokmeter.js';
const goal = '≤ 30 ms';
const most = 30;

/** What `--help` and `version` of the compiled program cost over a bare Node. */
export async function startupBench(rounds: number): Promise<readonly Result[]> {
  const whats = { help: 'start: --help over node -e 0', version: 'start: version over node -e 0' } as const;
  if (!existsSync('dist/cli.js')) return Object.values(whats).map((what) => skipped(what, goal, 'not built (npm run build)'));
  const times = await interleaved(rounds, {
    bare: () => processSeconds(process.execPath, ['-e', '0']),
    help: () => processSeconds(process.execPath, [program, '--help']),
    version: () => processSeconds(process.execPath, [program, ...version]),
  });
  return (['help', 'version'] as const).map((name): Result => {
    const spread = spreadOf(times[name].map((seconds, index) => 1000 * (seconds - (times.bare[index] ?? Number.NaN))));
    return { what: whats[name], spread, unit: 'ms', goal, met: spread.median <= most, note: '' };
  });
}

const version = ['version'];
