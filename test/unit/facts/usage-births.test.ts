import { describe, expect, it } from 'vitest';
import { birthsIn } from '../../../src/facts/usage-births.ts';
import type { Figure } from '../../../src/facts/usage-figure.ts';
import { glanceAt } from '../../../src/facts/usage-glance.ts';
import type { Request } from '../../../src/model/source.ts';
import type { UsageWindow } from '../../../src/model/usage.ts';
import { memorySource } from '../memory-source.ts';
import { shard } from './usage-shard.ts';

const family = { name: 'tokens_sum', labels: ['job', 'instance', 'team'], copies: ['job'], target: ['job', 'instance'], shard };
const tokens: Figure = {
  of: 'tokens',
  family,
  selector: '{__name__="tokens_sum"}',
  groups: { labels: ['team'], types: [] },
  valuesOf: ({ labels }) => [labels.team ?? ''],
  typeOf: () => 'total',
};
const window: UsageWindow = { start: 0, end: 3600, step: 3600 };

/** What a store says of one target. Absent: as many as ever. */
interface Said {
  readonly instance: string;
  readonly ever: number;
  readonly resets?: number;
  readonly start?: number;
  readonly end?: number;
  readonly hour?: number;
  readonly late?: number;
  readonly still?: number;
  readonly known?: boolean;
}

type Labels = Readonly<Record<string, string>>;
const series = (labels: Labels, values: readonly (readonly [number, number])[]): unknown => ({
  metric: labels,
  values: values.map(([at, value]) => [at, String(value)]),
});
const matrix = (result: readonly unknown[]): string => JSON.stringify({ status: 'success', data: { resultType: 'matrix', result } });

/** Answers as a store would that has these targets, and a team whose tokens go from 100 to 130. */
function answer(said: readonly Said[]): (request: Request) => string {
  const of = (labels: Labels, at: number, value: (each: Said) => number | undefined): readonly unknown[] =>
    said.map((each) => series({ ...labels, job: 'a', instance: each.instance }, [[at, value(each) ?? each.ever]]));
  return ({ query = [] }) => {
    const asked = query.find(([name]) => name === 'query')?.[1] ?? '';
    if (asked.includes('resets(')) return matrix(of({}, 3600, ({ ever, resets = 0 }) => ever + resets * 1e8));
    if (asked.includes('_alive'))
      return matrix([
        series({ team: 'x' }, [
          [0, 100],
          [3600, 130],
        ]),
        ...of({ __tokmeter_alive: '1' }, 0, ({ start }) => start),
        ...of({ __tokmeter_alive: '1' }, 3600, ({ end }) => end),
      ]);
    return matrix([
      ...of({ __tokmeter_hour: '1' }, 3600, ({ start, hour = start }) => hour),
      ...of({ __tokmeter_late: '1' }, 3600, ({ late }) => late),
      ...of({ __tokmeter_still: '1' }, 3600, ({ end, still = end }) => still),
      ...said.flatMap(({ instance, known = true }) => (known ? [series({ __tokmeter_known: '1', job: 'a', instance }, [[3600, 1]])] : [])),
    ]);
  };
}

const steady: Said = { instance: 'i', ever: 5 };
const born: Said = { instance: 'j', ever: 5, start: 3 };

describe('a look at a whole window', () => {
  it.each<[string, readonly Said[], boolean, string, number]>([
    ['in which nothing happens', [steady], true, 'sums', 0],
    ['in which a counter of a known target begins', [steady, born], false, 'sums', 1],
    ['in which a counter begins at a target that was not known', [{ ...born, known: false }], false, 'pieces', 1],
    ['in which a counter begins that may have been there in the hour before', [{ ...born, hour: 4 }], false, 'pieces', 1],
    ['in which a counter begins too late to tell', [{ ...born, late: 4 }], false, 'pieces', 1],
    ['in which a counter begins where another ends', [{ ...born, end: 4 }], false, 'pieces', 1],
    ['in which one has just ended where another began', [{ ...born, still: 4 }], false, 'pieces', 1],
    ['in which a target ends', [steady, { instance: 'k', ever: 5, end: 0 }], false, 'ends', 0],
    ['in which one target ends and another begins', [born, { instance: 'k', ever: 5, end: 0 }], false, 'ends', 1],
    ['in which as many end as begin', [{ ...steady, ever: 6, start: 5, end: 5 }], false, 'pieces', 1],
    ['in which a counter is reset', [{ ...steady, resets: 1 }], false, 'pieces', 0],
  ])('%s', async (_, said, quiet, counted, further) => {
    const source = memorySource({ endpoints: { 'http://prometheus/api/v1/query_range': answer(said) } });
    const glance = await glanceAt(source, { first: tokens, others: [] }, window);
    expect(glance.quiet).toBe(quiet);
    expect(glance.growth).toEqual([[{ values: ['x'], type: 'total', points: [[3600, 30]] }]]);
    const before = source.log.length;
    const told = await birthsIn(source, glance);
    const ranges = source.log.slice(before).filter((each) => JSON.stringify(each).includes('query_range'));
    expect({ counted: told.counted, further: ranges.length }).toEqual({ counted, further });
  });
});
