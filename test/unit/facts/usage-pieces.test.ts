import { describe, expect, it } from 'vitest';
import { resetParts } from '../../../src/facts/usage-pieces.ts';

describe('the parts of pieces in which counters are reset', () => {
  const span = { start: 0, end: 3600, step: 1800 };

  it.each([
    ['are as long as a scrape where there are few series', 30, 100, 30],
    ['are longer where there are many', 30, 12_500, 180],
    ['are whole where there are too many', 30, 500_000, 1800],
    ['are whole where nothing is scraped more often', 2000, 1, 1800],
    ['are of whole milliseconds', 66.7, 1, 72],
    ['are there without series too', 600, 0, 600],
  ])('%s', (_, interval, series, step) => expect(resetParts(span, { interval, series })).toEqual({ ...span, step }));
});
