import { type Manner, type Mutant, manners } from '../test/worlds/mutants.ts';

const named = 5;

/** docs/mutants.md: which worlds notice when a judge is broken. */
export function mutantsPage(all: readonly Mutant[], worlds: number): string {
  const checks = [...new Set(all.map(({ check }) => check))];
  const left = survivors(all);
  const verdict = left.length === 0 ? 'Every mutant is caught.' : `Survivors: ${left.map(nameOf).join(', ')}.`;
  return `# Mutants

Written by \`npm run mutants\` (and \`npm run docs\`). Each judge of the catalogue is replaced by one that always passes, and by one that always fails with a finding about nothing; then all ${worlds} recorded worlds are judged again. A mutant is caught by a world of which something else is said than \`test/worlds\` expects: other roots, another break, another exit code. One that no world catches would be a judge that nothing tests.

${all.length} mutants of ${checks.length} checks. ${verdict}

| check | always passes: caught by | always fails: caught by |
| --- | --- | --- |
${checks.map((check) => `| [${check}](checks/${check}.md) | ${manners.map((manner) => caughtBy(all, check, manner)).join(' | ')} |`).join('\n')}
`;
}

/** The mutants that no world catches. */
export function survivors(all: readonly Mutant[]): readonly Mutant[] {
  return all.filter((mutant) => mutant.caughtBy.length === 0);
}

export function nameOf({ check, manner }: Mutant): string {
  return `${check} that always ${manner}`;
}

function caughtBy(all: readonly Mutant[], check: string, manner: Manner): string {
  const worlds = all.find((mutant) => mutant.check === check && mutant.manner === manner)?.caughtBy ?? [];
  if (worlds.length === 0) return '**none**';
  if (worlds.length <= named) return worlds.join(', ');
  return `${worlds.slice(0, named - 2).join(', ')} and ${worlds.length - named + 2} more`;
}
