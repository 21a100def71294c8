import { type PricedRow, totalOf, type UsageWindow } from '../model/usage.ts';
import { visible } from './safe.ts';
import { grouped, instant, money, none, type Shown } from './usage-figures.ts';

/** What a chart shows, as data that the page carries for its script: no name in it has a hidden character or more than 120. */
export type Chart = Bars | Columns;

/** The total of each group, the largest first. */
export interface Bars {
  readonly kind: 'bars';
  readonly caption: string;
  /** The whole chart in words, for those who do not see it. */
  readonly label: string;
  /** `text` is what stands at the end of a bar: "1,234,567 · 12.30 EUR". */
  readonly bars: readonly { readonly name: string; readonly tokens: number; readonly text: string }[];
}

/** Tokens of each piece of the window, the groups stacked. */
export interface Columns {
  readonly kind: 'columns';
  readonly caption: string;
  readonly label: string;
  readonly window: UsageWindow;
  readonly bands: readonly Band[];
}

/** One group, or the others as one, with its tokens in each piece. */
export interface Band {
  readonly name: string;
  readonly points: readonly number[];
}

/** Groups that have a look of their own; the others share the one after. */
export const looks = 5;

/** Most bars; what is beyond them stands in the table. */
const mostBars = 12;

/** Columns of which one can still be told from the next, at five pixels each. */
const mostColumns = 120;

/** The charts of a usage; none where nothing was used, and none over time where there is but one piece. */
export function chartsOf(usage: Shown, currency: string | null): readonly Chart[] {
  const [bars, columns] = [barsOf(usage, currency), columnsOf(usage)];
  return [...(bars === null ? [] : [bars]), ...(columns === null ? [] : [columns])];
}

function barsOf({ rows, by, counted }: Shown, currency: string | null): Bars | null {
  const bars = rows.slice(0, mostBars).map((row) => {
    const tokens = totalOf(row, counted);
    return { name: nameOf(row), tokens, text: `${grouped(tokens)}${priceOf(row, currency)}` };
  });
  if (!bars.some(({ tokens }) => tokens > 0)) return null;
  const labels = visible(by.join(', '));
  const told = bars.map(({ name, tokens }) => `${name} ${grouped(tokens)}`).join(', ');
  const caption = `Tokens by ${labels}${rows.length > mostBars ? `, the ${mostBars} largest of ${rows.length}` : ''}`;
  return { kind: 'bars', caption, label: `tokens by ${labels}: ${told}`, bars };
}

function priceOf({ cost }: PricedRow, currency: string | null): string {
  if (cost === null || currency === null || (cost.amount === 0 && cost.unpriced > 0)) return '';
  return ` · ${money(cost.amount)}${cost.unpriced > 0 ? '+' : ''} ${visible(currency)}`;
}

function columnsOf(usage: Shown): Columns | null {
  if (usage.window === null) return null;
  const { window, bands } = drawable(usage.window, bandsOf(usage));
  const pieces = bands[0]?.points.length ?? 0;
  const sums = Array.from({ length: pieces }, (_, at) => bands.reduce((sum, { points }) => sum + (points[at] ?? 0), 0));
  const most = Math.max(0, ...sums);
  if (pieces < 2 || most === 0) return null;
  const label = `tokens over time; the most in ${spanOf(window, sums.indexOf(most))}: ${grouped(most)}`;
  return { kind: 'columns', caption: `Tokens every ${spanText(window.step)}`, label, window, bands };
}

function bandsOf({ rows }: Shown): readonly Band[] {
  const own = rows.slice(0, looks).map((row) => ({ name: nameOf(row), points: row.points }));
  const others = rows.slice(looks);
  if (others.length === 0) return own;
  const pieces = others[0]?.points.length ?? 0;
  const points = Array.from({ length: pieces }, (_, at) => others.reduce((sum, row) => sum + (row.points[at] ?? 0), 0));
  return [...own, { name: `${others.length} more`, points }];
}

/** What every object has. The library remembers the widths of texts, and of their beginnings, in a plain object: zrender src/core/LRU.ts. */
const members = Object.getOwnPropertyNames(Object.prototype);

/** With a space before what begins like one of them. */
function nameOf({ values }: PricedRow): string {
  const name = shortened(values.map((value) => visible(value) || none).join(' · '), 120);
  return members.some((member) => name.startsWith(member)) ? `\u00a0${name}` : name;
}

/** Text of at most so many characters; the table has the whole. */
export function shortened(text: string, most: number): string {
  const characters = [...text];
  return characters.length > most ? `${characters.slice(0, most - 1).join('')}…` : text;
}

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

/** When a piece begins and ends: "2025-11-24T16:00:00Z to 2025-11-24T16:30:00Z". */
export const spanOf = ({ start, step, end }: UsageWindow, at: number): string =>
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
