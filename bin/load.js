// Loads the program with what V8 made of its code when it was built: reading and compiling a megabyte of it is a third of a short run.
// Node 22.1 and later keep such a cache themselves; for Node 20 build.js leaves FILE.code beside each file that most runs load.
import { readFileSync } from 'node:fs';
import module, { createRequire } from 'node:module';
import { dirname, resolve } from 'node:path';
import { constants, Script } from 'node:vm';

/** The scripts that were loaded, by file. */
export const scripts = new Map();
const loaded = new Map();
const native = createRequire(import.meta.url);

/** Loads a file of the built program, a CommonJS module. */
export function load(file) {
  if (module.enableCompileCache === undefined) return loadCached(file);
  module.enableCompileCache();
  return native(file);
}

function loadCached(file) {
  const known = loaded.get(file);
  if (known !== undefined) return known.exports;
  const made = { exports: {} };
  loaded.set(file, made);
  const source = readFileSync(file, 'utf8');
  // Code of another version of V8 is refused, and the source compiled as if there were none.
  const script = new Script(`(function (exports, require, module, __filename) {\n${source}\n})`, {
    filename: file,
    lineOffset: -1,
    cachedData: codeOf(file),
    importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
  });
  scripts.set(file, script);
  const required = (id) => (id.startsWith('.') ? loadCached(resolve(dirname(file), id)) : native(id));
  script.runInThisContext()(made.exports, required, made, file);
  return made.exports;
}

function codeOf(file) {
  try {
    return readFileSync(`${file}.code`);
  } catch (error) {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  }
}
