import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { PricedRow, UsageReport } from '../../src/model/usage.ts';
import { plain } from '../../src/report/style.ts';
import { type UsageFormat, usageFormats, usageText } from '../../src/report/usage.ts';
import { cell } from '../../src/report/usage-csv.ts';
import { grouped, money, percent } from '../../src/report/usage-figures.ts';
import { usageHtml } from '../../src/report/usage-html.ts';
import { bar } from '../../src/report/usage-table.ts';
import { reported } from './usage-reported.ts';

const row = (values: readonly string[], input: number, output: number, cost: PricedRow['cost'] = null): PricedRow => ({
  values,
  tokens: { input, output, cached_input: Math.floor(input / 4) },
  requests: Math.round(input / 100),
  points: [input, output],
  pieces: [],
  cost,
});

const report = (change: Partial<NonNullable<UsageReport['usage']>> = {}, rest: Partial<UsageReport> = {}): UsageReport =>
  reported(
    {
      from: 'Prometheus monitoring/k8s',
      by: ['user_namespace', 'user_id'],
      counted: ['input', 'output'],
      rows: [row(['team-a', 'alice'], 1_200_000, 34_567), row(['team-b', ''], 40_000, 5_000), row(['', ''], 300, 1)],
      ...change,
    },
    { trust: { judged: 14, failing: [], unknown: [] }, ...rest },
  );

const pageOf = (...reports: readonly UsageReport[]): string => usageHtml(reports, '1', 'void 0');
const textIn = (format: UsageFormat, reported: UsageReport): string =>
  format === 'html' ? pageOf(reported) : usageText([reported], format, plain, '1');

const failing = [
  {
    id: 'duplicate-targets',
    severity: 'error' as const,
    message: 'Pod a/b: scraped twice',
    effect: 'the numbers here count each proxy once',
  },
];

describe('the table', () => {
  it('is as a person reads it', () => {
    const text = usageText([report({}, { trust: { judged: 14, failing, unknown: ['targets-down'] } })], 'table', plain, '1');
    expect(text).toBe(`USER_NAMESPACE   USER_ID   INPUT       OUTPUT   TOTAL       SHARE
team-a           alice     1,200,000   34,567   1,234,567    96.5%   ████████████████
team-b           (none)       40,000    5,000      45,000     3.5%   ▋
(none)           (none)          300        1         301    <0.1%   ▏
total                      1,240,300   39,568   1,279,868   100.0%

Prometheus monitoring/k8s, 2025-11-24T16:00:00Z to 2025-11-24T17:00:00Z
- <0.1% of the tokens have no user_namespace
- 3.5% of the tokens have no user_id
- trust: 1 of 14 checks that bear on these numbers fails, 1 could not look
  (targets-down)
- duplicate-targets: Pod a/b: scraped twice; the numbers here count each proxy
  once
`);
  });

  it('shows the largest, and the others as one', () => {
    const lines = usageText([report({}, { top: 1 })], 'table', plain, '1').split('\n');
    expect(lines[2]).toBe('(2 more)                      40,300    5,001      45,301     3.5%');
  });

  it('shows no cost of what has no price', () => {
    const prices = { currency: 'EUR', unknownModels: [{ model: 'new', tokens: 45_000 }] };
    const rows = [
      row(['a', 'x'], 10, 10, { amount: 12.3, unpriced: 0 }),
      row(['b', 'y'], 10, 10, { amount: 0, unpriced: 20 }),
      row(['c', 'z'], 5, 5, { amount: 1, unpriced: 5 }),
    ];
    const text = usageText([report({ rows }, { prices })], 'table', plain, '1');
    expect(text).toMatch(/a +x .* 12\.30 /);
    expect(text).toMatch(/b +y .* unknown /);
    expect(text).toMatch(/c +z .* 1\.00\+ /);
    expect(text).toContain('no price for model new: 45,000 tokens are not in the cost');
  });

  it('says why there is nothing', () => {
    expect(usageText([report({}, { usage: null, why: 'the path breaks at "discover"' })], 'table', plain, '1')).toContain(
      'the path breaks at "discover"',
    );
  });

  it('says what could not be told', () => {
    const unread = [{ what: 'x', reason: 'timeout' as const, message: 'shard 1 timed out', needs: null }];
    const text = usageText([report({ unsure: 1234, unread })], 'table', plain, '1').replace(/\s+/g, ' ');
    expect(text).toContain('up to 1,234 tokens more');
    expect(text).toContain('shard 1 timed out; its tokens are missing');
  });
});

