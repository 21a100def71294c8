import type { Fact } from '../model/fact.ts';
import type { Pipeline } from '../model/pipeline.ts';
import type { CheckResult, Report } from '../model/report.ts';
import type { EarlyEnd } from './exit-code.ts';
import type { Gathering } from './gather.ts';

export interface SettleSettings {
  /** How long to go on looking. */
  readonly waitMs: number;
  readonly clock: () => number;
  /** Resolves after a while, or at once when the run is cut short. */
  readonly pause: () => Promise<void>;
  /** Whether --timeout or a signal ended the run. */
  readonly ended: () => EarlyEnd | null;
  /** Ids of what is still waited for. */
  readonly onWaiting: (ids: readonly string[]) => void;
}

/** Looks again until the report is healthy, nothing can change, or the time is over; reads again only what failing and unknown checks need. */
export async function settle(
  look: () => Promise<Report>,
  pipelines: readonly Pipeline[],
  gathering: Gathering,
  settings: SettleSettings,
): Promise<Report> {
  const until = settings.clock() + settings.waitMs;
  let report = await look();
  for (;;) {
    const waiting = awaited(report);
    if (waiting === null || !report.complete || settings.clock() >= until) return report;
    settings.onWaiting(waiting.filter(({ consequenceOf }) => consequenceOf === null).map(({ id }) => id));
    await settings.pause();
    const early = settings.ended();
    if (early !== null) return { ...report, complete: false, exitCode: early };
    gathering.forget(factsOf(pipelines, waiting));
    report = await look();
  }
}

/** What is worth waiting for: null when the report is healthy, or when nothing that is wrong with it can change by itself. Empty: for everything. */
export function awaited(report: Report): readonly CheckResult[] | null {
  // Only a cluster changes; everything else is a recording.
  if (report.exitCode === 0 || report.origin.kind !== 'cluster') return null;
  const checks = report.pipelines.flatMap((pipeline) => pipeline.checks);
  // No pipeline yet, or none of its parts: a rollout may be about to bring them.
  if (checks.every(({ status }) => status === 'skip')) return hopeless(report.notFound?.unread ?? []) ? null : [];
  const asked = checks.filter(({ severity }) => severity === 'error' || report.exitCode === 3);
  const open = asked.filter((check) => check.status === 'fail' || (check.status === 'unknown' && !hopeless(check.unread)));
  return open.length === 0 ? null : open;
}

/** Rights are not granted by waiting, a bug does not mend itself, and what was not recorded never will be. */
function hopeless(unread: CheckResult['unread']): boolean {
  return unread.length > 0 && unread.every(({ reason }) => reason === 'forbidden' || reason === 'bug' || reason === 'unrecorded');
}

function factsOf(pipelines: readonly Pipeline[], waiting: readonly CheckResult[]): readonly Fact<unknown>[] {
  const ids = new Set(waiting.map(({ id }) => id));
  return pipelines.flatMap((pipeline) => [
    ...(waiting.length === 0 ? [pipeline.installed] : []),
    ...pipeline.checks.filter(({ id }) => waiting.length === 0 || ids.has(id)).flatMap(({ facts }) => facts),
  ]);
}
