import { describe, expect, it } from 'vitest';
import { envoyAiGateway } from '../../../../src/pipelines/envoy-ai-gateway/index.ts';
import { findingsOf, judged, lineOf } from './world.ts';

const own = envoyAiGateway.checks.filter(({ hop }) => hop === 'configure' || hop === 'emit');

describe('a healthy gateway', () => {
  it.each(own.map((check) => [check.id, check] as const))('%s passes', async (_, check) => {
    const verdict = await judged(check);
    expect(findingsOf(verdict)).toEqual([]);
    expect(lineOf(verdict)).toMatch(/^pass/);
  });
});
