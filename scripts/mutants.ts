// Breaks every judge and asks the recorded worlds who notices: npm run mutants. Writes docs/mutants.md; exits 1 when a mutant survives.
import { writeFile } from 'node:fs/promises';
import { asExpected, mutants } from '../test/worlds/mutants.ts';
import { disappointments } from '../test/worlds/replayed.ts';
import { mutantsPage, nameOf, survivors } from './mutants-page.ts';
import { trials } from './trials.ts';

const all = await trials();
const wrong = all.flatMap(({ name, expect, replayed: { report } }) => disappointments(expect, report).map((how) => `${name} ${how}`));
const sound = all.filter(asExpected);
const tried = mutants(sound);
const left = survivors(tried);

for (const line of wrong) console.error(`not as expected, so it catches nothing: ${line}`);
for (const mutant of left) console.error(`survives: ${nameOf(mutant)}`);
await writeFile('docs/mutants.md', mutantsPage(tried, sound.length));
console.log(`${tried.length - left.length} of ${tried.length} mutants caught by ${sound.length} worlds`);
if (left.length > 0 || wrong.length > 0) process.exitCode = 1;
