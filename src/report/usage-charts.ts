import { type PricedRow, totalOf, type UsageWindow } from '../model/usage.ts';
import { markup } from './safe.ts';
import { grouped, instant, none, type Shown } from './usage-figures.ts';

/** Groups that have a colour of their own; the others share one. Each colour is told from its background, and no chart relies on it alone. */
const most = 5;
const colours = ['var(--c0)', 'var(--c1)', 'var(--c2)', 'var(--c3)', 'var(--c4)'];
const othersColour = 'var(--c5)';

/** Rows to draw, and the others as one. */
interface Band {
  readonly name: string;
  readonly colour: string;
  readonly points: readonly number[];
}

function bandsOf({ rows }: Shown): readonly Band[] {
  const own = rows.slice(0, most).map((row, at) => ({ name: nameOf(row), colour: colours[at] ?? othersColour, points: row.points }));
  const others = rows.slice(most);
  if (others.length === 0) return own;
  const pieces = others[0]?.points.length ?? 0;
  const points = Array.from({ length: pieces }, (_, at) => others.reduce((sum, row) => sum + (row.points[at] ?? 0), 0));
  return [...own, { name: `${others.length} more`, colour: othersColour, points }];
}

const nameOf = ({ values }: PricedRow): string => values.map((value) => value || none).join(' · ');

/** Longest name beside a bar; the whole name stands in its title and in the table. */
const longest = 34;
const shortened = (name: string): string => ([...name].length > longest ? `${[...name].slice(0, longest - 1).join('')}…` : name);

/** Most bars; what is beyond them stands in the table. */
const mostBars = 12;

/** Tokens of the largest groups as bars. */
export function barChart({ rows, by, counted }: Shown): readonly string[] {
  const shown = rows
    .slice(0, mostBars)
    .map((row, at) => ({ name: nameOf(row), colour: colours[at] ?? othersColour, total: totalOf(row, counted) }));
  const largest = Math.max(0, ...shown.map(({ total }) => total));
  if (largest === 0) return [];
  const bars = shown.map(({ name, colour, total }, at) => {
    const y = at * 26 + 4;
    const length = Math.max(1, (total / largest) * 430);
    return `<g><title>${markup(`${name}: ${grouped(total)} tokens`)}</title><text x="228" y="${y + 14}" text-anchor="end">${markup(shortened(name))}</text><rect x="240" y="${y}" width="${length.toFixed(1)}" height="18" rx="2" fill="${colour}"/><text x="${(248 + length).toFixed(1)}" y="${y + 14}">${grouped(total)}</text></g>`;
  });
  const label = `tokens by ${by.join(', ')}: ${shown.map(({ name, total }) => `${name} ${grouped(total)}`).join(', ')}`;
  const more = rows.length > mostBars ? `<figcaption>The ${mostBars} largest of ${rows.length}</figcaption>` : '';
  return [
    `<figure>${more}<svg viewBox="0 0 800 ${shown.length * 26 + 4}" role="img" aria-label="${markup(label)}">${bars.join('')}</svg></figure>`,
  ];
}

const left = 70;
const width = 800;
const height = 240;
const bottom = 24;

/** Tokens of each piece of the window, the groups stacked. */
export function timeChart(usage: Shown): readonly string[] {
  if (usage.window === null) return [];
  const { window, bands } = drawable(usage.window, bandsOf(usage));
  const pieces = bands[0]?.points.length ?? 0;
  if (pieces < 2) return [];
  const sums = Array.from({ length: pieces }, (_, at) => bands.reduce((sum, { points }) => sum + (points[at] ?? 0), 0));
  const top = niceAbove(Math.max(...sums));
  if (top === 0) return [];
  const yOf = (tokens: number): number => height - bottom - (tokens / top) * (height - bottom - 10);
  const columns = sums.map((_, at) => column(bands, { at, pieces, yOf, start: window.start, step: window.step, end: window.end }));
  const lines = [0, top / 2, top].map(
    (tokens) =>
      `<line class="grid" x1="${left}" x2="${width}" y1="${yOf(tokens).toFixed(1)}" y2="${yOf(tokens).toFixed(1)}"/><text x="${left - 8}" y="${(yOf(tokens) + 4).toFixed(1)}" text-anchor="end">${short(tokens)}</text>`,
  );
  const times = [
    `<text x="${left}" y="${height - 6}">${instant(window.start)}</text>`,
    `<text x="${width}" y="${height - 6}" text-anchor="end">${instant(window.end)}</text>`,
  ];
  const busiest = sums.indexOf(Math.max(...sums));
  const label = `tokens over time; the most in ${spanOf(window, busiest)}: ${grouped(sums[busiest] ?? 0)}`;
  return [
    `<figure><figcaption>Tokens every ${spanText(window.step)}</figcaption><svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${markup(label)}">${[...lines, ...columns, ...times].join('')}</svg>${key(bands)}</figure>`,
  ];
}

