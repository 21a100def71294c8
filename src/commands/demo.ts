import type { Options } from '../model/fact.ts';
import type { World } from '../model/snapshot.ts';
import { type Served, serve } from '../sandbox/serve.ts';
import { listWorlds, loadWorld } from '../sandbox/worlds.ts';
import { openCluster } from '../sources/cluster.ts';
import type { Connection } from '../sources/connection.ts';
import { doctor, type Opener } from './doctor.ts';
import type { DemoFlags } from './flags.ts';
import { oneOf } from './plan.ts';
import { keptUp } from './serving.ts';
import type { Shell } from './shell.ts';
import { UsageError, unknownName } from './usage-error.ts';
import { milliseconds } from './values.ts';
import { flagsOf } from './world-flags.ts';

/** Broken in a way that no dashboard shows: every token is counted twice. */
const instructive = 'two-monitors-one-port';

/** `tokmeter demo [WORLD]`: doctor, over HTTPS and port-forward, on a recorded cluster. Ends with doctor's exit code. */
export async function demo(name: string | null, flags: DemoFlags, shell: Shell): Promise<number> {
  const names = await listWorlds();
  if (names.length === 0) throw new UsageError('this build holds no recorded worlds; npm run build makes one that does');
  if (flags.list) return listed(names, shell);
  const world = await chosen(name ?? instructive, names);
  const served = await serve(world, { context: contextOf(world) });
  try {
    return flags.serve
      ? await keptUp(`demo cluster "${world.name}" is up until Ctrl-C: ${world.title}`, world, served, shell)
      : await judged(world, served, flags, shell);
  } finally {
    await served.close();
  }
}

/** The world of this name, or the first that breaks the check of this name. */
async function chosen(name: string, names: readonly string[]): Promise<World> {
  if (names.includes(name)) return loadWorld(name);
  const worlds = await Promise.all(names.map(loadWorld));
  const breaking = worlds.find(({ breaks }) => breaks === name);
  if (breaking === undefined) throw unknownName('world', name, [...names, ...worlds.flatMap(({ breaks }) => breaks ?? [])]);
  return breaking;
}

const contextOf = (world: World): string => `tokmeter-${world.name}`;

async function listed(names: readonly string[], shell: Shell): Promise<number> {
  const worlds = await Promise.all(names.map(loadWorld));
  const lines = worlds.map(({ name, breaks, title }) => `${name}${breaks === null ? '' : ` (breaks ${breaks})`}\n  ${title}\n`);
  await shell.write(lines.join(''));
  return 0;
}

async function judged(world: World, served: Served, flags: DemoFlags, shell: Shell): Promise<number> {
  if (!flags.quiet)
    shell.note(`demo cluster "${world.name}": ${world.title} (recorded from a real one; --list names others)\n${toldAs(world, shell)}\n`);
  const opener: Opener = async (flags, shell, run) => {
    const via = oneOf('--via', flags.via, ['auto', 'port-forward', 'proxy', 'direct']);
    const requestTimeoutMs = milliseconds('--request-timeout', flags.requestTimeout);
    const about = { originKind: 'demo', name: world.name } as const;
    const source = await openCluster(connectionTo(served, world), {
      requestTimeoutMs,
      via,
      version: shell.version,
      signal: run.signal,
      ...about,
    });
    return { source, close: () => source.close(), ...optionsFor(world) };
  };
  return doctor(flags, shell, opener);
}

/** A world that is told apart by flags is judged with them. */
function optionsFor({ options }: World): { readonly options?: Options } {
  if (options === undefined) return {};
  return { options: { namespace: null, gateway: null, selector: null, expectLabels: [], prometheus: null, ...options } };
}

/** What one would type to look at such a cluster; nothing where no flag matters. */
function toldAs({ options = {} }: World, { program }: Shell): string {
  const flags = flagsOf(options, () => 'FILE');
  return flags.length === 0 ? '' : `judged as by: ${[program, 'doctor', ...flags].join(' ')}\n`;
}

function connectionTo({ url, ca, token }: Served, world: World): Connection {
  return {
    context: contextOf(world),
    server: new URL(url),
    namespace: 'default',
    proxy: null,
    inCluster: false,
    credentials: async () => ({
      headers: [['authorization', `Bearer ${token}`]],
      tls: { ca: Buffer.from(ca), rejectUnauthorized: true },
    }),
  };
}
