// Bundles src into dist: one small entry and a chunk per command, so that `--help` loads neither the network nor the tables.
import { cp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { build } from 'esbuild';

const fresh = `dist.${process.pid}`;
await build({
  entryPoints: ['src/cli.ts'],
  outdir: fresh,
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  chunkNames: 'chunks/[name]-[hash]',
  sourcemap: 'linked',
  // Less to read at every start; names stay, for stack traces.
  minifyWhitespace: true,
  minifySyntax: true,
  sourcesContent: false,
  // Loaded at run time, and only for kubeconfig users with a legacy auth-provider.
  external: ['@kubernetes/client-node'],
  // Its CommonJS half has no named exports when it is imported dynamically; this half is ES modules and free of node's and browsers' own.
  alias: { yaml: './node_modules/yaml/browser/index.js' },
  // Bundled CommonJS packages call require() for node's own modules.
  banner: { js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);" },
  logLevel: 'warning',
});
await buildPageScript(`${fresh}/usage-page.js`);
await cp('src/sandbox/worlds', `${fresh}/worlds`, { recursive: true, force: true }).catch((error) => {
  if (error.code !== 'ENOENT') throw error;
});
// Swapped in at the end, so that a running program never meets half a build.
await rm('dist', { recursive: true, force: true });
await rename(fresh, 'dist');

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
