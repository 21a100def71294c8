import { describe, expect, it } from 'vitest';
import { matchOf, topOf, typesOf } from '../../src/commands/usage-flags.ts';
import { stepOf, windowOf } from '../../src/commands/usage-window.ts';
import { birthsQuery, countedQuery, eventQuery, everQuery, spanQuery, valueQuery } from '../../src/facts/usage-query.ts';
import { rowSum } from '../../src/facts/usage-rows.ts';
import { copyLabels, storedAs, usageSelector } from '../../src/facts/usage-selector.ts';
import type { Usage } from '../../src/model/usage.ts';
import { matrixOf } from '../../src/parse/matrix.ts';
import { pricedUsage, priceList } from '../../src/parse/price.ts';
import { queryShape } from '../../src/parse/promql.ts';

describe('the queries', () => {
  const labels = ['__name__', 'job', 'instance', 'pod', 'gen_ai.token.type', 'user_namespace'];
  const family = { name: 'gen_ai.client.token.usage_token_sum', labels, copies: ['job'], target: ['job', 'instance', 'pod'] };
  const selector = usageSelector(family, 'gen_ai.token.type', [
    { label: 'user_namespace', stored: 'user_namespace', op: '=', value: 'a"b\\c\n' },
  ]);
  const groups = { labels: ['user_namespace'], types: ['gen_ai.token.type'] };
  const window = { start: 0, end: 7200, step: 1800 };
  const happening = { births: true, resets: true, interval: 30 };
  const queries = {
    value: valueQuery(family, selector, groups),
    counted: countedQuery(family, selector, groups),
    ever: everQuery(family, selector, window),
    events: eventQuery(family, selector, window),
    'quiet span': spanQuery(family, selector, { groups, happening: { ...happening, births: false, resets: false } }, window),
  };
  const withUp = {
    births: birthsQuery({ ...family, interval: 30 }, selector, window) ?? '',
    'span with births': spanQuery(family, selector, { groups, happening: { ...happening, resets: false } }, window),
    'span with everything': spanQuery(family, selector, { groups, happening }, window),
  };

  it.each([
    ...Object.entries(queries).map(([name, query]) => [name, query, [family.name]] as const),
    ...Object.entries(withUp).map(([name, query]) => [name, query, [family.name, 'up']] as const),
  ])('%s parses, and selects nothing but the one name and up', (_, query, names) => {
    const { error, selectors } = queryShape(query);
    expect(error).toBe(null);
    expect([...new Set(selectors.map(({ name }) => name))].sort()).toEqual(names);
  });

  it('keep a hostile value inside its string', () => {
    const [selected] = queryShape(queries.counted).selectors;
    expect(selected?.matchers.find(({ label }) => label === 'user_namespace')?.value).toBe('a"b\\c\n');
  });

  it('trust no birth where nothing says what was scraped', () => {
    const bare = { ...family, labels: ['user_namespace'], copies: [], target: [] };
    const query = spanQuery(bare, selector, { groups: { labels: ['user_namespace'], types: [] }, happening }, window);
    expect(queryShape(query).error).toBe(null);
    expect(query).not.toContain('up[');
    expect(birthsQuery({ ...bare, interval: 30 }, selector, window)).toBe(null);
  });
});

describe('labels that make copies', () => {
  it.each([
    ['those of scrapers', ['job', 'instance', 'endpoint', 'user_id'], [], [], ['endpoint', 'job']],
    ['target labels', ['job', 'instance', 'node', 'user_id'], ['job', 'instance', 'node'], [], ['job', 'node']],
    ['none that the user groups by', ['job', 'instance'], ['job'], ['job'], []],
    ['none that names a tenant', ['job', 'instance', 'container'], [], ['container'], ['job']],
    ['never the address', ['instance', 'pod', 'namespace', 'cluster'], ['instance', 'pod', 'namespace', 'cluster'], [], []],
    ['only replicas without an address', ['job', 'prometheus_replica'], ['job'], [], ['prometheus_replica']],
  ])('%s', (_, labels, targets, kept, copies) => expect(copyLabels(labels, targets, kept)).toEqual(copies));
});

