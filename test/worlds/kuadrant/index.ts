import type { OtherWorld } from '../world.ts';
import { configureWorlds } from './configure.ts';
import { emitWorlds } from './emit.ts';
import { limitWorlds } from './limits.ts';
import { loggedWorlds } from './logged.ts';
import { soundWorlds } from './sound.ts';
import { storeWorlds } from './store.ts';

/** Worlds with Kuadrant alone. */
export const kuadrantWorlds: readonly OtherWorld[] = [
  ...soundWorlds,
  ...configureWorlds,
  ...limitWorlds,
  ...emitWorlds,
  ...loggedWorlds,
  ...storeWorlds,
];
