import { describe, expect, it } from 'vitest';
import { findingsOf, judged, lineOf, ownChecks } from './world.ts';

describe('a healthy gateway', () => {
  it.each(ownChecks.map((check) => [check.id, check] as const))('%s passes', async (_, check) => {
    const verdict = await judged(check);
    expect(findingsOf(verdict)).toEqual([]);
    expect(lineOf(verdict)).toMatch(/^pass/);
  });
});
