import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Options } from '../../src/model/fact.ts';
import type { Report } from '../../src/model/report.ts';
import { type Ended, runCli } from '../program/run-cli.ts';
import { clusterOf } from '../worlds/cluster.ts';
import { worlds } from '../worlds/index.ts';
import { optionsOf } from '../worlds/replayed.ts';
import type { WorldDefinition } from '../worlds/world.ts';
import { servedOf } from './testbed/crds.ts';
import { missingPrograms } from './testbed/processes.ts';
import { type Staged, stage } from './testbed/stage.ts';
import { startTestbed, type Testbed } from './testbed/testbed.ts';

const kubectl = '/usr/bin/kubectl';

/** A bed, and the world that is on it now. */
export interface Workbench {
  readonly bed: Testbed;
  /** Puts a world there in place of the one before. */
  put(world: WorldDefinition): Promise<Staged>;
  /** Runs kubectl as the admin; throws unless it succeeds. Returns what it printed. */
  kubectl(...args: readonly string[]): string;
}

/** How the remedies of one system are proven. */
export interface Proving {
  /** "127.0.95": no other bed has it. */
  readonly subnet: string;
  /** Worlds whose root has a remedy that a shell can run; "WORLD ID" is another root than the first. */
  readonly mended: readonly string[];
  /** What the controllers and programs of the system do about the objects that the API server has now; there are none on a bed. */
  readonly controllers: (workbench: Workbench, staged: Staged, world: WorldDefinition) => Promise<void>;
  /** What doctor is told by flags from then on, where the fix changes what a person would tell it. */
  readonly told?: (workbench: Workbench, world: WorldDefinition) => Partial<Options>;
  /** What the root explained has to be gone as well. */
  readonly whole?: boolean;
  /** Ids that may fail for a while, or until something no bed has is done. */
  readonly later: readonly string[];
  /** What fixes make anew, and what is no part of the next world: kind, namespace, name. */
  readonly made: readonly (readonly [kind: string, namespace: string, name: string])[];
  /** More to show on the same bed. */
  readonly more?: (workbench: () => Workbench) => void;
}

/** Each world is put on a real cluster; what `fix -o commands` prints for its root is run; then the root is gone, and nothing else fails that did not before. */
export function provesFixes(title: string, proving: Proving): void {
  const missing = [...missingPrograms(), ...['dist/cli.js', kubectl].filter((file) => !existsSync(file))];
  const name = `${title}${missing.length > 0 ? ` (not built: ${missing.join(', ')})` : ''}`;
  const wanted = process.env.FIX_ONLY?.split(',') ?? proving.mended;
  describe.skipIf(missing.length > 0)(name, () => {
    let workbench: Workbench | undefined;
    let stop = async (): Promise<void> => undefined;
    const ready = (): Workbench => {
      if (workbench === undefined) throw new Error('the bed is not there yet');
      return workbench;
    };

    beforeAll(async () => {
      const opened = await openWorkbench(proving, rootOf(proving.mended[0] ?? '').world);
      workbench = opened;
      stop = opened.stop;
    });
    afterAll(() => stop());

    it.each(wanted)('%s is mended by what fix prints', (entry) => proveOne(ready(), proving, rootOf(entry)));
    proving.more?.(ready);
  });
}

/** @throws Error without a world of that name. */
export function worldOf(name: string): WorldDefinition {
  const world = worlds.find((each) => each.name === name);
  if (world === undefined) throw new Error(`there is no world ${name}`);
  return world;
}

interface Root {
  readonly world: WorldDefinition;
  readonly id: string;
}

/** The first root of a world, or the one that is named behind it. */
export function rootOf(entry: string): Root {
  const [name = '', id] = entry.split(' ');
  const world = worldOf(name);
  return { world, id: id ?? world.expect.brokenAt ?? '' };
}

