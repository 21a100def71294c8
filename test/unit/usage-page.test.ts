import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { PricedRow, UsageReport } from '../../src/model/usage.ts';
import { ticksOf } from '../../src/report/chart-times.ts';
import type { Chart } from '../../src/report/usage-charts.ts';
import { usageHtml } from '../../src/report/usage-html.ts';
import { reported } from './usage-reported.ts';

type Stored = NonNullable<UsageReport['usage']>;

const row = (name: string, points: readonly number[], cost: PricedRow['cost'] = null): PricedRow => ({
  values: [name],
  tokens: { input: points.reduce((sum, each) => sum + each, 0) },
  requests: null,
  points,
  pieces: [],
  cost,
});

const reportOf = (rows: readonly PricedRow[], change: Partial<Stored> = {}, currency: string | null = null): UsageReport =>
  reported(
    { from: 'Prometheus a/b', by: ['team'], counted: ['input'], rows, ...change },
    { prices: currency === null ? null : { currency, unknownModels: [] } },
  );

const script = 'console.log("a")';
const pageOf = (...reports: readonly UsageReport[]): string => usageHtml(reports, '1', script);
/** The charts as the script of the page reads them. */
const dataOf = (page: string): readonly Chart[] =>
  [...page.matchAll(/<script type="application\/json">(.*?)<\/script>/gs)].map(([, json = '']) => JSON.parse(json) as Chart);
const teams = (count: number): readonly PricedRow[] => Array.from({ length: count }, (_, at) => row(`team-${at}`, [1000 - at, 1]));

