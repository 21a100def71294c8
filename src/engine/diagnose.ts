import type { Severity } from '../model/check.ts';
import type { Options } from '../model/fact.ts';
import type { Pipeline } from '../model/pipeline.ts';
import type { PipelineReport, Report } from '../model/report.ts';
import type { Source, Unread } from '../model/source.ts';
import { choose } from './choose.ts';
import { type ExamineSettings, examine } from './examine.ts';
import { type EarlyEnd, exitCode } from './exit-code.ts';
import { type Gathering, gather } from './gather.ts';

export interface DiagnoseSettings extends ExamineSettings {
  readonly version: string;
  readonly failOn: 'fail' | 'warn';
  /** Asked when all is judged: whether the run was cut short. */
  readonly ended: () => EarlyEnd | null;
}

/** Finds the installed pipelines, judges each, and says so in one report. */
export async function diagnose(
  pipelines: readonly Pipeline[],
  source: Source,
  options: Options,
  settings: DiagnoseSettings,
): Promise<Report> {
  const gathering = settings.gathering ?? gather(source, options, settings);
  const judging = (pipeline: Pipeline): Promise<PipelineReport> => examine(pipeline, source, options, { ...settings, gathering });
  // What one pipeline is judged by need not wait for what another is looked for by.
  const begun = new Map<Pipeline, Promise<PipelineReport>>();
  const choice = await choose(pipelines, gathering, (pipeline) => {
    const report = judging(pipeline);
    report.catch(() => {});
    begun.set(pipeline, report);
  });
  // The checks of one that could not be looked for say which permission is missing for what.
  const judged = pipelines.filter((pipeline) => choice.chosen.includes(pipeline) || choice.unsure.includes(pipeline));
  const reports = await Promise.all(judged.map((pipeline) => begun.get(pipeline) ?? judging(pipeline)));
  const notFound = choice.chosen.length > 0 ? null : { lookedFor: choice.lookedFor, unread: choice.unread };
  return report(source, reports, {
    ...settings,
    declared: declaredSeverity(pipelines),
    notFound,
    gathering,
  });
}

/** The report of a run that could not begin: no cluster answered, or it was cut short before. */
export function unopened(
  origin: Report['origin'],
  startedAt: Date,
  unread: readonly Unread[],
  { version, ended }: Pick<DiagnoseSettings, 'version' | 'ended'>,
): Report {
  const early = ended();
  const bug = unread.some(({ reason }) => reason === 'bug');
  return {
    schemaVersion: '1',
    tool: { name: 'tokmeter', version },
    origin,
    startedAt: instant(startedAt),
    durationMs: 0,
    complete: early === null,
    exitCode: early ?? (bug ? 70 : 2),
    requests: { kubernetes: 0, tunnels: 0, prometheus: 0 },
    via: [],
    pipelines: [],
    notFound: { lookedFor: [], unread },
  };
}

interface Made extends DiagnoseSettings {
  readonly declared: (pipeline: string, check: string) => Severity;
  readonly notFound: Report['notFound'];
  readonly gathering: Gathering;
}

function report(source: Source, pipelines: readonly PipelineReport[], made: Made): Report {
  const { version, failOn, declared, notFound, gathering } = made;
  const ended = made.ended();
  const lost = notFound?.unread.some(({ reason }) => reason === 'bug') ?? false;
  return {
    schemaVersion: '1',
    tool: { name: 'tokmeter', version },
    origin: source.origin,
    startedAt: instant(source.now),
    durationMs: gathering.elapsed(),
    complete: ended === null,
    exitCode: pipelines.length === 0 && ended === null ? (lost ? 70 : 2) : exitCode(pipelines, { failOn, ended, declared }),
    requests: { ...source.requests },
    via: gathering.via(),
    pipelines,
    notFound,
  };
}

function declaredSeverity(pipelines: readonly Pipeline[]): (pipeline: string, check: string) => Severity {
  const declared = new Map(pipelines.flatMap(({ id, checks }) => checks.map((check) => [`${id} ${check.id}`, check.severity])));
  return (pipeline, check) => declared.get(`${pipeline} ${check}`) ?? 'error';
}

/** Whole seconds, as Kubernetes writes its times. */
function instant(date: Date): string {
  return date.toISOString().replace(/\.\d+Z$/, 'Z');
}
