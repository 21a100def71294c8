import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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

/** doctor of the compiled program on a bundle, against parse-bundle.ts on the same file. */
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

async function timed(file: string, program: string, rounds: number): Promise<Result> {
  const times = await interleaved(rounds, {
    floor: () => processSeconds(process.execPath, [program, file]),
    // Whatever it judges, it must have come to a report.
    doctor: () => processSeconds(process.execPath, ['bin/tokmeter.js', 'doctor', '--from', file, '-o', 'json'], [0, 1, 2]),
  });
  const spread = ratios(times.doctor, times.floor);
  const [doctor, floor] = [times.doctor, times.floor].map((all) => `${Math.round(1000 * spreadOf(all).median)} ms`);
  return { ...of, spread, unit: '×', met: spread.median <= 1.2, note: `${doctor} over ${floor}` };
}
