import { type Mutant, manners } from '../test/worlds/mutants.ts';

const named = 5;

/** docs/mutants.md: which worlds notice when a judge is broken. */
export function mutantsPage(all: readonly Mutant[], worlds: number): string {
  const checks = [...new Map(all.map((mutant) => [rowOf(mutant), mutant])).values()];
  const left = survivors(all);
  const verdict = left.length === 0 ? 'Every mutant is caught.' : `Survivors: ${left.map(nameOf).join(', ')}.`;
  return `# Mutants

Written by \`npm run mutants\` (and \`npm run docs\`). Each judge of the catalogue is replaced by one that always passes, and by one that always fails with a finding about nothing; then all ${worlds} recorded worlds are judged again. A mutant is caught by a world of which something else is said than \`test/worlds\` expects: other roots, another break, another exit code. One that no world catches would be a judge that nothing tests; where no world of a system can show it, \`test/worlds/unseen.ts\` says why.

${all.length} mutants of ${checks.length} checks. ${verdict}

| check | of | always passes: caught by | always fails: caught by |
| --- | --- | --- | --- |
${checks.map(lineOf(all)).join('\n')}
`;
}

/** The mutants that no world catches. */
export function survivors(all: readonly Mutant[]): readonly Mutant[] {
  return all.filter((mutant) => mutant.caughtBy.length === 0);
}

export function nameOf({ check, pipelines, manner }: Mutant): string {
  return `${check} of ${pipelines.join(', ')} that always ${manner}`;
}

const rowOf = ({ check, pipelines }: Mutant): string => JSON.stringify([check, pipelines]);

function lineOf(all: readonly Mutant[]): (row: Mutant) => string {
  return (row) => {
    const own = all.filter((mutant) => rowOf(mutant) === rowOf(row));
    const cells = manners.map((manner) => caughtBy(own.find((mutant) => mutant.manner === manner)));
    return `| [${row.check}](checks/${row.check}.md) | ${row.pipelines.join(', ')} | ${cells.join(' | ')} |`;
  };
}

function caughtBy(mutant: Mutant | undefined): string {
  if (mutant === undefined) return 'no world here can';
  const worlds = mutant.caughtBy;
  if (worlds.length === 0) return '**none**';
  if (worlds.length <= named) return worlds.join(', ');
  return `${worlds.slice(0, named - 2).join(', ')} and ${worlds.length - named + 2} more`;
}
