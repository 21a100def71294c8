import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { optionsWithin } from '../../../src/commands/bundle.ts';
import type { RunFlags } from '../../../src/commands/flags.ts';
import { optionsOf } from '../../../src/commands/plan.ts';
import type { Options } from '../../../src/model/fact.ts';
import { encodeBundle } from '../../../src/sources/archive.ts';
import { record } from '../../../src/sources/record.ts';
import { memorySource } from '../memory-source.ts';

const flags: RunFlags = { pipeline: 'auto', color: 'never', via: 'auto', requestTimeout: '10s' };
const folder = mkdtempSync(join(tmpdir(), 'grafana-token-'));
const file = (text: string): string => {
  const path = join(folder, String(text.length));
  writeFileSync(path, text);
  return path;
};

describe('the token of Grafana', () => {
  it.each<[string, Partial<RunFlags>, Record<string, string>, string | undefined]>([
    ['none', {}, {}, undefined],
    ['a file', { grafanaTokenFile: file('from-file\n') }, {}, 'from-file'],
    ['a variable', {}, { TOKMETER_GRAFANA_TOKEN: 'from-environment' }, 'from-environment'],
    ['an empty variable', {}, { TOKMETER_GRAFANA_TOKEN: '' }, undefined],
    ['both: the flag', { grafanaTokenFile: file('from-file\n') }, { TOKMETER_GRAFANA_TOKEN: 'from-environment' }, 'from-file'],
    ['that of metrics endpoints', {}, { TOKMETER_METRICS_TOKEN: 'another' }, undefined],
  ])('%s', async (_, more, environment, token) => expect((await optionsOf({ ...flags, ...more }, environment)).grafanaToken).toBe(token));

  it.each<[string, Partial<RunFlags>, Record<string, string>, string]>([
    ['no file', { grafanaTokenFile: '/nonexistent' }, {}, '--grafana-token-file: /nonexistent cannot be read: ENOENT'],
    ['two words', { grafanaTokenFile: file('two secret words') }, {}, 'holds no token'],
    ['a variable of two words', {}, { TOKMETER_GRAFANA_TOKEN: 'two secret words' }, 'TOKMETER_GRAFANA_TOKEN holds no token'],
  ])('%s', async (_, more, environment, message) => {
    const error: unknown = await optionsOf({ ...flags, ...more }, environment).catch((caught: unknown) => caught);
    expect(String(error)).toContain(message);
    expect(String(error)).not.toContain('secret words');
  });

  it('is in no bundle, which is judged as with one', async () => {
    const endpoint = { at: 'pod', namespace: 'monitoring', pod: 'grafana-0', port: 3000 } as const;
    const path = '/api/dashboards/uid/tokens';
    const recorder = record(memorySource({ endpoints: { [`monitoring/grafana-0:3000${path}`]: '{"meta":{}}' } }));
    const reply = await recorder.source.get(endpoint, { path, headers: { accept: 'application/json', authorization: 'Bearer canary' } });
    for await (const _ of reply.body);
    const options = await optionsOf(flags, { TOKMETER_GRAFANA_TOKEN: 'canary' });
    const bytes = gunzipSync(await encodeBundle({ snapshot: recorder.snapshot(), options, redacted: [], version: '1' })).toString('utf8');
    expect(bytes).toContain(`"path": "${path}"`);
    expect(bytes).not.toContain('canary');
    expect(bytes).toContain('"grafanaToken": "***"');
    const recorded: Options = { ...(await optionsOf(flags)), grafanaToken: '***' };
    expect(optionsWithin(recorded, await optionsOf(flags)).grafanaToken).toBe('***');
  });
});