describe('how a label is stored', () => {
  it.each([
    ['as it is', 'user_id', ['user_id'], true, ['user_id']],
    ['with dots', 'user_id', ['user.id'], true, ['user.id']],
    ['in two spellings', 'user_id', ['user.id', 'user_id'], true, ['user.id', 'user_id']],
    ['pushed aside by a target label', 'namespace', ['namespace', 'exported_namespace'], true, ['exported_namespace']],
    ['the target label itself, when it names no tenant', 'namespace', ['namespace', 'exported_namespace'], false, ['namespace']],
    ['not at all', 'user_id', ['job'], true, []],
  ])('%s', (_, label, labels, identity, stored) => expect(storedAs(label, labels, identity)).toEqual(stored));
});

describe('windows', () => {
  const now = Date.parse('2026-11-25T12:00:00Z') / 1000;
  it.each([
    ['a day by default', {}, 86_400],
    ['--since', { since: '90m' }, 5400],
    ['--start until now', { start: '2026-11-25T11:00:00Z' }, 3600],
    ['--start and --end', { start: '2026-11-24', end: '2026-11-25' }, 86_400],
    ['--since before --end', { since: '1h', end: '2026-11-25T00:00:00Z' }, 3600],
    ['Unix seconds', { start: String(now - 60) }, 60],
  ])('%s', (_, flags, length) => {
    const { start, end, step } = windowOf(flags, now);
    expect(end - start).toBe(length);
    expect((end - start) / step).toBeCloseTo(Math.round((end - start) / step), 9);
  });

  it.each([
    ['no duration', { since: '5x' }],
    ['both beginnings', { since: '1h', start: '2026-11-25' }],
    ['an end before the start', { start: '2026-11-25', end: '2026-11-24' }],
    ['an end in the future', { end: '2026-11-26' }],
    ['words', { start: 'yesterday' }],
    ['a day that is none', { start: '2026-13-45' }],
  ])('refuse %s', (_, flags) => expect(() => windowOf(flags, now)).toThrowError(/--/));

  it.each([
    ['--since', { since: '24h', step: '1h' }, 24, 86_400],
    ['a day of the calendar', { start: '2026-11-24', end: '2026-11-25', step: '1h' }, 24, 86_400],
    ['--start until now, which ends with the last whole piece', { start: '2026-11-24T00:30:00Z', step: '1h' }, 35, 35 * 3600],
    ['the whole window', { since: '1h', step: '1h' }, 1, 3600],
    ["as many as Prometheus's limit", { since: '11000s', step: '1s' }, 11_000, 11_000],
  ])('in pieces of --step: %s', (_, flags, pieces, length) => {
    const { start, end, step } = windowOf(flags, now);
    expect({ pieces: (end - start) / step, length: end - start }).toEqual({ pieces, length });
  });

  it.each([
    ['no duration', { step: 'hourly' }, '--step takes a duration of whole seconds such as 5m, 1h or 1d, not "hourly"'],
    ['nothing', { step: '0' }, '--step takes a duration of whole seconds such as 5m, 1h or 1d, not "0"'],
    ['parts of a second', { step: '1500ms' }, '--step takes a duration of whole seconds such as 5m, 1h or 1d, not "1500ms"'],
    ['more than the window', { since: '30m', step: '1h' }, '--step: 1h is longer than the window of 30m'],
    ['a remainder', { since: '24h', step: '7h' }, '--step: 7h does not cut the window of 1d into equal pieces; 6h or 8h would'],
    [
      'a remainder that nothing near mends',
      { since: '1009s', step: '60s' },
      '--step: 1m does not cut the window of 16m49s into equal pieces',
    ],
    [
      'more pieces than Prometheus answers',
      { since: '7d', step: '30s' },
      /into 20160 pieces, and Prometheus answers at most 11000 points a series; ask for at least 55s/,
    ],
  ])('refuse a --step of %s', (_, flags, message) => expect(() => windowOf(flags, now)).toThrowError(message));

  it.each([60, 299, 600, 3600, 5400, 7 * 3600 + 13, 86_400, 30 * 86_400, 400 * 86_400])(
    'of %d seconds are cut into equal pieces, few enough and long enough',
    (length) => {
      const pieces = length / stepOf(length);
      expect(pieces).toBeCloseTo(Math.round(pieces), 9);
      expect(pieces).toBeLessThanOrEqual(62);
      expect(Math.min(length, 300)).toBeLessThanOrEqual(stepOf(length));
    },
  );
});

