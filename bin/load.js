// Loads the program with what V8 made of its code when it was built: reading and compiling a megabyte of it is a third of a short run.
// Node 22.1 and later keep such a cache themselves; for Node 20 build.js leaves FILE.code beside each file that most runs load.
import { readFileSync, writeFileSync } from 'node:fs';
import module, { createRequire } from 'node:module';
import { dirname, relative, resolve } from 'node:path';
import process from 'node:process';
import { constants, Script } from 'node:vm';

/** The scripts that may be kept and their sources, by file. */
export const scripts = new Map();
const loaded = new Map();
const native = createRequire(import.meta.url);

/** Loads the main file of the built program, a CommonJS module. */
export function load(file) {
  module.enableCompileCache?.();
  // --enable-source-maps is for what node loads itself.
  if (module.enableCompileCache !== undefined || process.sourceMapsEnabled) native(file);
  else loadCached(file, dirname(file));
}

function loadCached(file, root) {
  const known = loaded.get(file);
  if (known !== undefined) return known.exports;
  const made = { exports: {} };
  loaded.set(file, made);
  const source = readFileSync(file, 'utf8');
  // Kept code keeps its name too, wherever it is installed: what imports packages must know where it is.
  const kept = !source.includes('import(');
  const script = new Script(`(function (exports, require, module, __filename) {\n${source}\n})`, {
    filename: kept ? nameOf(file, root) : file,
    lineOffset: -1,
    cachedData: kept ? codeOf(file, source) : undefined,
    importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
  });
  if (kept) scripts.set(file, { script, source });
  const required = (id) => (id.startsWith('.') ? loadCached(resolve(dirname(file), id), root) : native(id));
  script.runInThisContext()(made.exports, required, made, file);
  return made.exports;
}

/** A copy: V8 would keep the whole path for a part of it. */
function nameOf(file, root) {
  return Buffer.from(`dist/${relative(root, file)}`).toString();
}

/**
 * Code of another version of V8 is refused, and the source compiled as if there were none; so it is here with code that cannot be read.
 * V8 itself ends the process over code that is spoilt, and runs that of another source of the same length.
 */
function codeOf(file, source) {
  try {
    const kept = readFileSync(`${file}.code`);
    const code = kept.subarray(sums);
    return kept.subarray(0, sums).equals(sumsOf(source, code)) ? code : undefined;
  } catch {
    return undefined;
  }
}

/** Leaves the code of what was loaded beside it, after the checksums of its source and of itself. */
export function keepCode() {
  for (const [file, { script, source }] of scripts) {
    const code = script.createCachedData();
    writeFileSync(`${file}.code`, Buffer.concat([sumsOf(source, code), code]));
  }
}

/** Two of four bytes: V8 wants what follows aligned. */
const sums = 8;

function sumsOf(source, code) {
  const { crc32 } = native('node:zlib');
  const both = Buffer.alloc(sums);
  both.writeUInt32LE(crc32(source), 0);
  both.writeUInt32LE(crc32(code), 4);
  return both;
}
