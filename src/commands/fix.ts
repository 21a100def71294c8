import { isDeepStrictEqual } from 'node:util';
import { diagnose } from '../engine/diagnose.ts';
import { gather } from '../engine/gather.ts';
import type { Target } from '../model/change.ts';
import type { Remedy } from '../model/check.ts';
import type { Report } from '../model/report.ts';
import type { Snapshot } from '../model/snapshot.ts';
import { type KubeObject, ReadError, unreadOf } from '../model/source.ts';
import { changesOf, looksOnly, targetsOf } from '../parse/changes.ts';
import { withoutSecrets } from '../parse/secrets.ts';
import { pipelines } from '../pipelines/index.ts';
import { type Fix, type FixFormat, fixFormats, fixText } from '../report/fix.ts';
import { type Owner, ownersOf } from '../report/fix-owner.ts';
import { visible } from '../report/safe.ts';
import { record } from '../sources/record.ts';
import { optionsWithin } from './bundle.ts';
import type { FixFlags } from './flags.ts';
import { open } from './open.ts';
import { styleOf } from './output.ts';
import { oneOf, optionsOf, pipelinesOf } from './plan.ts';
import { cutShortBy, type Run, startRun } from './run.ts';
import type { Shell } from './shell.ts';
import { unknownName } from './usage-error.ts';

/** `tokmeter fix [ID…]`: what mends what doctor found, and where to change it. Applies nothing; ends with doctor's exit code. */
export async function fix(ids: readonly string[], flags: FixFlags, shell: Shell): Promise<number> {
  const format = formatOf(flags.output);
  const chosen = pipelinesOf(flags.pipeline, pipelines);
  const known = chosen.flatMap(({ checks }) => checks.map(({ id }) => id));
  for (const id of ids) if (!known.includes(id)) throw unknownName('check', id, known);
  const style = styleOf(oneOf('--color', flags.color, ['auto', 'always', 'never']), false, shell);
  const run = startRun(flags, shell, 0);
  try {
    const { report, snapshot } = await judged(flags, shell, run);
    const fixes = fixesOf(report, snapshot, ids).map(masked);
    await shell.write(fixText(fixes, format, style));
    shell.note(unmended(report, ids));
    return report.exitCode;
  } catch (error) {
    if (!(error instanceof ReadError)) throw error;
    shell.note(`${shell.program}: ${visible(unreadOf(error).message)}\n`);
    return run.ended() ?? 2;
  } finally {
    run.stop();
  }
}

function formatOf(name: string): FixFormat {
  const format = fixFormats.find((each) => each === name);
  if (format === undefined) throw unknownName('output format', name, fixFormats);
  return format;
}

async function judged(flags: FixFlags, shell: Shell, run: Run): Promise<{ readonly report: Report; readonly snapshot: Snapshot }> {
  const asked = await optionsOf(flags, shell.environment);
  const opened = await cutShortBy(run.signal, open(flags, shell, run));
  try {
    const options = opened.options === undefined ? asked : optionsWithin(opened.options, asked);
    const recorder = record(opened.source);
    const gathering = gather(recorder.source, options, { signal: run.signal, onEvent: run.progress.onEvent });
    const settings = { gathering, version: shell.version, failOn: 'fail' as const, ended: run.ended };
    const report = await diagnose(pipelinesOf(flags.pipeline, pipelines), recorder.source, options, settings);
    return { report, snapshot: recorder.snapshot() };
  } finally {
    await opened.close();
  }
}

/** Without what looks like a secret. A command or a patch with a mask in it would write the mask: it is not shown. */
export function masked(fix: Fix): Fix {
  const safe = withoutSecrets(fix);
  const { text, ...rest } = safe.remedy;
  if (isDeepStrictEqual({ text: fix.remedy.text, ...rest }, fix.remedy)) return safe;
  return { ...safe, remedy: { text: `${text}; the command for it would show what looks like a secret` } };
}

