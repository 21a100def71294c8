// Records worlds from a real cluster: npm run worlds:record [-- NAME…] [--beds N]
import { mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import { diagnose } from '../src/engine/diagnose.ts';
import { kinds } from '../src/facts/kinds.ts';
import type { Options } from '../src/model/fact.ts';
import type { Report } from '../src/model/report.ts';
import type { Snapshot, World } from '../src/model/snapshot.ts';
import type { Kind, Source } from '../src/model/source.ts';
import { encodeWorld } from '../src/parse/snapshot.ts';
import { pipelines } from '../src/pipelines/index.ts';
import { openCluster } from '../src/sources/cluster.ts';
import { resolveConnection } from '../src/sources/kubeconfig.ts';
import { record } from '../src/sources/record.ts';
import { missingPrograms } from '../test/e2e/testbed/processes.ts';
import { type Staged, stage } from '../test/e2e/testbed/stage.ts';
import { startTestbed, type Testbed } from '../test/e2e/testbed/testbed.ts';
import { healthy } from '../test/worlds/healthy.ts';
import { worlds } from '../test/worlds/index.ts';
import type { WorldDefinition } from '../test/worlds/world.ts';

const folder = resolve('src/sandbox/worlds');
const options: Options = { namespace: null, gateway: null, selector: null, expectLabels: [], prometheus: null };

// What kubectl and later checks would ask besides, so that a served world answers them too.
const besides: readonly Kind[] = [
  ...Object.values(kinds),
  { group: '', resource: 'services', kind: 'Service', namespaced: true },
  { group: 'apps', resource: 'replicasets', kind: 'ReplicaSet', namespaced: true },
  { group: 'apps', resource: 'daemonsets', kind: 'DaemonSet', namespaced: true },
  { group: 'apps', resource: 'statefulsets', kind: 'StatefulSet', namespaced: true },
];

async function main(args: readonly string[]): Promise<number> {
  const missing = missingPrograms();
  if (missing.length > 0) throw new Error(`${missing.join(', ')} not built: test/e2e/testbed/build-assets.sh`);
  const { wanted, beds } = asked(args);
  mkdirSync(folder, { recursive: true });
  const lanes = Array.from({ length: Math.min(beds, wanted.length) }, (_, lane) => wanted.filter((_, index) => index % beds === lane));
  const wrong = await Promise.all(lanes.map((lane, index) => recordLane(lane, index)));
  const names = wrong.flat();
  console.log(
    names.length === 0 ? `${wanted.length} worlds recorded` : `${names.length} of ${wanted.length} not as expected: ${names.join(', ')}`,
  );
  return names.length === 0 ? 0 : 1;
}

function asked(args: readonly string[]): { readonly wanted: readonly WorldDefinition[]; readonly beds: number } {
  const at = args.indexOf('--beds');
  const beds = at < 0 ? Math.max(2, availableParallelism()) : Number(args[at + 1]);
  const names = args.filter((_, index) => at < 0 || (index !== at && index !== at + 1));
  const unknown = names.filter((name) => !worlds.some((world) => world.name === name));
  if (unknown.length > 0) throw new Error(`there is no world ${unknown.join(', ')}`);
  const wanted = worlds.filter(({ name }) => names.length === 0 || names.includes(name));
  return { wanted: wanted.toSorted((a, b) => (a.on.release < b.on.release ? -1 : a.on.release > b.on.release ? 1 : 0)), beds };
}

/** One bed records one world after the other; returns the names of those that were judged otherwise than expected. */
async function recordLane(lane: readonly WorldDefinition[], index: number): Promise<readonly string[]> {
  const [first] = lane;
  if (first === undefined) return [];
  const bed = await startTestbed(undefined, first.on.release);
  const wrong: string[] = [];
  try {
    for (const world of lane) if (!(await recordWorld(bed, world, `127.0.${20 + index}`))) wrong.push(world.name);
  } finally {
    await bed.stop();
  }
  return wrong;
}

async function recordWorld(bed: Testbed, world: WorldDefinition, subnet: string): Promise<boolean> {
  const start = Date.now();
  const cluster = healthy(world.on, subnet);
  world.change?.(cluster);
  let staged: Staged | null = null;
  try {
    await bed.serve(world.on.release, cluster.absent);
    staged = await stage(bed, cluster);
    await world.later?.(staged);
    const { report, snapshot } = await look(bed.kubeconfig.admin);
    write(world, cluster.prometheus, report, snapshot);
    return tell(world, report, Date.now() - start);
  } catch (error) {
    console.log(`! ${world.name}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    return false;
  } finally {
    await staged?.stop();
  }
}

/** Exactly what doctor reads, through its own code. */
async function look(kubeconfig: string): Promise<{ readonly report: Report; readonly snapshot: Snapshot }> {
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

function write(world: WorldDefinition, prometheus: string, report: Report, snapshot: Snapshot): void {
  const { exitCode, brokenAt } = world.expect;
  const failed = report.pipelines.flatMap(({ checks }) => checks);
  const consequences = failed.filter(({ consequenceOf }) => consequenceOf !== null).map(({ id }) => id);
  const recorded: World = {
    name: world.name,
    title: world.title,
    breaks: brokenAt,
    expect: { exitCode, brokenAt, consequences },
    prometheus,
    snapshot,
  };
  writeFileSync(join(folder, `${world.name}.json.gz`), encodeWorld(recorded));
}

/** One line a world, and what is wrong with it. */
function tell(world: WorldDefinition, report: Report, milliseconds: number): boolean {
  const checks = report.pipelines.flatMap((pipeline) => pipeline.checks);
  const failing = checks.filter(({ status }) => status === 'fail');
  const brokenAt = report.pipelines[0]?.brokenAt?.check ?? null;
  const roots = failing.filter(({ consequenceOf }) => consequenceOf === null).map(({ id }) => id);
  const wantedRoots = [world.expect.brokenAt, ...(world.expect.also ?? [])].filter((id) => id !== null);
  const right = brokenAt === world.expect.brokenAt && report.exitCode === world.expect.exitCode && same(roots, wantedRoots);
  const took = `${Math.round(milliseconds / 1000)} s`;
  console.log(
    `${right ? 'ok' : '× '} ${world.name} (${took}): exit ${report.exitCode}, broken at ${brokenAt}, roots ${roots.join(' ') || 'none'}`,
  );
  if (!right) {
    console.log(`   expected exit ${world.expect.exitCode}, broken at ${world.expect.brokenAt}, roots ${wantedRoots.join(' ') || 'none'}`);
    for (const check of checks.filter(({ status }) => status === 'fail' || status === 'unknown')) {
      console.log(
        `   ${check.status} ${check.severity} ${check.id}${check.consequenceOf === null ? '' : ` (from ${check.consequenceOf})`}`,
      );
      for (const finding of check.findings)
        console.log(`      ${finding.subject}: ${finding.message} [${finding.evidence.saw}] {${finding.about?.join(', ') ?? ''}}`);
      for (const unread of check.unread) console.log(`      unread ${unread.what}: ${unread.reason} ${unread.message}`);
    }
  }
  return right;
}

function same(left: readonly string[], right: readonly string[]): boolean {
  return left.length === right.length && left.every((each) => right.includes(each));
}

process.exitCode = await main(process.argv.slice(2));
