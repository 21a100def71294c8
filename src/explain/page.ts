import type { Check } from '../model/check.ts';

/** A check with the pipelines it belongs to, for pages and tables. */
export interface Entry {
  readonly check: Check;
  readonly pipelines: readonly string[];
  /** Where other pipelines say it in other words: the check as they have it. */
  readonly otherwise: readonly Worded[];
}

/** A check in the words of some pipelines. */
export interface Worded {
  readonly check: Check;
  readonly pipelines: readonly string[];
}

/** Every check of every pipeline once, in data-path order of the first pipeline that has it. */
export function entriesOf(pipelines: readonly { readonly id: string; readonly checks: readonly Check[] }[]): readonly Entry[] {
  const entries = new Map<string, Entry>();
  for (const { id, checks } of pipelines) {
    for (const check of checks) {
      const known = entries.get(check.id);
      if (known === undefined) entries.set(check.id, { check, pipelines: [id], otherwise: [] });
      else entries.set(check.id, { ...known, pipelines: [...known.pipelines, id], otherwise: othersWith(known, check, id) });
    }
  }
  return [...entries.values()];
}

function othersWith({ check: first, otherwise }: Entry, check: Check, pipeline: string): readonly Worded[] {
  if (wordsOf(check) === wordsOf(first)) return otherwise;
  const same = otherwise.find((each) => wordsOf(each.check) === wordsOf(check));
  if (same === undefined) return [...otherwise, { check, pipelines: [pipeline] }];
  return otherwise.map((each) => (each === same ? { check: each.check, pipelines: [...each.pipelines, pipeline] } : each));
}

const wordsOf = ({ title, why, fix }: Check): string => JSON.stringify([title, why, fix]);

/** The page of a check: docs/checks/ID.md. */
export function page({ check, pipelines, otherwise }: Entry): string {
  const { id, title, hop, severity, why, fix, follows } = check;
  return [
    `# ${id}`,
    '',
    `A healthy chain: **${title}**.`,
    '',
    `| hop | severity | pipelines |`,
    '| --- | --- | --- |',
    `| ${hop} | ${severity} | ${pipelines.join(', ')} |`,
    '',
    '## Why it matters',
    '',
    sentence(why),
    '',
    '## How to mend it',
    '',
    sentence(fix),
    '',
    ...otherwise.flatMap((other) => otherLines(other, check)),
    ...followsLines(follows),
    '## What is read',
    '',
    ...check.facts.map((fact) => `- ${fact.title}`),
    '',
    '```',
    `tokmeter doctor --include ${id}`,
    '```',
    '',
  ].join('\n');
}

function otherLines({ check: { title, why, fix }, pipelines }: Worded, first: Check): readonly string[] {
  return [
    `## For ${pipelines.join(', ')}`,
    '',
    `A healthy chain: **${title}**.`,
    '',
    ...(why === first.why ? [] : [sentence(why), '']),
    ...(fix === first.fix ? [] : [sentence(fix), '']),
  ];
}

function followsLines(follows: readonly string[]): readonly string[] {
  if (follows.length === 0) return [];
  const links = follows.map((id) => `[${id}](${id}.md)`).join(', ');
  return ['## What it may follow from', '', `When one of these fails about the same things, mend that first: ${links}.`, ''];
}

/** The table of all checks as Markdown; `folder` is where the pages are. */
export function checksTable(entries: readonly Entry[], folder: string): string {
  const rows = entries.map(
    ({ check }) => `| ${check.hop} | [${check.id}](${folder}/${check.id}.md) | ${check.severity} | ${cell(check.title)} |`,
  );
  return ['| hop | id | severity | when healthy |', '| --- | --- | --- | --- |', ...rows].join('\n');
}

/** The table of all checks for the terminal. */
export function checksRows(entries: readonly Entry[]): readonly (readonly string[])[] {
  return [['HOP', 'ID', 'SEVERITY'], ...entries.map(({ check }) => [check.hop, check.id, check.severity])];
}

const cell = (text: string): string => text.replaceAll('|', '\\|');

/** Prose ends with a full stop on a page, though messages have none. */
export function sentence(text: string): string {
  const trimmed = text.trim();
  const upper = trimmed.charAt(0).toUpperCase() + trimmed.slice(1);
  return /[.!?:`]$/.test(upper) ? upper : `${upper}.`;
}
