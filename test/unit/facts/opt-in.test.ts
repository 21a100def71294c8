import { describe, expect, it } from 'vitest';
import { gather } from '../../../src/engine/gather.ts';
import { logMatches, podLogs } from '../../../src/facts/logs.ts';
import { secretNames } from '../../../src/facts/secret-names.ts';
import type { Options } from '../../../src/model/fact.ts';
import type { KubeObject } from '../../../src/model/source.ts';
import { record } from '../../../src/sources/record.ts';
import { replay } from '../../../src/sources/replay.ts';
import { memorySource } from '../memory-source.ts';

const options: Options = { namespace: null, gateway: null, selector: null, expectLabels: [], prometheus: null };
const planted = 'c4n4ry';
const secret = {
  apiVersion: 'v1',
  kind: 'Secret',
  type: `example.com/${planted}`,
  data: { token: planted },
  stringData: { token: planted },
  metadata: {
    name: 'keys',
    namespace: 'ai',
    labels: { app: 'x' },
    annotations: { 'kubectl.kubernetes.io/last-applied-configuration': planted, note: 'y' },
    managedFields: [{ manager: planted }],
  },
} as unknown as KubeObject;

describe('names of Secrets', () => {
  it('are not asked for without the flag', async () => {
    const source = memorySource({ objects: [secret] });
    expect(await gather(source, options).reader.ask(secretNames)).toEqual({ status: 'not-asked' });
    expect(source.log).toEqual([]);
  });

  it('are all that is read of them, live, recorded and replayed', async () => {
    const recorder = record(memorySource({ objects: [secret] }));
    const asked = { ...options, secretNames: true };
    const live = await gather(recorder.source, asked).reader.ask(secretNames);
    expect(live).toEqual({
      status: 'asked',
      secrets: [{ namespace: 'ai', name: 'keys', labels: { app: 'x' }, annotations: { note: 'y' } }],
    });
    expect(JSON.stringify(recorder.snapshot())).not.toContain(planted);
    expect(await gather(replay(recorder.snapshot()), asked).reader.ask(secretNames)).toEqual(live);
  });

  it('that were refused are no absence', async () => {
    const source = memorySource({ refused: { secrets: 'forbidden' } });
    await expect(gather(source, { ...options, secretNames: true }).reader.ask(secretNames)).rejects.toMatchObject({ reason: 'forbidden' });
  });
});

describe('logs', () => {
  const place = { namespace: 'ai', pod: 'p', container: 'c' };
  const memory = { endpoints: { 'logs ai/p/c': `failed to count, prompt ${planted}\nfine ${planted}\n` } };
  const patterns = [/failed to count/];
  const read = { ...place, lines: 2, finds: [{ pattern: 'failed to count', count: 1, example: 'failed to count' }] };

  it('are not read without the flag', async () => {
    const source = memorySource(memory);
    expect(await podLogs({ source, options }, [place], patterns)).toEqual({ status: 'not-asked' });
    expect(source.log).toEqual([]);
  });

  it('are counts of messages, the same when they are replayed, and no raw line is recorded', async () => {
    const recorder = record(memorySource(memory));
    const asked = { ...options, logs: true };
    const other = { ...place, pod: 'gone' };
    const live = await podLogs({ source: recorder.source, options: asked }, [place, other], patterns);
    expect(live).toMatchObject({ status: 'asked', read: [read], unread: [{ reason: 'unreachable' }] });
    expect(JSON.stringify(recorder.snapshot())).not.toContain(planted);
    expect(await podLogs({ source: replay(recorder.snapshot()), options: asked }, [place, other], patterns)).toEqual(live);
  });

  it('asked for other messages are another question', async () => {
    const recorder = record(memorySource(memory));
    await logMatches(recorder.source, place, patterns);
    await expect(logMatches(replay(recorder.snapshot()), place, [/fine/])).rejects.toMatchObject({ reason: 'unrecorded' });
  });

  it('take patterns without flags', async () => {
    await expect(logMatches(memorySource(memory), place, [/x/i])).rejects.toThrow('has no flags');
  });
});
