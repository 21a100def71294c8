// Records worlds from a real cluster: npm run worlds:record [-- NAME…] [--beds N] [--into FOLDER]
// With --told, writes what definitions say of worlds into the recordings that exist, and asks no cluster.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { diagnose } from '../src/engine/diagnose.ts';
import { kinds } from '../src/facts/kinds.ts';
import type { Options } from '../src/model/fact.ts';
import type { CheckResult, Report } from '../src/model/report.ts';
import type { Snapshot, World } from '../src/model/snapshot.ts';
import type { Kind, Source } from '../src/model/source.ts';
import { decodeWorld, encodeWorld } from '../src/parse/snapshot.ts';
import { pipelines } from '../src/pipelines/index.ts';
import { openCluster } from '../src/sources/cluster.ts';
import { resolveConnection } from '../src/sources/kubeconfig.ts';
import { record } from '../src/sources/record.ts';
import { type Served, servedOf } from '../test/e2e/testbed/crds.ts';
import { missingPrograms } from '../test/e2e/testbed/processes.ts';
import { type Staged, stage } from '../test/e2e/testbed/stage.ts';
import { keyOf, startTestbed, type Testbed } from '../test/e2e/testbed/testbed.ts';
import { clusterOf } from '../test/worlds/cluster.ts';
import { worlds } from '../test/worlds/index.ts';
import { disappointments, optionsOf } from '../test/worlds/replayed.ts';
import type { WorldDefinition } from '../test/worlds/world.ts';

// What kubectl and later checks would ask besides, so that a served world answers them too.
const besides: readonly Kind[] = [
  ...Object.values(kinds),
  { group: 'apps', resource: 'replicasets', kind: 'ReplicaSet', namespaced: true },
];

interface Asked {
  readonly wanted: readonly WorldDefinition[];
  readonly beds: number;
  readonly folder: string;
}

async function main(args: readonly string[]): Promise<number> {
  if (args.includes('--told')) return retell(args.filter((word) => word !== '--told'));
  const missing = missingPrograms();
  if (missing.length > 0) throw new Error(`${missing.join(', ')} not built: test/e2e/testbed/build-assets.sh`);
  const { wanted, beds, folder } = asked(args);
  mkdirSync(folder, { recursive: true });
  const each = Math.ceil(wanted.length / beds);
  const lanes = Array.from({ length: Math.min(beds, wanted.length) }, (_, lane) => wanted.slice(lane * each, (lane + 1) * each));
  const wrong = await Promise.all(lanes.map((lane, index) => recordLane(lane, index, folder)));
  const names = wrong.flat();
  console.log(
    names.length === 0 ? `${wanted.length} worlds recorded` : `${names.length} of ${wanted.length} not as expected: ${names.join(', ')}`,
  );
  return names.length === 0 ? 0 : 1;
}

/** Titles and options change without a new recording; the answers stay as they are. */
function retell(args: readonly string[]): number {
  const { wanted, folder } = asked(args);
  for (const world of wanted) {
    const file = join(folder, `${world.name}.json.gz`);
    if (!existsSync(file)) continue;
    const { options: _, ...old } = decodeWorld(readFileSync(file), file);
    const told = { ...old, title: world.title, ...toldOf(world) };
    const before = readFileSync(file);
    if (JSON.stringify(decodeWorld(before, file)) === JSON.stringify(decodeWorld(encodeWorld(told), file))) continue;
    writeFileSync(file, encodeWorld(told));
    console.log(`told ${world.name}`);
  }
  return 0;
}

/** What flags would say; a world without any has none. */
function toldOf({ options = {} }: WorldDefinition): Pick<World, 'options'> {
  return Object.keys(options).length === 0 ? {} : { options };
}

function asked(args: readonly string[]): Asked {
  const { values, positionals: names } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { beds: { type: 'string' }, into: { type: 'string' } },
  });
  const beds = values.beds === undefined ? Math.max(2, availableParallelism()) : Number(values.beds);
  const unknown = names.filter((name) => !worlds.some((world) => world.name === name));
  if (unknown.length > 0) throw new Error(`there is no world ${unknown.join(', ')}`);
  const wanted = worlds.filter(({ name }) => names.length === 0 || names.includes(name));
  // Another set of kinds takes the API server seconds: worlds of one set come one after the other. An operator that lost its kinds is slow to find them again: those last.
  const order = new Map(wanted.map((world) => [world, place(servedOf(clusterOf(world, subnetOf(0))))] as const));
  const sorted = wanted.toSorted((a, b) => ((order.get(a) ?? '') < (order.get(b) ?? '') ? -1 : order.get(a) === order.get(b) ? 0 : 1));
  return { wanted: sorted, beds, folder: resolve(values.into ?? 'src/sandbox/worlds') };
}

