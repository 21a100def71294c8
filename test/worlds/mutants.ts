import { defaultIds } from '../../src/checks/shared-ids.ts';
import { folded } from '../../src/engine/examine.ts';
import { exitCode } from '../../src/engine/exit-code.ts';
import type { Check } from '../../src/model/check.ts';
import type { Pipeline } from '../../src/model/pipeline.ts';
import type { CheckResult, PipelineReport } from '../../src/model/report.ts';
import { pipelines } from '../../src/pipelines/index.ts';
import { disappointments, type Replayed } from './replayed.ts';
import { unseen } from './unseen.ts';
import type { Expected } from './world.ts';

/** How a judge may be broken. */
export const manners = ['passes', 'fails'] as const;
export type Manner = (typeof manners)[number];

/** A check whose judge always passes or always fails, and the worlds of which something else is then said than expected. */
export interface Mutant {
  readonly check: string;
  /** Those that have it as it is. */
  readonly pipelines: readonly string[];
  readonly manner: Manner;
  readonly caughtBy: readonly string[];
}

/** A world, what must be said of it, and its facts, judged once: a mutant changes one verdict and nothing that was read. */
export interface Trial {
  readonly name: string;
  readonly expect: Expected;
  readonly replayed: Replayed;
}

/** Whether a world is judged as expected: only such a one can notice a mutant. */
export function asExpected({ expect, replayed: { report } }: Trial): boolean {
  return disappointments(expect, report).length === 0;
}

/** Ids of the factories' checks: one judge, in whichever pipeline's words. */
const shared = new Set(Object.values(defaultIds).filter((id) => typeof id === 'string'));

/** The same for checks that are one judge: a shared one, or one that a pipeline has from another as it is. */
const judgeOf = ({ id, examine }: Check): unknown => (shared.has(id) ? id : examine);

/** Every judge, broken in every manner that some recorded world could show, in all pipelines that have it. */
export function mutants(trials: readonly Trial[]): readonly Mutant[] {
  const checks = [...new Map(pipelines.flatMap((pipeline) => pipeline.checks).map((check) => [judgeOf(check), check])).values()];
  return checks.flatMap((check) => {
    const having = pipelines.filter((pipeline) => pipeline.checks.some((each) => judgeOf(each) === judgeOf(check)));
    const hidden = having.every(({ id }) => unseen[id]?.includes(check.id) === true);
    const shown = manners.filter((manner) => manner === 'fails' || !hidden);
    return shown.map((manner) => ({
      check: check.id,
      pipelines: having.map(({ id }) => id),
      manner,
      caughtBy: [...new Set(having.flatMap((pipeline) => caught(trials, pipeline, check, manner)))],
    }));
  });
}

function caught(trials: readonly Trial[], pipeline: Pipeline, check: Check, manner: Manner): readonly string[] {
  const differs = ({ expect, replayed: { report } }: Trial): boolean => {
    if (!report.pipelines.some(({ id }) => id === pipeline.id)) return false;
    const reports = report.pipelines.map((each) =>
      each.id === pipeline.id ? rejudged(each, pipeline, check, manner, report.startedAt) : each,
    );
    return (
      disappointments(expect, { pipelines: reports, exitCode: exitCode(reports, { failOn: 'fail', ended: null, declared }) }).length > 0
    );
  };
  return trials.filter(differs).map(({ name }) => name);
}

/** What the engine says when one judge is broken: consequences, the break and the exit code follow from the verdicts. */
function rejudged(report: PipelineReport, { checks }: Pipeline, broken: Check, manner: Manner, startedAt: string): PipelineReport {
  const results = report.checks.map((result): CheckResult => {
    if (result.id !== broken.id) return { ...result, consequenceOf: null };
    return { ...result, ...verdicts[manner], severity: broken.severity, consequenceOf: null, because: null, unread: [] };
  });
  return { ...report, ...folded(results, checks, [], new Date(startedAt)) };
}

const verdicts = {
  passes: { status: 'pass', findings: [] },
  fails: {
    status: 'fail',
    findings: [{ subject: 'Nothing', message: 'is wrong', evidence: { saw: 'nothing', run: 'true' }, about: [] }],
  },
} as const satisfies Record<Manner, Pick<CheckResult, 'status' | 'findings'>>;

const severities = new Map(pipelines.flatMap(({ id, checks }) => checks.map((check) => [`${id} ${check.id}`, check.severity] as const)));
const declared = (pipeline: string, check: string): Check['severity'] => severities.get(`${pipeline} ${check}`) ?? 'error';
