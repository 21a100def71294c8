import type { Change } from '../model/change.ts';
import type { Remedy } from '../model/check.ts';
import type { KubeObject } from '../model/source.ts';
import { changesOf, isManifest, looksOnly, pipesOf } from '../parse/changes.ts';
import { shellWord } from '../parse/shell-word.ts';
import type { Owner } from './fix-owner.ts';
import { visible, visibleLines } from './safe.ts';
import { paint, type Style } from './style.ts';
import { hanging } from './text.ts';
import { yaml } from './yaml.ts';

/** A remedy with everything that is needed to apply it in the right place. */
export interface Fix {
  /** The id of the check. */
  readonly check: string;
  readonly subject: string;
  readonly message: string;
  readonly remedy: Remedy;
  /** The object that is changed, when it was read. */
  readonly object: KubeObject | null;
  readonly owners: readonly Owner[];
}

export const fixFormats = ['text', 'yaml', 'commands'] as const;
export type FixFormat = (typeof fixFormats)[number];

/** The remedies of a report, for a person, for a repository or for a shell. Nothing is applied. */
export function fixText(fixes: readonly Fix[], format: FixFormat, style: Style): string {
  switch (format) {
    case 'text':
      return forPerson(fixes, style);
    case 'yaml':
      return forRepository(fixes);
    case 'commands':
      return forShell(fixes);
  }
}

const nothing = 'nothing to mend';

function forPerson(fixes: readonly Fix[], style: Style): string {
  const paints = paint(style);
  if (fixes.length === 0) return `${nothing}\n`;
  const sections = fixes.map(({ check, subject, message, remedy, owners }) => [
    `${paints.strong(check)}  ${visible(subject)}`,
    ...hanging(visible(message), 9, style.columns, '  wrong'),
    ...hanging(visible(remedy.text), 9, style.columns, '  fix'),
    ...owners.flatMap(({ who, where }) => hanging(`${visible(who)}: ${visible(where)}`, 9, style.columns, '  owner')),
    ...shellLines(remedy).map((line) => `  ${line}`),
    ...looseLines(remedy).map((line) => `    ${line}`),
  ]);
  return `${sections.map((lines) => lines.join('\n')).join('\n\n')}\n`;
}

function patchText(patch: unknown): readonly string[] {
  return visibleLines((typeof patch === 'string' ? patch : yaml(patch)).trimEnd());
}

/** A patch that no command and no manifest carries. */
function looseLines(remedy: Remedy): readonly string[] {
  return remedy.patch !== undefined && changesOf(remedy).length === 0 ? patchText(remedy.patch) : [];
}

/** What stands above each step in YAML and in a script. */
function comment({ check, subject, remedy, owners }: Fix): readonly string[] {
  const lines = [`${check}: ${subject}`, remedy.text, ...owners.map(({ who, where }) => `${who}: ${where}`)];
  return lines.map((line) => `# ${visible(line)}`);
}

/** Manifests as documents, and every patch in one Kustomization. */
function forRepository(fixes: readonly Fix[]): string {
  if (fixes.length === 0) return `# ${nothing}\n`;
  const parts = fixes.map((fix) => ({ fix, changes: changesOf(fix.remedy) }));
  const manifests = parts.flatMap(({ fix, changes }) =>
    changes.flatMap((change) => (change.does === 'put' ? [[...comment(fix), yaml(change.object).trimEnd()].join('\n')] : [])),
  );
  const patches = parts.flatMap(({ fix, changes }) => changes.flatMap((change) => (change.does === 'put' ? [] : [{ fix, change }])));
  const rest = parts
    .filter(({ changes }) => changes.length === 0)
    .map(({ fix }) => [...comment(fix), ...adviceLines(fix.remedy).map((line) => `# ${line}`)].join('\n'));
  const kustomization = patches.length === 0 ? [] : [kustomizationOf(patches)];
  return `${[...rest, ...manifests, ...kustomization].join('\n---\n')}\n`;
}

function adviceLines(remedy: Remedy): readonly string[] {
  return [...(remedy.command === undefined ? [] : visibleLines(remedy.command)), ...looseLines(remedy)];
}

type Patching = { readonly fix: Fix; readonly change: Exclude<Change, { readonly does: 'put' }> };

function kustomizationOf(patches: readonly Patching[]): string {
  const comments = patches.flatMap(({ fix }) => comment(fix));
  const document = { apiVersion: 'kustomize.config.k8s.io/v1beta1', kind: 'Kustomization', patches: patches.map(patchOf) };
  return `${[...new Set(comments)].join('\n')}\n${yaml(document).trimEnd()}`;
}

function patchOf({ fix: { object }, change }: Patching): unknown {
  const { word, namespace, name } = change.target;
  const known = object !== null && object.metadata.name === name;
  const apiVersion = known ? object.apiVersion : null;
  const target = {
    ...(apiVersion?.includes('/') ? { group: apiVersion.split('/')[0] } : {}),
    kind: known ? object.kind : word,
    name,
    ...(namespace === null ? {} : { namespace }),
  };
  if (change.does === 'patch') return { target, patch: JSON.stringify(change.operations) };
  const own = { apiVersion: apiVersion ?? 'v1', kind: target.kind, metadata: { name } };
  if (change.does === 'delete') return { target, patch: JSON.stringify({ ...own, $patch: 'delete' }) };
  const { metadata, ...rest } = change.patch as { readonly metadata?: object };
  return { target, patch: JSON.stringify({ ...own, metadata: { name, ...metadata }, ...rest }) };
}

function forShell(fixes: readonly Fix[]): string {
  if (fixes.length === 0) return `# ${nothing}\n`;
  const sections = fixes.map((fix) => {
    const lines = shellLines(fix.remedy);
    return [...comment(fix), ...looseLines(fix.remedy).map((line) => `#   ${line}`), ...lines].join('\n');
  });
  return `${sections.join('\n\n')}\n`;
}

/** The words of its commands, each quoted again: what a name from the cluster says is never a command of its own. */
function shellLines({ command, patch }: Remedy): readonly string[] {
  if (command === undefined)
    return isManifest(patch) ? ["kubectl apply -f - <<'EOF_OF_TOKMETER'", ...patchText(patch), 'EOF_OF_TOKMETER'] : [];
  if (looksOnly(command)) return visibleLines(command).map((line) => `# ${line}`);
  const pipes = pipesOf(command);
  const ours = pipes?.flat().every(([program = '']) => programs.has(program));
  if (pipes === null || !ours) return visibleLines(command).map((line) => `# ${line}`);
  const lines = pipes.map((pipe) => visible(pipe.map((words) => words.map(shellWord).join(' ')).join(' | ')));
  // What follows is for when what stands before has worked: nothing is deleted whose copy was refused.
  return lines.map((line, at) => (at < lines.length - 1 ? `${line} &&` : line));
}

/** What a remedy may call. */
const programs: ReadonlySet<string> = new Set(['kubectl', 'helm', 'jq', 'openssl']);