/** Columns of which one can still be told from the next, at three pixels each. */
const mostColumns = 240;

/** Neighbouring pieces as one where there are more than can be drawn. */
function drawable(window: UsageWindow, bands: readonly Band[]): { readonly window: UsageWindow; readonly bands: readonly Band[] } {
  const each = Math.ceil((bands[0]?.points.length ?? 0) / mostColumns);
  if (each < 2) return { window, bands };
  const merged = (points: readonly number[]): readonly number[] =>
    Array.from({ length: Math.ceil(points.length / each) }, (_, at) =>
      points.slice(at * each, (at + 1) * each).reduce((sum, tokens) => sum + tokens, 0),
    );
  return { window: { ...window, step: window.step * each }, bands: bands.map((band) => ({ ...band, points: merged(band.points) })) };
}

interface Placed {
  readonly at: number;
  readonly pieces: number;
  readonly start: number;
  readonly step: number;
  readonly end: number;
  yOf(tokens: number): number;
}

function column(bands: readonly Band[], { at, pieces, yOf, ...window }: Placed): string {
  const slot = (width - left) / pieces;
  const x = left + at * slot + slot * 0.1;
  let below = 0;
  const parts = bands.flatMap(({ name, colour, points }) => {
    const tokens = points[at] ?? 0;
    if (tokens <= 0) return [];
    const [y, base] = [yOf(below + tokens), yOf(below)];
    below += tokens;
    return [
      `<rect x="${x.toFixed(1)}" y="${y.toFixed(1)}" width="${(slot * 0.8).toFixed(1)}" height="${(base - y).toFixed(1)}" fill="${colour}"><title>${markup(`${name}, ${spanOf(window, at)}: ${grouped(tokens)} tokens`)}</title></rect>`,
    ];
  });
  return parts.join('');
}

function key(bands: readonly Band[]): string {
  const items = bands.map(
    ({ name, colour }) =>
      `<li><svg viewBox="0 0 10 10" aria-hidden="true"><rect width="10" height="10" fill="${colour}"/></svg>${markup(name)}</li>`,
  );
  return `<ul class="key">${items.join('')}</ul>`;
}

const spanOf = ({ start, step, end }: UsageWindow, at: number): string =>
  `${instant(start + at * step)} to ${instant(Math.min(end, start + (at + 1) * step))}`;

function spanText(seconds: number): string {
  const units = [
    [86_400, 'day'],
    [3600, 'hour'],
    [60, 'minute'],
  ] as const;
  for (const [unit, name] of units) if (seconds % unit === 0) return seconds === unit ? name : `${seconds / unit} ${name}s`;
  return `${Number(seconds.toFixed(1))} seconds`;
}

/** The next round number above. */
function niceAbove(value: number): number {
  if (value <= 0) return 0;
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10].map((factor) => factor * power).find((candidate) => candidate >= value) ?? value;
}

function short(tokens: number): string {
  if (tokens >= 1_000_000) return `${Number((tokens / 1_000_000).toFixed(1))} M`;
  return tokens >= 1000 ? `${Number((tokens / 1000).toFixed(1))} k` : String(Number(tokens.toFixed(1)));
}
