import { describe, expect, it } from 'vitest';
import { ReadError, type Reply, type Source } from '../../../src/model/source.ts';
import { record } from '../../../src/sources/record.ts';

const endpoint = { at: 'url', url: 'http://store' } as const;

/** A source of which one path is answered with so many bytes, and every other one never. */
function sourceOf(bytes: number): Source {
  async function* body(): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < bytes; at += 10) yield new Uint8Array(10).fill(65);
  }
  const never = new Promise<Reply>(() => undefined);
  return {
    origin: { kind: 'cluster', name: 'a' },
    now: new Date(0),
    requests: { kubernetes: 0, tunnels: 0, prometheus: 0 },
    list: () => Promise.resolve([]),
    get: (_, { path }) => (path === '/answered' ? Promise.resolve({ status: 200, headers: {}, body: body(), via: 'direct' }) : never),
  };
}

const late = new ReadError('timeout', 'usage', 'took too long');

describe('a limited recorder', () => {
  it('records what is not answered in time as refused, and asks no more', async () => {
    const recorder = record(sourceOf(0));
    const ended = new AbortController();
    recorder.limit({ signal: ended.signal, largest: 100 });
    const pending = recorder.source.get(endpoint, { path: '/silent' });
    ended.abort(late);
    await expect(pending).rejects.toMatchObject({ reason: 'timeout', message: 'took too long' });
    await expect(recorder.source.get(endpoint, { path: '/after' })).rejects.toMatchObject({ reason: 'timeout' });
    expect(recorder.snapshot().gets.map(({ answer }) => answer.status)).toEqual(['refused', 'refused']);
  });

  it('is warned of nothing, however much is asked at once', async () => {
    const warnings: Error[] = [];
    const warned = (warning: Error): void => void warnings.push(warning);
    process.on('warning', warned);
    const recorder = record(sourceOf(0));
    recorder.limit({ signal: new AbortController().signal, largest: 100 });
    for (let at = 0; at < 20; at++) recorder.source.get(endpoint, { path: `/silent/${at}` }).catch(() => null);
    await new Promise((resolve) => setImmediate(resolve));
    process.off('warning', warned);
    expect(warnings).toEqual([]);
  });

  it.each([
    [100, 'reply'],
    [110, 'refused'],
  ])('of 100 bytes keeps an answer of %i as a %s', async (bytes, status) => {
    const recorder = record(sourceOf(bytes));
    recorder.limit({ signal: new AbortController().signal, largest: 100 });
    await recorder.source.get(endpoint, { path: '/answered' }).catch(() => null);
    expect(recorder.snapshot().gets.map(({ answer }) => answer.status)).toEqual([status]);
  });
});
