import { execFileSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import module from 'node:module';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '../..');
// Later versions keep compiled code themselves.
const ours = !('enableCompileCache' in module);
let folder = '';
let kept: readonly string[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tokmeter-code-'));
  for (const part of ['bin', 'package.json', 'dist/package.json', 'dist/cli.js', 'dist/cli.js.code', 'dist/chunks'])
    if (existsSync(join(root, part))) cpSync(join(root, part), join(folder, part), { recursive: true });
  const chunks = readdirSync(join(folder, 'dist/chunks')).map((name) => join(folder, 'dist/chunks', name));
  kept = chunks.filter((file) => file.endsWith('.code'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const explained = (args: readonly string[] = []): string =>
  execFileSync(process.execPath, [...args, join(folder, 'bin/tokmeter.js'), 'explain'], { encoding: 'utf8' });

/** Which scripts V8 compiled although their code was kept. */
const refused = (): readonly string[] => {
  const run = `
    import { load, scripts } from ${JSON.stringify(join(folder, 'bin/load.js'))};
    process.on('exit', () => {
      const all = [...scripts].map(([file, { script }]) => [file, script]).filter(([, script]) => script.cachedDataRejected !== undefined);
      const refused = all.filter(([, script]) => script.cachedDataRejected).map(([file]) => file);
      process.stderr.write(JSON.stringify({ all: all.length, refused }));
    });
    load(${JSON.stringify(join(folder, 'dist/cli.js'))});`;
  const command = ['--input-type=module', '-e', run, 'tokmeter', 'explain'];
  const both = execFileSync('sh', ['-c', 'exec "$0" "$@" 2>&1 >/dev/null', process.execPath, ...command], { encoding: 'utf8' });
  const { all, refused } = JSON.parse(both) as { readonly all: number; readonly refused: readonly string[] };
  expect(all).toBeGreaterThan(5);
  return refused;
};

describe.skipIf(!existsSync(join(root, 'dist/cli.js')))('the compiled program', () => {
  it.skipIf(!ours)('is loaded with the code that was kept when it was built', () => {
    expect(kept.length).toBeGreaterThan(10);
    expect(refused()).toEqual([]);
  });

  it('holds no path of where it was built', () => {
    for (const file of kept) expect(readFileSync(file).includes(join(root, 'dist'))).toBe(false);
  });

  it.each<[string, (file: string) => unknown]>([
    ['is gone', unlinkSync],
    ['is empty', (file) => writeFileSync(file, '')],
    ['was cut short', (file) => truncateSync(file, 1000)],
    [
      'has other bits',
      (file) =>
        writeFileSync(
          file,
          readFileSync(file).map((byte, at) => (at % 997 === 500 ? byte ^ 0x55 : byte)),
        ),
    ],
    ['is a folder', (file) => [unlinkSync(file), mkdirSync(file)]],
    ['is something else', (file) => writeFileSync(file, Buffer.alloc(100_000, 'x'))],
  ])('says the same where the code %s', (_, spoil) => {
    const before = explained();
    for (const file of kept) spoil(file);
    expect(explained()).toBe(before);
  });

  it('says what a source says that was changed since, at the same length', () => {
    for (const file of kept.map((each) => each.replace(/\.code$/, '')))
      writeFileSync(file, readFileSync(file, 'utf8').replaceAll('controller-missing', 'controller-changed'));
    expect(explained()).toContain('controller-changed');
  });

  it('says the same where V8 has other flags, or node maps sources', () => {
    const before = explained();
    expect(explained(['--no-lazy'])).toBe(before);
    expect(explained(['--enable-source-maps'])).toBe(before);
  });
});