describe('flags', () => {
  it.each([
    ['a=b', { label: 'a', op: '=', value: 'b' }],
    ['a!=b', { label: 'a', op: '!=', value: 'b' }],
    ['a=~b.*', { label: 'a', op: '=~', value: 'b.*' }],
    ['a!~b', { label: 'a', op: '!~', value: 'b' }],
    ['a=b=c', { label: 'a', op: '=', value: 'b=c' }],
    ['a=(none)', { label: 'a', op: '=', value: '' }],
  ])('--where %s', (text, match) => expect(matchOf(text)).toEqual(match));
  it.each(['a', '=b', 'a=~('])('--where %s is refused', (text) => expect(() => matchOf(text)).toThrowError(/--where/));
  it.each([['input,cached_input'], ['output,reasoning'], ['tokens']])('--type %s is refused', (types) =>
    expect(() => typesOf(types.split(','))).toThrowError(/--type/),
  );
  it.each(['0', '-1', '1.5', 'x', ''])('--top %s is refused', (text) => expect(() => topOf(text)).toThrowError(/--top/));
});

describe('a matrix', () => {
  it('leaves out what is no number', () => {
    const data = { resultType: 'matrix', result: [{ metric: { a: 'b', c: 1 }, values: [[1, '2'], [2, 'NaN'], ['x', '1'], [3]] }, null] };
    expect(matrixOf(data, 'GET')).toEqual([
      { labels: { a: 'b' }, points: [[1, 2]] },
      { labels: {}, points: [] },
    ]);
  });
  it.each([null, {}, { resultType: 'vector', result: [] }, { resultType: 'matrix', result: {} }])('is not %j', (data) =>
    expect(() => matrixOf(data, 'GET')).toThrowError('answered no matrix'),
  );
});

describe('rows', () => {
  it('add up what two spellings stored, and leave out who used nothing', () => {
    const sum = rowSum({ pieces: 1, apart: false, requests: false, counted: ['input', 'output'] });
    sum.add(['a'], 'input', 2);
    sum.add(['a'], 'input', 3);
    sum.add(['a'], 'cached_input', 1);
    sum.add(['b'], 'input', 0);
    sum.add(['c'], 'output', 9);
    expect(sum.rows().map(({ values, tokens }) => [values[0], tokens])).toEqual([
      ['c', { output: 9 }],
      ['a', { input: 5, cached_input: 1 }],
    ]);
  });
});

