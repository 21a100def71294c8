import { describe, expect, it } from 'vitest';
import { withReplicas } from '../../../src/facts/usage-replicas.ts';
import type { Request } from '../../../src/model/source.ts';
import { memorySource } from '../memory-source.ts';

const shard = (product: 'thanos' | 'prometheus') => ({
  name: 'Thanos a/b',
  endpoint: { at: 'url', url: 'http://thanos' } as const,
  prefix: '',
  headers: {},
  build: { product, version: '0.42.0' },
});
const window = { start: 0, end: 60, step: 60 };
const series = (of: readonly Readonly<Record<string, string>>[]): string => JSON.stringify({ status: 'success', data: of });
const up = { __name__: 'up', job: 'a' };

/** A Thanos that leaves labels out when it is to make one series of the replicas'. */
const thanos = (labels: Readonly<Record<string, string>>) => (request: Request) =>
  series([request.query?.some(([name, value]) => name === 'dedup' && value === 'true') ? up : { ...up, ...labels }]);

describe('replicas of a Thanos', () => {
  it.each([
    ['are the labels that it leaves out', { prometheus_replica: 'a', rule_replica: 'b' }, ['prometheus_replica', 'rule_replica']],
    ['are none where it leaves out nothing', {}, []],
  ])('%s', async (_, labels, replicas) => {
    const found = await withReplicas(
      memorySource({ endpoints: { 'http://thanos/api/v1/series': thanos(labels) } }),
      shard('thanos'),
      window,
    );
    expect(found.replicas).toEqual(replicas);
    expect(found.shard.parameters ?? []).toEqual(replicas.length === 0 ? [] : [['dedup', 'false']]);
  });

  it('are not asked for elsewhere', async () => {
    const source = memorySource({});
    expect((await withReplicas(source, shard('prometheus'), window)).replicas).toEqual([]);
    expect(source.log).toEqual([]);
  });

  it('are none where it does not tell', async () => {
    const source = memorySource({ endpoints: { 'http://thanos/api/v1/series': { status: 500, body: 'no' } } });
    expect((await withReplicas(source, shard('thanos'), window)).replicas).toEqual([]);
  });
});
