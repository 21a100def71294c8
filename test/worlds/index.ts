import { configureWorlds } from './configure.ts';
import { emitWorlds } from './emit.ts';
import { gptLoadWorlds } from './gpt-load/index.ts';
import { kuadrantWorlds } from './kuadrant/index.ts';
import { lgtmWorlds } from './lgtm/index.ts';
import { looksBrokenWorlds } from './looks-broken.ts';
import { presentWorlds } from './present.ts';
import { queryWorlds } from './query.ts';
import { scrapeWorlds } from './scrape.ts';
import { severalWorlds } from './several.ts';
import { soundWorlds } from './sound.ts';
import { twoFaultWorlds } from './two-faults.ts';
import type { WorldDefinition } from './world.ts';

/** Every world: what it changes, and what must be said of it. */
export const worlds: readonly WorldDefinition[] = [
  ...soundWorlds,
  ...looksBrokenWorlds,
  ...configureWorlds,
  ...emitWorlds,
  ...scrapeWorlds,
  ...queryWorlds,
  ...presentWorlds,
  ...twoFaultWorlds,
  ...severalWorlds,
  ...gptLoadWorlds,
  ...lgtmWorlds,
  ...kuadrantWorlds,
];
