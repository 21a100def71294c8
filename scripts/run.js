// Runs a TypeScript file of this repository on any supported Node: node scripts/run.js FILE [ARG…]
import { mkdtemp, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const [file, ...args] = process.argv.slice(2);
const out = await mkdtemp(join(resolve('node_modules'), '.run-'));
try {
  const outfile = join(out, 'main.mjs');
  await build({
    entryPoints: [resolve(file)],
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    packages: 'external',
    sourcemap: 'inline',
  });
  process.argv = [process.argv[0], resolve(file), ...args];
  await import(pathToFileURL(outfile).href);
} finally {
  await rm(out, { recursive: true, force: true });
}
