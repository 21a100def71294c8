import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { RunFlags } from '../../../src/commands/flags.ts';
import { optionsOf } from '../../../src/commands/plan.ts';
import { encodeBundle } from '../../../src/sources/archive.ts';
import { record } from '../../../src/sources/record.ts';
import { memorySource } from '../memory-source.ts';

const flags: RunFlags = { pipeline: 'auto', color: 'never', via: 'auto', requestTimeout: '10s' };
const folder = mkdtempSync(join(tmpdir(), 'metrics-token-'));
const file = (text: string): string => {
  const path = join(folder, String(text.length));
  writeFileSync(path, text);
  return path;
};

describe('the token of metrics endpoints', () => {
  it.each<[string, Partial<RunFlags>, Record<string, string>, string | undefined]>([
    ['none', {}, {}, undefined],
    ['a file', { metricsTokenFile: file('from-file\n') }, {}, 'from-file'],
    ['a variable', {}, { TOKMETER_METRICS_TOKEN: 'from-environment' }, 'from-environment'],
    ['an empty variable', {}, { TOKMETER_METRICS_TOKEN: '' }, undefined],
    ['both: the flag', { metricsTokenFile: file('from-file\n') }, { TOKMETER_METRICS_TOKEN: 'from-environment' }, 'from-file'],
  ])('%s', async (_, more, environment, token) => expect((await optionsOf({ ...flags, ...more }, environment)).metricsToken).toBe(token));

  it.each<[string, Partial<RunFlags>, Record<string, string>, string]>([
    ['no file', { metricsTokenFile: '/nonexistent' }, {}, '--metrics-token-file: /nonexistent cannot be read: ENOENT'],
    ['two words', { metricsTokenFile: file('two secret words') }, {}, 'holds no token'],
    ['a variable of two words', {}, { TOKMETER_METRICS_TOKEN: 'two secret words' }, 'TOKMETER_METRICS_TOKEN holds no token'],
  ])('%s', async (_, more, environment, message) => {
    const error: unknown = await optionsOf({ ...flags, ...more }, environment).catch((caught: unknown) => caught);
    expect(String(error)).toContain(message);
    expect(String(error)).not.toContain('secret words');
  });
});

describe('a bundle', () => {
  it('holds no token, in its answers or its options', async () => {
    const endpoint = { at: 'pod', namespace: 'llm', pod: 'a', port: 3001 } as const;
    const recorder = record(memorySource({ endpoints: { 'llm/a:3001/metrics': 'up 1\n' } }));
    const reply = await recorder.source.get(endpoint, {
      path: '/metrics',
      headers: { Accept: 'text/plain', Authorization: 'Bearer canary' },
    });
    for await (const _ of reply.body);
    const options = await optionsOf(flags, { TOKMETER_METRICS_TOKEN: 'canary' });
    const bytes = gunzipSync(await encodeBundle({ snapshot: recorder.snapshot(), options, redacted: [], version: '1' }));
    expect(bytes.toString('utf8')).toContain('"path": "/metrics"');
    expect(bytes.toString('utf8')).not.toContain('canary');
    expect(bytes.toString('utf8')).toContain('"metricsToken": "***"');
  });
});
