import { describe, expect, it } from 'vitest';
import { trials } from '../../scripts/trials.ts';
import { asExpected, mutants } from '../worlds/mutants.ts';

const all = await trials();
const sound = all.filter(asExpected);
const tried = mutants(sound).map(
  (mutant) => [`${mutant.check} of ${mutant.pipelines.join(', ')} that always ${mutant.manner}`, mutant] as const,
);

describe('a broken judge', () => {
  it('is tried on recordings that are as expected', () => {
    expect(sound.map(({ name }) => name)).toEqual(all.map(({ name }) => name));
    expect(all.length).toBeGreaterThan(80);
  });

  it.each(tried)('%s is caught by a world', (_, { caughtBy }) => {
    expect(caughtBy.length).toBeGreaterThan(0);
  });
});
