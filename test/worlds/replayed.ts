import { diagnose } from '../../src/engine/diagnose.ts';
import { type Gathering, gather } from '../../src/engine/gather.ts';
import type { Options } from '../../src/model/fact.ts';
import type { CheckResult, Report } from '../../src/model/report.ts';
import type { World } from '../../src/model/snapshot.ts';
import { pipelines } from '../../src/pipelines/index.ts';
import { loadWorld } from '../../src/sandbox/worlds.ts';
import { replay } from '../../src/sources/replay.ts';
import { worlds } from './index.ts';
import type { Expected, WorldDefinition } from './world.ts';

/** A recorded world and what doctor says of it. */
export interface Replayed {
  readonly world: World;
  readonly report: Report;
  readonly checks: readonly CheckResult[];
  readonly gathering: Gathering;
}

/** What doctor is told when a world is recorded and judged. */
export function optionsOf(world: WorldDefinition | undefined): Options {
  return { namespace: null, gateway: null, selector: null, expectLabels: [], prometheus: null, ...world?.options };
}

/** Judges a recording in this process, as `tokmeter demo NAME` does over a served one. */
export async function replayed(name: string): Promise<Replayed> {
  const world = await loadWorld(name);
  const options = optionsOf(worlds.find((each) => each.name === name));
  const source = replay(world.snapshot);
  const gathering = gather(source, options);
  const report = await diagnose(pipelines, source, options, { gathering, failOn: 'fail', version: '0.0.0', ended: () => null });
  return { world, report, gathering, checks: report.pipelines.flatMap(({ checks }) => checks) };
}

/** In which of its expectations a world is disappointed, in words; empty: in none. */
export function disappointments(
  { brokenAt, pipeline, also = [], exitCode, unknown = [] }: Expected,
  said: Pick<Report, 'exitCode' | 'pipelines'>,
): readonly string[] {
  const checks = said.pipelines.flatMap((pipeline) => pipeline.checks);
  const roots = rootsOf(checks);
  const blind = checks.filter(({ status }) => status === 'unknown').map(({ id }) => id);
  const expected = [brokenAt, ...also].filter((id) => id !== null);
  const first = breakOf(said, pipeline);
  return [
    ...(same(roots, expected) ? [] : [`fails at ${listed(roots)}, not at ${listed(expected)}`]),
    ...(first === brokenAt ? [] : [`breaks at ${first}, not at ${brokenAt}`]),
    ...(said.exitCode === exitCode ? [] : [`exits with ${said.exitCode}, not with ${exitCode}`]),
    ...unknown.filter((id) => !blind.includes(id)).map((id) => `judges ${id}`),
    ...(brokenAt === null && exitCode === 0 && blind.length > 0 ? [`cannot judge ${listed(blind)}`] : []),
  ];
}

/** Failures that follow from no other, of all pipelines: one that several pipelines share is told once. */
export function rootsOf(checks: readonly CheckResult[]): readonly string[] {
  return [...new Set(checks.filter(({ status, consequenceOf }) => status === 'fail' && consequenceOf === null).map(({ id }) => id))];
}

/** Where a pipeline breaks, by default the one that is reported first. */
export function breakOf({ pipelines: reported }: Pick<Report, 'pipelines'>, pipeline?: string): string | null {
  const meant = pipeline === undefined ? reported[0] : reported.find(({ id }) => id === pipeline);
  return meant?.brokenAt?.check ?? null;
}

function same(left: readonly string[], right: readonly string[]): boolean {
  return left.toSorted().join() === right.toSorted().join();
}

function listed(ids: readonly string[]): string {
  return ids.length === 0 ? 'nothing' : ids.join(', ');
}
