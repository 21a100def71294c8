import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { World } from '../model/snapshot.ts';
import { ReadError } from '../model/source.ts';
import { decodeWorld } from '../parse/snapshot.ts';

const ending = '.json.gz';

/** Where recorded worlds lie: dist/worlds for the built program, src/sandbox/worlds for tests and scripts in the checkout. */
export function worldsFolder(from: string = fileURLToPath(import.meta.url)): string {
  let folder = dirname(from);
  while (!existsSync(join(folder, 'package.json')) && dirname(folder) !== folder) folder = dirname(folder);
  // The built program has a package.json of its own.
  if (existsSync(join(folder, 'cli.js'))) return join(folder, 'worlds');
  return from.startsWith(join(folder, 'dist')) ? join(folder, 'dist', 'worlds') : join(folder, 'src', 'sandbox', 'worlds');
}

/** The names of the recorded worlds, sorted. */
export async function listWorlds(): Promise<readonly string[]> {
  const names = await readdir(worldsFolder()).catch(() => []);
  return names
    .filter((name) => name.endsWith(ending))
    .map((name) => name.slice(0, -ending.length))
    .sort();
}

/** Throws ReadError `absent` for a name that no recording has. */
export async function loadWorld(name: string): Promise<World> {
  const names = await listWorlds();
  if (!names.includes(name))
    throw new ReadError('absent', `read world ${name}`, `there is no world "${name}": tokmeter demo --list names them`);
  return decodeWorld(await readFile(join(worldsFolder(), name + ending)), name + ending);
}
