/**
 * npm run bench [-- PART…] [--rounds N] [--write]: whole-process ratios, each measured in one run, in turn, over several rounds.
 * Parts: parser, startup, doctor, bundle, usage. --write puts the table into docs/benchmarks.md; the lines of parts that were not measured stay.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { availableParallelism, cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { bundleBench } from '../test/bench/bundle.ts';
import { doctorBench } from '../test/bench/doctor.ts';
import type { Result } from '../test/bench/measure.ts';
import { parserBench } from '../test/bench/parser.ts';
import { startupBench } from '../test/bench/startup.ts';
import { usageBench } from '../test/bench/usage.ts';

const parts = { parser: parserBench, startup: startupBench, doctor: doctorBench, bundle: bundleBench, usage: usageBench } as const;
type Part = keyof typeof parts;
const isPart = (name: string): name is Part => Object.hasOwn(parts, name);

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { rounds: { type: 'string', default: '9' }, write: { type: 'boolean', default: false } },
});
const unknown = positionals.filter((name) => !isPart(name));
if (unknown.length > 0) throw new Error(`no such part: ${unknown.join(', ')} (there are ${Object.keys(parts).join(', ')})`);
const chosen = positionals.length === 0 ? (Object.keys(parts) as Part[]) : positionals.filter(isPart);

const results: Result[] = [];
for (const part of chosen) {
  for (const result of await parts[part](Number(values.rounds))) {
    results.push(result);
    console.log(lineOf(result));
  }
}
if (values.write) await writeFile('docs/benchmarks.md', pageOf(results, await readFile('docs/benchmarks.md', 'utf8')));
if (results.some(({ met }) => met === false)) process.exitCode = 1;

function lineOf({ what, spread, unit, goal, met, note }: Result): string {
  if (spread === null) return `- ${what}: skipped, ${note}`;
  const mark = met === null ? ' ' : met ? '√' : '×';
  const aside = [goal === '' ? '' : `goal ${goal}`, note].filter((text) => text !== '').join(', ');
  return `${mark} ${what}: ${rounded(spread.median)} ${unit} (${rounded(spread.min)} to ${rounded(spread.max)})${aside === '' ? '' : `  ${aside}`}`;
}

function rounded(value: number): string {
  return Math.abs(value) >= 100 || Number.isInteger(value) ? value.toFixed(0) : value.toFixed(Math.abs(value) >= 10 ? 1 : 2);
}

function pageOf(all: readonly Result[], before: string): string {
  const kept = before.split('\n').filter((line) => /^\| [a-z]/.test(line) && !line.startsWith('| what |'));
  const old = kept.filter((line) => !all.some(({ what }) => line.startsWith(`| ${what}`)));
  const rows = all.map(({ what, spread, unit, goal, note }) =>
    spread === null
      ? `| ${what} | skipped: ${note} | | | ${goal} |`
      : `| ${what}${note === '' ? '' : ` (${note})`} | ${rounded(spread.min)} ${unit} | **${rounded(spread.median)} ${unit}** | ${rounded(spread.max)} ${unit} | ${goal} |`,
  );
  const measured = `Written by \`npm run bench -- --write\`, never by hand. Ratios of one run, least, median and greatest of ${values.rounds} rounds in which the contestants took turns, because seconds of one machine say nothing about another: Node ${process.version}, ${availableParallelism()} × ${cpus()[0]?.model ?? 'unknown'}.`;
  return `# Benchmarks

${all.length >= kept.length ? measured : (before.split('\n')[2] ?? measured)}

| what | min | median | max | goal |
| --- | --- | --- | --- | --- |
${[...old, ...rows].join('\n')}
`;
}