describe('the page of usage', () => {
  const page = pageOf(reportOf(teams(3)));

  it('allows its own script and nothing else', () => {
    const hash = createHash('sha256').update(script).digest('base64');
    expect(page).toContain(
      `content="default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'"`,
    );
    expect(page).toContain(`<script>${script}</script>`);
    expect(page).not.toMatch(/\bon[a-z]+=|url\((?!#)|src=|href=|@import/);
  });

  it('draws without a script, and says in words what it draws', () => {
    expect(page.match(/<svg role="img" aria-label="[^"]{20,}"/g)).toHaveLength(2);
    expect(page).toContain('aria-label="tokens by team: team-0 1,001, team-1 1,000, team-2 999"');
    expect(page).toContain('the most in 2025-11-24T16:00:00Z to 2025-11-24T16:30:00Z: 2,997"');
    expect(page).toContain('Tokens every 30 minutes');
    expect(page).toContain('<th scope="row">2025-11-24T16:30:00Z</th><td>1</td><td>1</td><td>1</td>');
  });

  it('is the same each time, and no part of it has the id of another', () => {
    const both = pageOf(reportOf(teams(8)), reportOf(teams(8)));
    expect(pageOf(reportOf(teams(8)), reportOf(teams(8)))).toBe(both);
    const ids = [...both.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect([...both.matchAll(/url\(#([^)]+)\)/g)].filter(([, id]) => !ids.includes(id))).toEqual([]);
    expect(ids.length).toBeGreaterThan(8);
  });

  it('names whose library it carries, and under which licence', () => {
    expect(page).toMatch(/Charts by Apache ECharts \d+\.\d+\.\d+ \(Apache-2\.0\) with ZRender \(BSD-3-Clause\)/);
  });
});

describe('a chart', () => {
  it('has the largest groups, and the others as one', () => {
    const [bars, columns] = dataOf(pageOf(reportOf(teams(1000))));
    expect(bars).toMatchObject({ kind: 'bars', caption: 'Tokens by team, the 12 largest of 1000' });
    expect(columns).toMatchObject({
      kind: 'columns',
      bands: [...[0, 1, 2, 3, 4].map((at) => ({ name: `team-${at}` })), { name: '995 more', points: [expect.any(Number), 995] }],
    });
  });

  it('shows what groups cost, and that some of it has no price', () => {
    const rows = [
      row('a', [3, 1], { amount: 12.3, unpriced: 0 }),
      row('b', [2, 1], { amount: 1, unpriced: 2 }),
      row('c', [1, 1], { amount: 0, unpriced: 2 }),
    ];
    const page = pageOf(reportOf(rows, {}, 'EUR'));
    const [bars] = dataOf(page);
    expect(bars?.kind === 'bars' ? bars.bars.map(({ text }) => text) : []).toEqual(['4 · 12.30 EUR', '3 · 1.00+ EUR', '2']);
    expect(page).toMatch(/<text [^>]*>4 · 12\.30 EUR<\/text>/);
  });

  it.each([
    ['no group', [], 0],
    ['groups that used nothing', [row('a', [0, 0])], 0],
    ['one piece', [row('a', [5])], 1],
    ['two pieces', [row('a', [5, 0])], 2],
  ])('is not drawn of nothing: %s', (_, rows, charts) => {
    const page = pageOf(reportOf(rows));
    expect({ data: dataOf(page).length, drawn: page.match(/<svg role="img"/g)?.length ?? 0 }).toEqual({ data: charts, drawn: charts });
  });

  it('is not drawn over time where counters were read directly', () => {
    const page = pageOf(reportOf([row('a', [])], { window: null, since: { oldest: 'x', newest: 'x' } }));
    expect(dataOf(page)).toEqual([]);
    const used = { ...row('a', []), tokens: { input: 5 } };
    expect(dataOf(pageOf(reportOf([used], { window: null, since: { oldest: 'x', newest: 'x' } }))).map(({ kind }) => kind)).toEqual([
      'bars',
    ]);
  });

  it.each([
    ['</script><script>alert(1)</script>', '</script><script>alert(1)</script>'],
    ['<!--<script>', '<!--<script>'],
    [`"'><img src=x onerror=alert(1)>`, `"'><img src=x onerror=alert(1)>`],
    ['a\r\u001b[2J\u2028b', 'a\\r\\u{1b}[2J\\u{2028}b'],
    ['\u202egnp', '\\u{202e}gnp'],
    ['" id="zr0-c0', '" id="zr0-c0'],
    ['צוות 🦊', 'צוות 🦊'],
    ['z'.repeat(10_000), `${'z'.repeat(119)}…`],
    ['__proto__', '\u00a0__proto__'],
    ['constructor', '\u00a0constructor'],
  ])('has %j for a name, which ends nothing', (name, shown) => {
    const page = pageOf(reportOf([row(name, [1, 2])]));
    const [bars, columns] = dataOf(page);
    expect([bars?.kind === 'bars' && bars.bars[0]?.name, columns?.kind === 'columns' && columns.bands[0]?.name]).toEqual([shown, shown]);
    expect(page.match(/<\/?script/gi)).toHaveLength(6);
    expect(page).not.toMatch(/<img|<!--/);
    expect(page.length).toBeLessThan(14_000);
  });
});

describe('names that every object has', () => {
  const members = Object.getOwnPropertyNames(Object.prototype);

  it('are drawn, and change no object', () => {
    const page = pageOf(reportOf(members.map((name) => row(name, [2, 1]))));
    expect(Object.getOwnPropertyNames(Object.prototype)).toEqual(members);
    expect(Object.hasOwn(Object, 'next')).toBe(false);
    expect(page).not.toMatch(/NaN|undefined/);
    expect(dataOf(page)).toHaveLength(2);
  });

  // What is cut to fit is measured by its beginnings.
  it.each([1, 2, 3, 4, 6, 8, 10, 12])('do so neither where %d wide letters follow', (wide) => {
    pageOf(reportOf([row(`__proto__${'漢'.repeat(wide)}`, [2, 1])]));
    expect(Object.getOwnPropertyNames(Object.prototype)).toEqual(members);
  });
});

describe('the colours of the charts', () => {
  const page = pageOf(reportOf(teams(1)));
  const luminance = (hex: string): number => {
    const [r = 0, g = 0, b = 0] = [1, 3, 5]
      .map((at) => Number.parseInt(hex.slice(at, at + 2), 16) / 255)
      .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = (one: string, other: string): number => {
    const [dark = 0, light = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
    return (light + 0.05) / (dark + 0.05);
  };
  const schemes = [...page.matchAll(/:root\{[^}]*--c5:[^}]*\}/g)].map(([rule]) =>
    Object.fromEntries(
      [...rule.matchAll(/--(\w+):(#\w+)/g)].map(([, name, value = '']) => [name, value.length === 4 ? value + value.slice(1) : value]),
    ),
  );

  // https://www.w3.org/TR/WCAG21/#non-text-contrast
  it.each(['light', 'dark'].map((name, at) => [name, schemes[at] ?? {}] as const))('are told from the background in %s', (_, colours) => {
    for (const look of ['c0', 'c1', 'c2', 'c3', 'c4', 'c5']) expect(contrast(colours[look] ?? '', colours.back ?? '')).toBeGreaterThan(3);
    for (const text of ['ink', 'faint']) expect(contrast(colours[text] ?? '', colours.back ?? '')).toBeGreaterThan(4.5);
  });

  it('are not all that tells one group from the next', () => {
    const [, columns = ''] = pageOf(reportOf(teams(8)))
      .split('<figure')
      .slice(1);
    const patterns = [...(columns.split('class="key"')[0]?.matchAll(/<pattern [^>]*>(.*?)<\/pattern>/gs) ?? [])].map(([whole]) =>
      whole.replace(/ id="[^"]+"/, ''),
    );
    expect({ drawn: patterns.length, different: new Set(patterns).size }).toEqual({ drawn: 4, different: 4 });
  });
});

describe('what stands below the columns', () => {
  const at = Date.UTC(2025, 10, 24, 16) / 1000;
  const told = (start: number, step: number, columns: number, most: number): readonly string[] =>
    ticksOf({ start, step, end: start + step * columns }, columns, most).filter((text) => text !== '');

  it.each<[string, number, number, number, number, readonly string[]]>([
    ['hours of a day', at, 1800, 48, 8, ['18:00\n24 Nov', '21:00', '00:00\n25 Nov', '03:00', '06:00', '09:00', '12:00', '15:00']],
    ['minutes', at, 300, 12, 4, ['16:00\n24 Nov', '16:15', '16:30', '16:45']],
    ['days', Date.UTC(2025, 10, 1) / 1000, 86_400, 30, 5, ['6 Nov', '13 Nov', '20 Nov', '27 Nov']],
    ['pieces that begin at odd times', at + 7, 1800, 4, 2, ['16:00\n24 Nov', '17:00']],
    ['pieces of fractions of a second', at, 333.3, 4, 4, ['16:00\n24 Nov', '16:05', '16:11', '16:16']],
  ])('%s', (_, start, step, columns, most, ticks) => expect(told(start, step, columns, most)).toEqual(ticks));
});
