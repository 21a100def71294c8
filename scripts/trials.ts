import { listWorlds } from '../src/sandbox/worlds.ts';
import { worlds } from '../test/worlds/index.ts';
import type { Trial } from '../test/worlds/mutants.ts';
import { replayed } from '../test/worlds/replayed.ts';

/** Every defined world that is recorded, judged once, in the order of their definition. */
export async function trials(): Promise<readonly Trial[]> {
  const recorded = await listWorlds();
  const all: Trial[] = [];
  // One after the other: a recording is large, and its facts are all that stays.
  for (const { name, expect } of worlds.filter((world) => recorded.includes(world.name)))
    all.push({ name, expect, replayed: await replayed(name) });
  return all;
}