/** The remedies of roots, each once; of the checks that are named, also those of consequences. */
export function fixesOf(report: Report, snapshot: Snapshot, ids: readonly string[]): readonly Fix[] {
  const wanted = report.pipelines
    .flatMap(({ checks }) => checks)
    .filter((check) => check.status === 'fail' && (ids.length === 0 ? check.consequenceOf === null : ids.includes(check.id)));
  const seen = new Set<string>();
  const strange = strangeNames(snapshot);
  return wanted.flatMap(({ id, findings }) =>
    findings.flatMap(({ subject, message, remedy: said }) => {
      const remedy = said?.command !== undefined && strange.some((name) => said.command?.includes(name)) ? { text: said.text } : said;
      const key = JSON.stringify(remedy);
      if (remedy === undefined || seen.has(key)) return [];
      seen.add(key);
      const object = objectOf(snapshot, targetOf(subject, changesOf(remedy)[0]));
      return [{ check: id, subject, message, remedy, object, owners: ownersOfAll(object, remedy, snapshot) }];
    }),
  );
}

/** Names that no API server gives, which only a bundle that somebody wrote by hand can have: no command is made of them. */
function strangeNames({ lists }: Snapshot): readonly string[] {
  const objects = lists.flatMap(({ answer }) => (answer.status === 'objects' ? answer.objects : []));
  const names = objects.flatMap(({ metadata: { name, namespace } }) => [name, namespace ?? '']);
  return [...new Set(names)].filter((name) => !/^[\w.:@-]*$/.test(name));
}

/** Of all that is changed; of what the finding is about where no command says. Pods are only ever made anew. */
function ownersOfAll(object: KubeObject | null, remedy: Remedy, snapshot: Snapshot): readonly Owner[] {
  const named = targetsOf(remedy).flatMap((target) => objectOf(snapshot, target) ?? []);
  const all = (named.length > 0 ? named : [object]).filter((each) => each !== null && each.kind !== 'Pod');
  return [...new Map(all.flatMap((each) => (each === null ? [] : ownersOf(each))).map((owner) => [owner.where, owner])).values()];
}

/** What a change is made of, else what the finding is about. */
function targetOf(subject: string, change: ReturnType<typeof changesOf>[number] | undefined): Target | null {
  if (change !== undefined && change.does !== 'put') return change.target;
  const [, word = '', namespace, name = ''] = /^(\w+) (?:([^/ ]+)\/)?([^/ ,]+)/.exec(subject) ?? [];
  return change !== undefined || name === '' ? null : { word: word.toLowerCase(), namespace: namespace ?? null, name };
}

function objectOf(snapshot: Snapshot, target: Target | null): KubeObject | null {
  if (target === null) return null;
  const all = snapshot.lists.flatMap(({ answer }) => (answer.status === 'objects' ? answer.objects : []));
  const is = ({ kind, metadata }: KubeObject): boolean =>
    kind.toLowerCase() === target.word &&
    metadata.name === target.name &&
    (target.namespace === null || metadata.namespace === target.namespace);
  return all.find(is) ?? null;
}

/** Whether it is more than advice. */
export function mends(remedy: Remedy | undefined): boolean {
  if (remedy === undefined) return false;
  return remedy.command === undefined ? remedy.patch !== undefined : !looksOnly(remedy.command);
}

/** What fails and has no remedy but advice. */
function unmended(report: Report, ids: readonly string[]): string {
  const bare = report.pipelines
    .flatMap(({ checks }) => checks)
    .filter(({ id, status, consequenceOf }) => status === 'fail' && (ids.length === 0 ? consequenceOf === null : ids.includes(id)))
    .filter(({ findings }) => findings.every(({ remedy }) => !mends(remedy)));
  return bare.map(({ id }) => `${id}: nothing exact mends it; tokmeter explain ${id}\n`).join('');
}