const place = (served: Served): string => `${served.absent?.length === 0 ? 0 : 1} ${keyOf(served)}`;
// The first of the subnets, one a bed: recordings side by side need others.
const first = Number(process.env.BED_SUBNET ?? 20);
const subnetOf = (lane: number): string => `127.0.${first + lane}`;

/** One bed records one world after the other; returns the names of those that were judged otherwise than expected. */
async function recordLane(lane: readonly WorldDefinition[], index: number, folder: string): Promise<readonly string[]> {
  const [first] = lane;
  if (first === undefined) return [];
  const bed = await startTestbed(undefined, servedOf(clusterOf(first, subnetOf(index))));
  const wrong: string[] = [];
  try {
    for (const world of lane) if (!(await recordWorld(bed, world, { subnet: subnetOf(index), folder }))) wrong.push(world.name);
  } finally {
    await bed.stop();
  }
  return wrong;
}

async function recordWorld(
  bed: Testbed,
  world: WorldDefinition,
  { subnet, folder }: { readonly subnet: string; readonly folder: string },
): Promise<boolean> {
  const start = Date.now();
  const cluster = clusterOf(world, subnet);
  let staged: Staged | null = null;
  try {
    await bed.serve(servedOf(cluster));
    staged = await stage(bed, cluster);
    await world.later?.(staged);
    const { report, snapshot } = await look(bed.kubeconfig.admin, optionsOf(world));
    writeFileSync(join(folder, `${world.name}.json.gz`), encodeWorld(recordedOf(world, cluster.prometheus, { report, snapshot })));
    return tell(world, report, Date.now() - start);
  } catch (error) {
    console.log(`! ${world.name}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    return false;
  } finally {
    await staged?.stop();
  }
}

interface Look {
  readonly report: Report;
  readonly snapshot: Snapshot;
}

/** Exactly what doctor reads, through its own code. */
async function look(kubeconfig: string, options: Options): Promise<{ readonly report: Report; readonly snapshot: Snapshot }> {
  const connection = await resolveConnection({ kubeconfig }, { ...process.env, KUBECONFIG: kubeconfig });
  const source = await openCluster(connection, { requestTimeoutMs: 10_000, via: 'auto', version: '0.1.0' });
  try {
    const recorder = record(source, { server: 'v1.34.4' });
    const report = await diagnose(pipelines, recorder.source, options, { failOn: 'fail', version: '0.1.0', ended: () => null });
    const { requests } = recorder.snapshot();
    await alsoListed(recorder.source);
    return { report, snapshot: { ...recorder.snapshot(), requests } };
  } finally {
    await source.close();
  }
}

async function alsoListed(source: Source): Promise<void> {
  for (const kind of besides) await source.list(kind).catch(() => []);
}

function recordedOf(world: WorldDefinition, prometheus: string, { report, snapshot }: Look): World {
  const { exitCode, brokenAt } = world.expect;
  const failed = report.pipelines.flatMap(({ checks }) => checks);
  const consequences = failed.filter(({ consequenceOf }) => consequenceOf !== null).map(({ id }) => id);
  return {
    name: world.name,
    title: world.title,
    breaks: brokenAt,
    expect: { exitCode, brokenAt, consequences: [...new Set(consequences)] },
    prometheus,
    ...toldOf(world),
    snapshot,
  };
}

/** One line a world, and what is wrong with it. */
function tell(world: WorldDefinition, report: Report, milliseconds: number): boolean {
  const wrong = disappointments(world.expect, report);
  const breaks = report.pipelines.map(({ id, brokenAt }) => `${id}: ${brokenAt?.check ?? 'sound'}`).join(', ');
  const took = `${Math.round(milliseconds / 1000)} s`;
  console.log(`${wrong.length === 0 ? 'ok' : '× '} ${world.name} (${took}): exit ${report.exitCode}, ${breaks || 'nothing found'}`);
  if (wrong.length === 0) return true;
  for (const each of wrong) console.log(`   ${each}`);
  for (const check of report.pipelines.flatMap(({ checks }) => checks)) tellCheck(check);
  return false;
}

function tellCheck({ id, status, severity, consequenceOf, findings, unread }: CheckResult): void {
  if (status !== 'fail' && status !== 'unknown') return;
  console.log(`   ${status} ${severity} ${id}${consequenceOf === null ? '' : ` (from ${consequenceOf})`}`);
  for (const { subject, message, evidence, about } of findings)
    console.log(`      ${subject}: ${message} [${evidence.saw}] {${about?.join(', ') ?? ''}}`);
  for (const { what, reason, message } of unread) console.log(`      unread ${what}: ${reason} ${message}`);
}

process.exitCode = await main(process.argv.slice(2));
