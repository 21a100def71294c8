import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';

/** What Prometheus's own parser makes of a body. */
export interface Dumped {
  readonly samples: readonly { readonly name: string; readonly labels: readonly (readonly [string, string])[]; readonly value: string }[];
  /** Empty when it took the whole body. */
  readonly error: string;
}

export interface Body {
  readonly format: 'text' | 'openmetrics';
  readonly bytes: Buffer;
}

// The release of the test bed, so that the module is in the cache wherever the test bed was built.
const prometheus = 'v0.316.0';
const source = join(import.meta.dirname, 'promdump');
const digest = createHash('sha256')
  .update(readFileSync(join(source, 'main.go')))
  .digest('hex')
  .slice(0, 8);
const bin = join(homedir(), `.cache/tokmeter-testbed/bin/promdump-${prometheus}-${digest}`);

/** Builds promdump unless it is built; false where Go or the module is absent. */
export function buildPromdump(): boolean {
  if (existsSync(bin)) return true;
  const work = mkdtempSync(join(tmpdir(), 'promdump-'));
  try {
    cpSync(source, work, { recursive: true });
    writeFileSync(join(work, 'go.mod'), `module promdump\ngo 1.26.0\nrequire github.com/prometheus/prometheus ${prometheus}\n`);
    const go = (...args: string[]): boolean => spawnSync('go', args, { cwd: work, timeout: 150_000 }).status === 0;
    if (!go('mod', 'tidy') || !go('build', '-o', 'promdump', '.')) return false;
    mkdirSync(join(bin, '..'), { recursive: true });
    cpSync(join(work, 'promdump'), `${bin}.${process.pid}`);
    renameSync(`${bin}.${process.pid}`, bin);
    return true;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** Parses all bodies in one process. */
export function promdump(bodies: readonly Body[]): readonly Dumped[] {
  const input = bodies.map(({ format, bytes }) => JSON.stringify({ format, body: bytes.toString('base64') })).join('\n');
  const { stdout, status, stderr } = spawnSync(bin, { input, maxBuffer: 1 << 30 });
  if (status !== 0) throw new Error(`promdump: ${stderr.toString('utf8')}`);
  return stdout
    .toString('utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Dumped);
}
