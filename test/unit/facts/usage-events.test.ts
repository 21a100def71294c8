import { describe, expect, it } from 'vitest';
import { type Span, spansOf } from '../../../src/facts/usage-events.ts';
import { spanQuery } from '../../../src/facts/usage-query.ts';
import { inMetricsQl, ranged } from '../../../src/facts/usage-range.ts';
import { ReadError, type Request } from '../../../src/model/source.ts';
import type { UsageWindow } from '../../../src/model/usage.ts';
import { queryShape } from '../../../src/parse/promql.ts';
import { memorySource } from '../memory-source.ts';
import { shard } from './usage-shard.ts';

const family = { name: 'tokens_sum', labels: ['job', 'instance'], copies: ['job'], target: ['job', 'instance'], shard };
const window: UsageWindow = { start: 0, end: 3600, step: 600 };

const parameters = ({ query = [] }: Request): URLSearchParams =>
  new URLSearchParams(query.map(([name, value]): [string, string] => [name, value]));

/** Asks for the spans of a window in whose pieces, by number, counters begin or are reset. */
async function spans(births: readonly number[], resets: readonly number[], within = window): Promise<readonly Span[]> {
  const pieces = [...new Set([...births, ...resets])];
  const answer = (request: Request): string => {
    const asked = parameters(request).get('query') ?? '';
    expect({ births: asked.includes('count('), resets: asked.includes('resets(') }).toEqual({ births: true, resets: true });
    const values = pieces.map((at) => [
      within.start + (at + 1) * within.step,
      String((births.includes(at) ? 3 : 0) + (resets.includes(at) ? 2e8 : 0)),
    ]);
    return JSON.stringify({
      status: 'success',
      data: { resultType: 'matrix', result: values.length === 0 ? [] : [{ metric: {}, values }] },
    });
  };
  const source = memorySource({ endpoints: { 'http://prometheus/api/v1/query_range': answer } });
  return (await spansOf(source, { family, selector: '{__name__="tokens_sum"}' }, within)).spans;
}

const shape = (span: Span): string =>
  `${span.start}-${span.end}${span.events.births ? ' births' : ''}${span.events.resets ? ' resets' : ''}`;

describe('a window by what happens in it', () => {
  it.each<[string, readonly number[], readonly number[], readonly string[]]>([
    ['nothing', [], [], ['0-3600']],
    ['births in one piece', [2], [], ['0-1200', '1200-1800 births', '1800-3600']],
    ['both in neighbours', [0, 1], [1], ['0-600 births', '600-1200 births resets', '1200-3600']],
    ['births in the last', [5], [], ['0-3000', '3000-3600 births']],
    ['births everywhere', [0, 1, 2, 3, 4, 5], [], ['0-3600 births']],
  ])('%s', async (_, births, resets, wanted) => expect((await spans(births, resets)).map(shape)).toEqual(wanted));

  it('is asked as a whole where it would be cut too often', async () => {
    const long = { ...window, end: 600 * 20 };
    const every = Array.from({ length: 20 }, (_, at) => at).filter((at) => at % 2 === 0);
    expect((await spans(every, [], long)).map(shape)).toEqual(['0-12000 births']);
  });

  it.each([
    [
      { births: false, resets: false },
      { increase: false, up: false },
    ],
    [
      { births: true, resets: false },
      { increase: false, up: true },
    ],
    [
      { births: false, resets: true },
      { increase: true, up: false },
    ],
    [
      { births: true, resets: true },
      { increase: true, up: true },
    ],
  ])('is asked no more than %j needs', (events, asked) => {
    const groups = { labels: ['team'], types: [] };
    const query = spanQuery(family, '{__name__="tokens_sum"}', { groups, happening: { ...events, interval: 30 } }, window);
    expect(queryShape(query).error).toBe(null);
    expect({ increase: query.includes('increase('), up: query.includes('up[') }).toEqual(asked);
  });
});

describe('a query for VictoriaMetrics', () => {
  it.each([
    ['sum by ("gen_ai.model", job) (x)', 'sum by (gen_ai\\.model, job) (x)'],
    ['{__name__="a.b","gen_ai.type"!="total"}', '{__name__="a.b",gen_ai\\.type!="total"}'],
    ['{a="x(\\",\\"y.z\\"(",b=~ "c.d"}', '{a="x(\\",\\"y.z\\"(",b=~ "c.d"}'],
    [
      'label_replace(sum by ("a.b", "c.d") (x), "__tokmeter_before", "1", "", "")',
      'label_replace(sum by (a\\.b, c\\.d) (x), "__tokmeter_before", "1", "", "")',
    ],
  ])('%s', (query, written) => expect(inMetricsQl(query)).toBe(written));
});

describe('the values at the ends of pieces', () => {
  const asked: string[] = [];
  const answer = (request: Request): string => {
    const [start, end, step] = ['start', 'end', 'step'].map((name) => parameters(request).get(name));
    asked.push(`${start} ${end} ${step}`);
    return JSON.stringify({
      status: 'success',
      data: { resultType: 'matrix', result: [{ metric: {}, values: [[Number(start), '1']] }] },
      warnings: ['w'],
    });
  };
  const source = memorySource({ endpoints: { 'http://prometheus/api/v1/query_range': answer } });

  it.each([
    ['at once', 'prometheus', 10, ['10 60 10']],
    ['of VictoriaMetrics a minute apart', 'victoriametrics', 20, ['20 60 60', '40 60 60', '60 60 60']],
    ['of VictoriaMetrics at once where they are', 'victoriametrics', 60, ['60 60 60']],
  ] as const)('are asked %s', async (_, product, step, wanted) => {
    asked.length = 0;
    const { series, warnings } = await ranged(source, { ...shard, build: { product, version: null } }, 'x', { start: 0, end: 60, step });
    expect([...asked].sort()).toEqual([...wanted].sort());
    expect({ series: series.length, warned: new Set(warnings).size }).toEqual({ series: wanted.length, warned: 1 });
  });

  it('say what asks for less when they are too many', async () => {
    const body = '{"status":"error","errorType":"execution","error":"query processing would load too many samples into memory"}';
    const limited = memorySource({ endpoints: { 'http://prometheus/api/v1/query_range': { status: 422, body } } });
    await expect(ranged(limited, shard, 'x', window)).rejects.toThrowError(ReadError);
    await expect(ranged(limited, shard, 'x', window)).rejects.toThrowError(/; a shorter --since, or --where, asks for less$/);
  });
});
