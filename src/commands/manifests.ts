import { summaryOf } from '../engine/examine.ts';
import { exitCode } from '../engine/exit-code.ts';
import type { Finding, Severity } from '../model/check.ts';
import type { CheckResult, PipelineReport, Report } from '../model/report.ts';
import { ReadError, type Source } from '../model/source.ts';
import { pipelines } from '../pipelines/index.ts';
import { visible } from '../report/safe.ts';
import { manifestsSource, readManifests } from '../sources/manifests.ts';
import { overlay, withoutPast } from '../sources/overlay.ts';
import { record } from '../sources/record.ts';
import type { DoctorFlags } from './flags.ts';
import type { Opened } from './open.ts';
import type { Shell } from './shell.ts';
import { UsageError } from './usage-error.ts';

/** Judges one source of a run. */
export type Look = (source: Source) => Promise<Report>;

/** Manifests alone, or as if applied over what `opening` opens. */
export async function openManifests(flags: DoctorFlags, shell: Shell, opening: () => Promise<Opened>): Promise<Opened> {
  const places = flags.manifests ?? [];
  const failOn = flags.failOn === 'warn' ? 'warn' : 'fail';
  const objects = await manifestsIn(places, flags.namespace ?? 'default');
  const name = places.map((place) => (place === '-' ? 'stdin' : place)).join(', ');
  if (flags.overCluster !== true) {
    const source = manifestsSource(objects, name, new Date());
    return { source, close: () => Promise.resolve(), through: async (look) => unjudged(await look(source), staticOnly, failOn) };
  }
  const opened = await opening();
  const past = 'what Prometheus will hold when these manifests are applied cannot be told before';
  // Asked once for both reports.
  const before = withoutPast(record(opened.source).source, past);
  const changed = overlay(
    before,
    objects.map((object) => ({ does: 'put', object })),
  );
  const source = renamed(changed, { kind: 'manifests', name: `${name} over ${opened.source.origin.name}` });
  return {
    ...opened,
    source,
    through: async (look) => {
      const after = unjudged(await look(source), beforeCollect, failOn);
      shell.note(difference(unjudged(await look(before), beforeCollect, failOn), after));
      return after;
    },
  };
}

function renamed(source: Source, origin: Source['origin']): Source {
  return {
    origin,
    list: source.list,
    get: source.get,
    get now() {
      return source.now;
    },
    get requests() {
      return source.requests;
    },
  };
}

async function manifestsIn(places: readonly string[], namespace: string): ReturnType<typeof readManifests> {
  try {
    return await readManifests(places, namespace);
  } catch (error) {
    throw error instanceof ReadError ? new UsageError(`--manifests: ${visible(error.message)}`, { cause: error }) : error;
  }
}

/** Checks whose verdict stands in the objects themselves; every other one needs what runs, or what controllers say of it. */
const inManifests = new Set(pipelines.flatMap(({ checks }) => checks.filter(({ inObjects }) => inObjects === true).map(({ id }) => id)));

/** Why a check is not judged; null when it may be. */
type Left = (check: CheckResult) => string | null;

const staticOnly: Left = ({ id, status, unread }) => {
  if (!inManifests.has(id)) return 'needs the running cluster: --over-cluster judges it';
  return status === 'unknown' && unread.every(({ reason }) => reason === 'unrecorded') ? told(unread) : null;
};

const beforeCollect: Left = ({ hop, status, unread }) => {
  if (hop === 'collect' || hop === 'query') return 'what Prometheus will hold when these manifests are applied cannot be told before';
  return status === 'unknown' && unread.every(({ reason }) => reason === 'unrecorded') ? told(unread) : null;
};

const told = (unread: CheckResult['unread']): string => `not judged: ${[...new Set(unread.map(({ message }) => message))].join('; ')}`;

/** The report with what manifests do not tell as skipped: never passed, and never a failure. */
function unjudged(report: Report, left: Left, failOn: 'fail' | 'warn'): Report {
  const bug = report.exitCode === 70;
  if (report.pipelines.length === 0 || !report.complete) return report;
  const judged = report.pipelines.map((pipeline) => withoutLeft(pipeline, left));
  const severities = new Map(pipelines.flatMap(({ id, checks }) => checks.map((check) => [`${id} ${check.id}`, check.severity] as const)));
  const declared = (pipeline: string, check: string): Severity => severities.get(`${pipeline} ${check}`) ?? 'error';
  return { ...report, pipelines: judged, exitCode: bug ? 70 : exitCode(judged, { failOn, ended: null, declared }) };
}

function withoutLeft(pipeline: PipelineReport, left: Left): PipelineReport {
  const checks = pipeline.checks.map((check) => {
    const because = check.status === 'ignored' || (check.status === 'skip' && check.because?.startsWith('left out')) ? null : left(check);
    return because === null ? check : { ...check, status: 'skip' as const, because, consequenceOf: null, findings: [], unread: [] };
  });
  const failing = new Set(checks.filter(({ status }) => status === 'fail').map(({ id }) => id));
  const rooted = checks.map((check) =>
    check.consequenceOf !== null && !failing.has(check.consequenceOf) ? { ...check, consequenceOf: null } : check,
  );
  const roots = rooted.filter(({ status, consequenceOf }) => status === 'fail' && consequenceOf === null);
  const root = roots.find(({ severity }) => severity === 'error') ?? roots[0];
  const unknown = new Set(rooted.filter(({ status }) => status === 'unknown').map(({ id }) => id));
  return {
    ...pipeline,
    checks: rooted,
    summary: summaryOf(rooted),
    brokenAt: root === undefined ? null : { hop: root.hop, check: root.id },
    unreadBefore: pipeline.unreadBefore.filter((id) => unknown.has(id)),
  };
}

/** What applying the manifests breaks and mends. */
function difference(before: Report, after: Report): string {
  const [was, will] = [findingsOf(before), findingsOf(after)];
  const only = (of: ReadonlyMap<string, Finding>, other: ReadonlyMap<string, Finding>, word: string): readonly string[] =>
    [...of]
      .filter(([key]) => !other.has(key))
      .map(([key, { subject, message }]) => `newly ${word}: ${key.split(' ')[0]}: ${visible(subject)}: ${visible(message)}\n`);
  const lines = [...only(will, was, 'broken'), ...only(was, will, 'mended')];
  return lines.length === 0 ? 'applying these manifests breaks nothing and mends nothing\n' : lines.join('');
}

function findingsOf(report: Report): ReadonlyMap<string, Finding> {
  const checks = report.pipelines.flatMap((pipeline) => pipeline.checks);
  return new Map(
    checks.flatMap(({ id, findings }) =>
      findings.map((finding) => [`${id} ${finding.subject} ${(finding.about ?? []).join()}`, finding] as const),
    ),
  );
}