async function openWorkbench({ subnet, made }: Proving, first: WorldDefinition): Promise<Workbench & { stop(): Promise<void> }> {
  const bed = await startTestbed(undefined, servedOf(clusterOf(first, subnet)));
  let staged: Staged | null = null;
  const run = (...args: readonly string[]): string => {
    const env = { KUBECONFIG: bed.kubeconfig.admin, HOME: bed.folder };
    const { status, stdout, stderr } = spawnSync(kubectl, args, { encoding: 'utf8', env, maxBuffer: 1e8 });
    if (status !== 0) throw new Error(`kubectl ${args.join(' ')}: ${stderr}`);
    return stdout;
  };
  const clear = async (): Promise<void> => {
    await staged?.stop();
    staged = null;
    // a kind that is not served has nothing to forget
    for (const [kind, namespace, object] of made) {
      try {
        run('delete', kind, '-n', namespace, object, '--ignore-not-found');
      } catch (error) {
        if (!String(error).includes("doesn't have a resource type")) throw error;
      }
    }
  };
  return {
    bed,
    kubectl: run,
    put: async (world) => {
      await clear();
      const cluster = clusterOf(world, subnet);
      await bed.serve(servedOf(cluster));
      staged = await stage(bed, cluster);
      await world.later?.(staged);
      return staged;
    },
    stop: async () => {
      await staged?.stop();
      await bed.stop();
    },
  };
}

async function proveOne(workbench: Workbench, proving: Proving, { world, id: root }: Root): Promise<void> {
  const { bed } = workbench;
  const staged = await workbench.put(world);
  const ask = asker(bed, optionsOf(world));
  const before = await failing(ask);
  expect([...before.keys()]).toContain(root);
  const script = await ask('fix', root, '-o', 'commands');
  const applied = spawnSync('/bin/sh', ['-e'], {
    input: script.stdout,
    encoding: 'utf8',
    env: { PATH: `${withoutWaiting(bed.folder)}:/usr/bin:/bin`, KUBECONFIG: bed.kubeconfig.admin, HOME: bed.folder },
  });
  expect(applied.status, `${script.stdout}\n${script.stderr}\n${applied.stderr}`).toBe(0);
  await proving.controllers(workbench, staged, world);
  await staged.reload();
  const askAgain = asker(bed, { ...optionsOf(world), ...proving.told?.(workbench, world) });
  const counts = (id: string): boolean => !proving.later.includes(id);
  // until there is nothing left of the root and nothing new; after some scrapes, whatever there is
  for (let look = 1; ; look++) {
    const after = await failing(askAgain);
    const left = [...after.keys()].filter((id) => id === root || (proving.whole === true && before.get(id) === root && counts(id)));
    // what another root of the world explains was hidden, and is not new
    const added = [...after]
      .filter(([id, of]) => !before.has(id) && (of === null || !before.has(of)))
      .map(([id]) => id)
      .filter(counts);
    if (left.length + added.length > 0 && look < 9) await staged.scrapes(1);
    else return expect({ left, added }, script.stdout).toEqual({ left: [], added: [] });
  }
}

/** A folder with a kubectl that waits for no rollout: no controller of the bed makes one before the script has ended. */
function withoutWaiting(folder: string): string {
  const place = join(folder, 'script-bin');
  mkdirSync(place, { recursive: true });
  const script = `#!/bin/sh\ncase "$*" in *" rollout status "*) exit 0;; esac\nexec ${kubectl} "$@"\n`;
  writeFileSync(join(place, 'kubectl'), script, { mode: 0o755 });
  return place;
}

type Ask = (...args: readonly string[]) => Promise<Ended>;

/** Runs the program on the bed, told by flags. */
function asker(bed: Testbed, { secretNames, logs, metricsToken, grafanaToken, expectLabels, selector }: Options): Ask {
  const flags = [
    ...['--kubeconfig', bed.kubeconfig.admin],
    ...(secretNames === true ? ['--secret-names'] : []),
    ...(logs === true ? ['--logs'] : []),
    ...(selector === null ? [] : ['--selector', selector]),
    ...expectLabels.flatMap((label) => ['--expect-label', label]),
  ];
  const env = {
    ...(metricsToken === undefined ? {} : { TOKMETER_METRICS_TOKEN: metricsToken }),
    ...(grafanaToken === undefined ? {} : { TOKMETER_GRAFANA_TOKEN: grafanaToken }),
  };
  return (...args) => runCli([...args, ...flags], { env });
}

/** The checks that fail, each with the one that explains it. */
async function failing(ask: Ask): Promise<ReadonlyMap<string, string | null>> {
  const { stdout, stderr } = await ask('doctor', '-o', 'json');
  if (!stdout.startsWith('{')) throw new Error(`no report: ${stderr}`);
  const report = JSON.parse(stdout) as Report;
  const failed = report.pipelines.flatMap(({ checks }) => checks.filter(({ status }) => status === 'fail'));
  return new Map(failed.map(({ id, consequenceOf }) => [id, consequenceOf]));
}
