import { readFile, writeFile } from 'node:fs/promises';
import type { Snapshot, World } from '../model/snapshot.ts';
import { decodeSnapshot, encodeSnapshot, encodeWorld } from '../parse/snapshot.ts';

/** Reads a recording (*.json.gz). Throws ReadError `malformed`, naming the file. */
export async function readSnapshot(file: string): Promise<Snapshot> {
  return decodeSnapshot(await readFile(file), file);
}

/** Writes a recording; the same snapshot is the same bytes. */
export async function writeSnapshot(file: string, snapshot: Snapshot): Promise<void> {
  await writeFile(file, encodeSnapshot(snapshot));
}

/** Writes a world of the sandbox (src/sandbox/worlds/NAME.json.gz). */
export async function writeWorld(file: string, world: World): Promise<void> {
  await writeFile(file, encodeWorld(world));
}