describe('pieces of the window', () => {
  const shape = { pieces: 3, apart: true, requests: true, counted: ['input', 'output'] };

  it('keep their types and requests, those without tokens left out', () => {
    const sum = rowSum(shape);
    for (const [type, piece, tokens] of [
      ['input', 2, 5],
      ['input', 0, 3],
      ['cached_input', 0, 2],
      ['output', 1, 0],
    ] as const) {
      sum.add(['a'], type, tokens);
      sum.addPoint(['a'], type, [piece, tokens]);
    }
    sum.addRequests(
      ['a'],
      [
        [0, 1],
        [1, 0],
        [2, 2],
      ],
    );
    const [row] = sum.rows();
    expect(row).toMatchObject({ points: [3, 0, 5], requests: 3 });
    expect(row?.pieces).toEqual([
      { at: 0, tokens: { input: 3, cached_input: 2 }, requests: 1 },
      { at: 2, tokens: { input: 5 }, requests: 2 },
    ]);
  });

  it('are refused before they fill the memory', () => {
    const sum = rowSum({ ...shape, pieces: 11_000 });
    const fill = (): void => {
      for (let group = 0; group < 2000; group++) sum.add([String(group)], 'input', 1);
    };
    expect(fill).toThrowError(/too much to hold; a longer --step, or fewer labels of --by, asks for less/);
  });

  it('cost what they used, and are joined with the rows that are folded', () => {
    const row = (model: string, input: number) => ({
      values: ['a', model],
      tokens: { input },
      requests: null,
      points: [input],
      pieces: [{ at: 0, tokens: { input }, requests: null }],
    });
    const usage: Usage = {
      from: 'x',
      window: { start: 0, end: 60, step: 60 },
      apart: true,
      since: null,
      by: ['team', 'model'],
      extra: 'model',
      counted: ['input', 'output'],
      rows: [row('m', 1_000_000), row('new', 5)],
      unsure: 0,
      notes: [],
      unread: [],
    };
    expect(pricedUsage(usage, priceList('m: {input: 2, output: 10}'), 'model').rows[0]?.pieces).toEqual([
      { at: 0, tokens: { input: 1_000_005 }, requests: null, cost: { amount: 2, unpriced: 5 } },
    ]);
  });
});

describe('prices', () => {
  const usage: Usage = {
    from: 'x',
    window: null,
    apart: false,
    since: null,
    by: ['team', 'model'],
    extra: 'model',
    counted: ['input', 'output'],
    rows: [
      { values: ['a', 'm'], tokens: { input: 1_000_000, cached_input: 400_000, output: 100_000 }, requests: null, points: [], pieces: [] },
      { values: ['a', 'new'], tokens: { input: 5, output: 6 }, requests: null, points: [], pieces: [] },
    ],
    unsure: 0,
    notes: [],
    unread: [],
  };
  it('take cached input out of input, and keep unknown models apart', () => {
    const { rows, unknownModels } = pricedUsage(usage, priceList('m: {input: 2, cached: 1, output: 10}'), 'model');
    expect(rows).toEqual([
      {
        values: ['a'],
        tokens: { input: 1_000_005, cached_input: 400_000, output: 100_006 },
        requests: null,
        points: [],
        pieces: [],
        cost: { amount: 1.2 + 0.4 + 1, unpriced: 11 },
      },
    ]);
    expect(unknownModels).toEqual([{ model: 'new', tokens: 11 }]);
  });
  it('are none without a list', () => expect(pricedUsage(usage, null, 'model').rows[0]?.cost).toBe(null));
  it.each([
    ['JSON', '{"currency":"EUR","models":{"m":{"input":1,"output":2}}}', 'EUR'],
    ['models alone', 'm: {input: 1, output: 2}', 'USD'],
    ['a model named models', 'models: {input: 1, output: 2}', 'USD'],
  ])('are read from %s', (_, text, currency) => {
    const list = priceList(text);
    expect([list.currency, [...list.models.values()]]).toEqual([currency, [{ input: 1, cached: 1, output: 2 }]]);
  });
  it.each([
    ['nothing', '', /names no model/],
    ['no YAML', '{', /neither YAML nor JSON/],
    ['a negative price', 'm: {input: -1, output: 2}', /needs input/],
    ['a price in words', 'm: {input: free, output: 2}', /needs input/],
    ['a missing price', 'm: {input: 1}', /needs output/],
    ['a misspelt key', 'm: {input: 1, ouput: 2}', /has "ouput"/],
  ])('refuse %s', (_, text, message) => expect(() => priceList(text)).toThrowError(message));
});
