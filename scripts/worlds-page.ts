import type { CheckResult } from '../src/model/report.ts';
import { pipelines } from '../src/pipelines/index.ts';
import { visible } from '../src/report/safe.ts';
import type { Replayed } from '../test/worlds/replayed.ts';

/** docs/worlds.md: what doctor says of each recording, a table for each system and each set of systems. */
export function worldsPage(all: readonly Replayed[]): string {
  const systems = [...new Set(all.map(systemOf))];
  return `# Recorded worlds

Written by \`npm run docs\` from the recordings, each judged anew. Every one is a healthy cluster plus one change, recorded from a real API server and a real Prometheus; \`tokmeter demo NAME\` shows it. The message is the first that \`doctor\` prints.

${all.length} worlds: ${all.filter(isSound).length} sound, ${all.filter((each) => !isSound(each)).length} with something to say.

${systems.map((system) => section(system, all)).join('\n')}`;
}

function section(system: string, all: readonly Replayed[]): string {
  return `## ${system}

| world | what is broken | Prometheus | doctor says first | exit |
| --- | --- | --- | --- | --- |
${all
  .filter((each) => systemOf(each) === system)
  .map(row)
  .join('\n')}
`;
}

/** The titles of what is judged: "Envoy AI Gateway and Kuadrant". */
function systemOf({ report }: Replayed): string {
  const titles = report.pipelines.map(({ id }) => pipelines.find((pipeline) => pipeline.id === id)?.title ?? id);
  return titles.length === 0 ? 'No system' : titles.join(' and ');
}

const isSound = ({ report }: Replayed): boolean => report.exitCode === 0 && report.pipelines.every(({ brokenAt }) => brokenAt === null);

function row(each: Replayed): string {
  const { world, report } = each;
  const what = isSound(each) ? `nothing: ${world.title}` : world.title;
  return `| ${[world.name, cell(what), world.prometheus, firstSaid(each), report.exitCode].join(' | ')} |`;
}

function firstSaid({ report, checks }: Replayed): string {
  const id = report.pipelines.find(({ brokenAt }) => brokenAt !== null)?.brokenAt?.check;
  const first = checks.find((check) => (id === undefined ? check.status === 'unknown' : check.id === id));
  if (report.notFound !== null && report.pipelines.length === 0)
    return `nothing to judge: looked for ${report.notFound.lookedFor.join(', ')}`;
  return first === undefined ? 'sound' : `[${first.id}](checks/${first.id}.md): ${code(messageOf(first))}`;
}

function messageOf({ findings: [finding], unread: [unread] }: CheckResult): string {
  const said = finding === undefined ? (unread?.message ?? '') : `${finding.subject}: ${finding.message}`;
  return visible(said.split('\n')[0] ?? '');
}

/** A code span of a table, whatever it holds. */
function code(text: string): string {
  const longest = Math.max(0, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = '`'.repeat(longest + 1);
  const pad = longest === 0 ? '' : ' ';
  return `${fence}${pad}${cell(text)}${pad}${fence}`;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}
