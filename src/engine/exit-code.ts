import type { Severity } from '../model/check.ts';
import type { PipelineReport } from '../model/report.ts';

/** How a run ended before it was done: 124 --timeout, 130 SIGINT, 143 SIGTERM. */
export type EarlyEnd = 124 | 130 | 143;

export interface ExitOptions {
  readonly failOn: 'fail' | 'warn';
  /** Null: the run came to its end. */
  readonly ended: EarlyEnd | null;
  /** The declared severity of a check: what is unknown of a warning is not required. */
  readonly declared: (pipeline: string, check: string) => Severity;
}

/** The exit code of a run: a promise of docs/cli, independent of the format. A proven failure outranks a bug of ours elsewhere. */
export function exitCode(pipelines: readonly PipelineReport[], { failOn, ended, declared }: ExitOptions): number {
  if (ended !== null) return ended;
  const all = pipelines.flatMap((pipeline) => pipeline.checks.map((check) => ({ ...check, pipeline: pipeline.id })));
  const failed = all.filter(({ status }) => status === 'fail');
  if (failed.some(({ severity }) => severity === 'error')) return 1;
  if (all.some(({ unread }) => unread.some(({ reason }) => reason === 'bug'))) return 70;
  const blind = all.filter(({ status, unread }) => status === 'unknown' || (status === 'fail' && unread.length > 0));
  if (blind.some((check) => declared(check.pipeline, check.id) === 'error')) return 2;
  if (pipelines.some(({ checks }) => !checks.some(({ status }) => status === 'pass' || status === 'fail'))) return 2;
  if (!all.some(({ status }) => status === 'pass')) return failed.length > 0 && failOn === 'warn' ? 3 : 2;
  return failed.length > 0 && failOn === 'warn' ? 3 : 0;
}