describe('pieces of the window', () => {
  const pieced = (values: readonly string[], tokens: readonly number[]): PricedRow => ({
    ...row(
      values,
      tokens.reduce((sum, each) => sum + each, 0),
      0,
    ),
    points: tokens,
    pieces: tokens.flatMap((input, at) => (input === 0 ? [] : [{ at, tokens: { input }, requests: 1, cost: null }])),
  });
  const rows = [pieced(['team-a', 'alice'], [300, 200]), pieced(['team-b', ''], [0, 100]), pieced(['team-c', 'x'], [1, 2])];
  const apart = report({ apart: true, rows, counted: ['input'] }, { top: 2 });

  it('are lines by time, and the others of each as one', () => {
    const lines = usageText([apart], 'table', plain, '1').split('\n').slice(0, 7);
    expect(
      lines.map((line) =>
        line
          .replace(/ +/g, ' ')
          .replace(/ [█▏▎▍▌▋▊▉]+$/, '')
          .trimEnd(),
      ),
    ).toEqual([
      'START USER_NAMESPACE USER_ID INPUT TOTAL SHARE',
      '2025-11-24T16:00:00Z team-a alice 300 300 49.8%',
      '2025-11-24T16:00:00Z (1 more) 1 1 0.2%',
      '2025-11-24T16:30:00Z team-a alice 200 200 33.2%',
      '2025-11-24T16:30:00Z team-b (none) 100 100 16.6%',
      '2025-11-24T16:30:00Z (1 more) 2 2 0.3%',
      'total 603 603 100.0%',
    ]);
  });

  it('have their beginning and end in CSV', () => {
    const [head, first, ...rest] = usageText([apart], 'csv', plain, '1').trim().split('\r\n');
    expect(head).toBe('start,end,user_namespace,user_id,input,cached_input,cache_creation_input,reasoning,total,requests');
    expect(first).toBe('2025-11-24T16:00:00Z,2025-11-24T16:30:00Z,team-a,alice,300,0,0,0,300,1');
    expect(rest).toHaveLength(2);
  });

  it('are points of each row, of the others and of the total in JSON', () => {
    const [
      {
        rows: [first],
        others,
        total,
      },
    ] = JSON.parse(usageText([apart], 'json', plain, '1')).usages;
    const times = [
      { start: '2025-11-24T16:00:00Z', end: '2025-11-24T16:30:00Z' },
      { start: '2025-11-24T16:30:00Z', end: '2025-11-24T17:00:00Z' },
    ];
    const tokensOf = (points: readonly { tokens: number }[]): unknown => points.map(({ tokens }) => tokens);
    expect(first.points).toEqual(
      times.map((time, at) => ({ ...time, tokens: 300 - 100 * at, byType: { input: 300 - 100 * at }, requests: 1 })),
    );
    expect([others, total].map(({ points }) => tokensOf(points))).toEqual([
      [1, 2],
      [301, 302],
    ]);
    expect(tokensOf([others, total])).toEqual([3, 603]);
  });

  it('are a table of their own on the page, and as many columns as can be told apart', () => {
    const many = pieced(
      ['team-a', 'alice'],
      Array.from({ length: 1000 }, (_, at) => at + 1),
    );
    const page = pageOf(report({ apart: true, rows: [many], window: { start: 0, end: 60_000, step: 60 } }));
    expect(page).toContain('<h2>Over time</h2>');
    expect(page).toContain('Tokens every 9 minutes');
    const [, columns] = page.split('<figure').slice(1);
    expect(columns?.match(/<path [^>]*fill="var\(--c0\)"/g)).toHaveLength(112 + 1);
    // Of the chart's own table, of the groups and of the pieces.
    expect(page.match(/<tr>/g)).toHaveLength(1 + 112 + (1 + 1 + 1) + (1 + 1000 + 1));
  });

  it('are in markdown code but for what tokmeter says itself', () => {
    const lines = usageText([apart], 'markdown', plain, '1')
      .split('\n')
      .filter((line) => line.startsWith('|'));
    expect(lines[3]).toMatch(/^\| `2025-11-24T16:00:00Z` \||^\| 2025-11-24T16:00:00Z \| \(1 more\)/);
    expect(new Set(lines.map((line) => line.split('|').length)).size).toBe(1);
  });
});

