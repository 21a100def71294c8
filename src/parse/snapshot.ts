import { gunzipSync, gzipSync } from 'node:zlib';
import { inOrder, type Snapshot, type World } from '../model/snapshot.ts';
import { ReadError } from '../model/source.ts';
import { record, sortedFields } from './fields.ts';

// RFC 1952 §2.3: the tenth byte names the operating system; 255 is "unknown", so that the same recording is the same file everywhere.
const operatingSystem = 9;

/** A snapshot as a file: gzipped JSON with sorted keys. */
export function encodeSnapshot(snapshot: Snapshot): Buffer {
  return encode(inOrder(snapshot));
}

/** Throws ReadError `malformed`, naming the file. */
export function decodeSnapshot(bytes: Uint8Array, name: string): Snapshot {
  return snapshotOf(decode(bytes, name), name);
}

export function encodeWorld(world: World): Buffer {
  return encode({ ...world, snapshot: inOrder(world.snapshot) });
}

/** Throws ReadError `malformed`, naming the file. */
export function decodeWorld(bytes: Uint8Array, name: string): World {
  const world = record(decode(bytes, name));
  if (typeof world.name !== 'string' || typeof world.title !== 'string') throw malformed(name, 'it has no name and title');
  snapshotOf(world.snapshot, name);
  return world as unknown as World;
}

function encode(value: unknown): Buffer {
  const bytes = gzipSync(`${JSON.stringify(value, sortedFields, 1)}\n`, { level: 9 });
  bytes[operatingSystem] = 255;
  return bytes;
}

function decode(bytes: Uint8Array, name: string): unknown {
  try {
    return JSON.parse(gunzipSync(bytes).toString('utf8'));
  } catch (cause) {
    throw malformed(name, cause instanceof Error ? cause.message : String(cause), cause);
  }
}

function snapshotOf(value: unknown, name: string): Snapshot {
  const { format, lists, gets, now } = record(value);
  if (format !== 1) throw malformed(name, `its format is ${JSON.stringify(format)}, this program reads format 1`);
  if (!Array.isArray(lists) || !Array.isArray(gets)) throw malformed(name, 'it has no lists and gets');
  if (typeof now !== 'string' || Number.isNaN(Date.parse(now))) throw malformed(name, 'it has no time of recording');
  return value as Snapshot;
}

function malformed(name: string, why: string, cause?: unknown): ReadError {
  return new ReadError('malformed', `read ${name}`, `${name} is no recording of tokmeter: ${why}`, { cause });
}
