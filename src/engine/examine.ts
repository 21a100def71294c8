import { type Check, hops, type Verdict } from '../model/check.ts';
import type { Options } from '../model/fact.ts';
import type { Pipeline } from '../model/pipeline.ts';
import type { CheckResult, PipelineReport, Status, Summary } from '../model/report.ts';
import { type Source, type Unread, unreadOf } from '../model/source.ts';
import { consequences } from './consequence.ts';
import { closure, type Gathering, type GatherSettings, gather } from './gather.ts';
import { type Ignore, withIgnored } from './ignore.ts';

export interface ExamineSettings extends GatherSettings {
  /** Ids of checks or hops; empty: all. */
  readonly include?: readonly string[];
  readonly exclude?: readonly string[];
  readonly ignore?: readonly Ignore[];
  /** Facts already read, by another pipeline or an earlier look. */
  readonly gathering?: Gathering;
}

/** Judges every check of a pipeline over a source. Throws only when we could not even tell whether the pipeline is there. */
export async function examine(
  pipeline: Pipeline,
  source: Source,
  options: Options,
  settings: ExamineSettings = {},
): Promise<PipelineReport> {
  const gathering = settings.gathering ?? gather(source, options, settings);
  const results = await Promise.all(
    pipeline.checks.map((check) => {
      const because = leftOut(check, settings);
      return because === null ? examined(check, gathering) : result(check, { status: 'skip', because }, 0);
    }),
  );
  const installed = await gathering.reader.ask(pipeline.installed).catch(() => null);
  const about = installed?.status === 'installed' ? installed : { variant: null, summary: '' };
  return {
    id: pipeline.id,
    variant: about.variant,
    about: about.summary,
    ...folded(results, pipeline.checks, settings.ignore ?? [], gathering.reader.source.now),
  };
}

/** The results with ignored ones set aside and consequences folded, and where the path breaks. */
export function folded(
  results: readonly CheckResult[],
  order: readonly Check[],
  ignores: readonly Ignore[],
  now: Date,
): Pick<PipelineReport, 'summary' | 'brokenAt' | 'unreadBefore' | 'checks'> {
  const left = withIgnored(results, order, ignores, now);
  const follows = new Map(order.map((check) => [check.id, check.follows]));
  const roots = consequences(left.map((check) => ({ ...check, follows: follows.get(check.id) ?? [] })));
  const checks = left.map((check) => ({ ...check, consequenceOf: roots.get(check.id) ?? check.consequenceOf }));
  const brokenAt = firstBreak(checks);
  const before = hops.slice(0, brokenAt === null ? 0 : hops.indexOf(brokenAt.hop));
  return {
    summary: summaryOf(checks),
    brokenAt: brokenAt && { hop: brokenAt.hop, check: brokenAt.id },
    unreadBefore: checks.filter(({ status, hop }) => status === 'unknown' && before.includes(hop)).map(({ id }) => id),
    checks,
  };
}

/** The first failure in data-path order that is no consequence, errors before warnings. */
function firstBreak(checks: readonly CheckResult[]): CheckResult | null {
  const roots = checks.filter(({ status, consequenceOf }) => status === 'fail' && consequenceOf === null);
  return roots.find(({ severity }) => severity === 'error') ?? roots[0] ?? null;
}

/** How many checks ended how. */
export function summaryOf(checks: readonly CheckResult[]): Summary {
  const count = (status: Status): number => checks.filter((check) => check.status === status).length;
  const warn = checks.filter(({ status, severity }) => status === 'fail' && severity === 'warning').length;
  return {
    pass: count('pass'),
    fail: count('fail') - warn,
    warn,
    unknown: count('unknown'),
    skip: count('skip'),
    ignored: count('ignored'),
  };
}

function leftOut(check: Check, { include = [], exclude = [] }: ExamineSettings): string | null {
  const names = (list: readonly string[]): boolean => list.includes(check.id) || list.includes(check.hop);
  if (include.length > 0 && !names(include)) return 'left out by --include';
  return names(exclude) ? 'left out by --exclude' : null;
}

async function examined(check: Check, gathering: Gathering): Promise<CheckResult> {
  const start = gathering.clock();
  const verdict = await check
    .examine(gathering.reader)
    .catch((error): Verdict => ({ status: 'unknown', unread: [unreadOf(error, check.id)] }));
  return result(check, withBugs(verdict, bugsBelow(check, gathering)), Math.round(gathering.clock() - start));
}

/** What broke, for a reason of ours, among all that the check was made of. */
function bugsBelow(check: Check, gathering: Gathering): readonly Unread[] {
  const bugs = gathering.bugs();
  if (bugs.size === 0) return [];
  return closure(check.facts).flatMap((fact) => bugs.get(fact) ?? []);
}

/** A verdict that overlooks a bug of ours is no verdict: a pass or a skip becomes unknown. */
function withBugs(verdict: Verdict, bugs: readonly Unread[]): Verdict {
  const told = verdict.status === 'unknown' || verdict.status === 'fail' ? (verdict.unread ?? []) : [];
  if (bugs.length === 0 || told.some(({ reason }) => reason === 'bug')) return verdict;
  if (verdict.status === 'fail') return { ...verdict, unread: [...told, ...bugs] };
  return { status: 'unknown', unread: [...told, ...bugs] };
}

function result(check: Check, verdict: Verdict, durationMs: number): CheckResult {
  const findings = verdict.status === 'fail' ? verdict.findings : [];
  const onlyWarnings = findings.length > 0 && findings.every(({ severity }) => severity === 'warning');
  return {
    id: check.id,
    title: check.title,
    hop: check.hop,
    severity: onlyWarnings ? 'warning' : check.severity,
    status: verdict.status,
    consequenceOf: null,
    because: verdict.status === 'skip' ? verdict.because : verdict.status === 'pass' ? (verdict.note ?? null) : null,
    findings,
    unread: verdict.status === 'fail' || verdict.status === 'unknown' ? (verdict.unread ?? []) : [],
    durationMs,
  };
}
