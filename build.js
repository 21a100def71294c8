// Bundles src into dist: one small entry and a chunk per command, so that `--help` loads neither the network nor the tables.
import { spawnSync } from 'node:child_process';
import { cp, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import module from 'node:module';
import { basename, dirname } from 'node:path';
import { build, transform } from 'esbuild';

const fresh = `dist.${process.pid}`;
const { outputFiles: modules } = await build({
  entryPoints: ['src/cli.ts'],
  outdir: fresh,
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  chunkNames: 'chunks/[name]-[hash]',
  sourcemap: 'inline',
  write: false,
  // Less to read at every start; names stay, for stack traces.
  minifyWhitespace: true,
  minifySyntax: true,
  sourcesContent: false,
  // Loaded at run time, and only for kubeconfig users with a legacy auth-provider.
  external: ['@kubernetes/client-node'],
  // Its CommonJS half has no named exports when it is imported dynamically; this half is ES modules and free of node's and browsers' own.
  alias: { yaml: './node_modules/yaml/browser/index.js' },
  logLevel: 'warning',
});
await Promise.all(modules.map(writeCommonJs));
await writeFile(`${fresh}/package.json`, '{ "type": "commonjs" }\n');
await buildPageScript(`${fresh}/usage-page.js`);
await cp('src/sandbox/worlds', `${fresh}/worlds`, { recursive: true, force: true }).catch((error) => {
  if (error.code !== 'ENOENT') throw error;
});
keepCode();
// Swapped in at the end, so that a running program never meets half a build.
await rm('dist', { recursive: true, force: true });
await rename(fresh, 'dist');

/** Writes a chunk, which esbuild splits as ES modules alone, as CommonJS: V8 keeps the code of no other on Node 20 (bin/load.js). */
async function writeCommonJs({ path, text }) {
  const { code, map } = await transform(
    text.replace(/\bimport\((".\/[^"]+"|"..\/[^"]+")\)/g, 'Promise.resolve().then(() => require($1))'),
    {
      format: 'cjs',
      platform: 'node',
      target: 'node20.19',
      minifyWhitespace: true,
      sourcefile: basename(path),
      sourcemap: 'external',
      sourcesContent: false,
      define: { 'import.meta.url': '__url' },
      banner: text.includes('import.meta.url') ? 'const __url = require("node:url").pathToFileURL(__filename).href;' : '',
    },
  );
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, `${code}//# sourceMappingURL=${basename(path)}.map\n`);
  await writeFile(`${path}.map`, map);
}

/** Leaves beside each file that a run of doctor loads what this V8 made of it: functions that did not run are not in it. Lost with it is nothing but time. */
function keepCode() {
  // Node keeps it itself then.
  if (module.enableCompileCache !== undefined) return;
  const run = `
    import { resolve } from 'node:path';
    import { keepCode, load } from './bin/load.js';
    process.on('exit', keepCode);
    load(resolve('${fresh}/cli.js'));`;
  spawnSync(process.execPath, ['--input-type=module', '-e', run, 'tokmeter', 'demo', '-o', 'json'], { stdio: 'ignore', timeout: 60_000 });
}

/** The script that `tokmeter usage -o html` puts into its page, with the notices that its licences ask for. */
async function buildPageScript(outfile) {
  const notices = await Promise.all(
    ['echarts/NOTICE', 'echarts/licenses/LICENSE-d3', 'zrender/LICENSE'].map((file) => readFile(`node_modules/${file}`, 'utf8')),
  );
  const { outputFiles } = await build({
    entryPoints: ['src/page/usage-page.ts'],
    bundle: true,
    minify: true,
    format: 'iife',
    platform: 'browser',
    target: 'es2022',
    legalComments: 'none',
    write: false,
    logLevel: 'warning',
  });
  const notice = notices.map((text) => text.trim().replaceAll('\t', ' ')).join('\n\n');
  const head = `/*!\nApache License 2.0: https://www.apache.org/licenses/LICENSE-2.0\n\n${notice}\n*/\n`;
  await writeFile(outfile, head + outputFiles[0].text.trim());
}