describe('several pipelines', () => {
  const other = report({ by: ['user'], rows: [row(['alice'], 5, 1)] }, { pipeline: 'kuadrant' });
  const silent = report({}, { pipeline: 'lgtm', usage: null, why: 'unknown label "x"' });

  it('stand each under its name, and those without tokens say why', () => {
    const text = usageText([report(), other, silent], 'table', plain, '1');
    expect(text).toMatch(/^envoy-ai-gateway:\nUSER_NAMESPACE/);
    expect(text).toMatch(/\nkuadrant:\nUSER /);
    expect(text).toContain('\nlgtm:\nunknown label "x"\n');
  });

  it('are one table in CSV', () => {
    const lines = usageText([report(), other, silent], 'csv', plain, '1').trim().split('\r\n');
    expect(lines[0]).toBe('pipeline,user_namespace,user_id,user,input,output,cached_input,cache_creation_input,reasoning,total,requests');
    expect(lines.at(-1)).toBe('kuadrant,,,alice,5,1,1,0,0,6,0');
  });

  it('are named in markdown and on the page', () => {
    expect(usageText([report(), other], 'markdown', plain, '1')).toContain('## tokmeter usage: `kuadrant`');
    expect(pageOf(report(), other)).toContain('<h1>Token usage of cluster dev: kuadrant</h1>');
  });
});

describe('hostile names', () => {
  const evil = ["=cmd|' /C calc'!A0", '<script>alert(1)</script>', '\u001b[2J\u202egnp', 'a|b`c``d', '"x",y\r\nz', '@SUM(1)', '__proto__'];
  const rows = evil.map((name, at) => row([name, name], 100 * (at + 1), 1));
  const hostile = report({ rows, by: ['user_namespace', 'user_id'] });

  it.each(usageFormats)('cannot steer a terminal as %s', (format) => {
    const text = textIn(format, hostile).replaceAll('\r\n', '\n');
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/);
  });

  it('are no markup in HTML', () => {
    const text = pageOf(hostile);
    // The data of two charts, and the script.
    expect(text.match(/<\/?script[^>]*>/gi)).toHaveLength(6);
    expect(text).not.toContain('<!--');
    const tags = new Set([...text.matchAll(/<([a-z0-9]+)/gi)].map(([, tag]) => tag));
    const own =
      'html head meta title style script body main h1 h2 p figure figcaption svg g defs pattern text rect path ul li span details summary div table thead tbody tfoot tr th td footer';
    expect([...tags].filter((tag) => !own.split(' ').includes(tag ?? ''))).toEqual([]);
  });

  it('end no cell and no code in markdown', () => {
    const lines = usageText([hostile], 'markdown', plain, '1')
      .split('\n')
      .filter((line) => line.startsWith('|'));
    const columns = lines.map((line) => line.replaceAll('\\|', '').split('|').length);
    expect(new Set(columns).size).toBe(1);
  });

  it('stay what they are in JSON and YAML', () => {
    const documents = [JSON.parse(usageText([hostile], 'json', plain, '1')), parse(usageText([hostile], 'yaml', plain, '1'))];
    for (const { usages } of documents)
      expect(usages[0].rows.map(({ labels }: { labels: { user_id: string } }) => labels.user_id)).toEqual(evil);
  });
});

describe('a CSV cell', () => {
  it.each([
    ['plain', 'plain'],
    ['=1+1', "'=1+1"],
    ['+1', "'+1"],
    ['-1+1', "'-1+1"],
    ['@x', "'@x"],
    ['\tx', "'\\tx"],
    ['＝1', "'＝1"],
    ['-5', '-5'],
    ['a,b', '"a,b"'],
    ['a"b', '"a""b"'],
    ['a\nb', 'a\\nb'],
    ['=a,b', '"\'=a,b"'],
    [' x', '" x"'],
    ['', ''],
  ])('%j', (text, written) => expect(cell(text)).toBe(written));
});

describe('figures', () => {
  it.each([
    [0, '0'],
    [999.6, '1,000'],
    [1234567, '1,234,567'],
  ])('%d tokens', (tokens, text) => expect(grouped(tokens)).toBe(text));
  it.each([
    [0, '0.00'],
    [0.0123, '0.0123'],
    [1234.5, '1,234.50'],
  ])('%d of money', (amount, text) => expect(money(amount)).toBe(text));
  it.each([
    [0, 0, ''],
    [1, 10_000, '<0.1%'],
    [1, 3, '33.3%'],
  ])('%d of %d', (part, whole, text) => expect(percent(part, whole)).toBe(text));
  it.each([
    [0, 10, ''],
    [1, 1_000_000, '▏'],
    [10, 10, '█'.repeat(16)],
  ])('a bar of %d in %d', (part, largest, text) => expect(bar(part, largest)).toBe(text));
});
