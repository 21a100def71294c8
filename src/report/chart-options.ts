import type { BarSeriesOption } from 'echarts/charts';
import type { GridComponentOption, TooltipComponentOption } from 'echarts/components';
import type { ComposeOption } from 'echarts/core';
import { ticksOf } from './chart-times.ts';
import { type Bars, type Chart, type Columns, looks, shortened, spanOf } from './usage-charts.ts';
import { grouped } from './usage-figures.ts';

/** What the library is told of one chart. */
export type Option = ComposeOption<BarSeriesOption | GridComponentOption | TooltipComponentOption>;
type Decal = Exclude<NonNullable<NonNullable<BarSeriesOption['itemStyle']>['decal']>, 'none'>;

interface Look {
  readonly color: string;
  readonly decal?: Decal;
}

/** Patterns, so that no group is told by its hue alone: plain, two slants, dots, level and upright lines. */
const decals: readonly (Decal | null)[] = [
  null,
  { symbol: 'rect', dashArrayX: [1, 0], dashArrayY: [2, 5], rotation: Math.PI / 4 },
  {
    symbol: 'circle',
    symbolSize: 0.7,
    dashArrayX: [
      [5, 5],
      [0, 5, 5, 0],
    ],
    dashArrayY: [5, 0],
  },
  { symbol: 'rect', dashArrayX: [1, 0], dashArrayY: [2, 5], rotation: -Math.PI / 4 },
  { symbol: 'rect', dashArrayX: [1, 0], dashArrayY: [2, 4], rotation: 0 },
  null,
];

/** Colours are the page's own, by name, so that one drawing suits light, dark and paper. */
function lookOf(at: number): Look {
  const look = Math.min(at, looks);
  const [color, decal] = [`var(--c${look})`, decals[look]];
  return decal ? { color, decal: { ...decal, color: 'var(--decal)' } } : { color };
}

const font = { fontFamily: 'system-ui,sans-serif', fontSize: 12, color: 'var(--ink)' };
const still = { animation: false, textStyle: font } as const;
const axis = { axisLine: { lineStyle: { color: 'var(--line)' } }, axisTick: { show: false }, axisLabel: { ...font } } as const;
const quiet = { emphasis: { disabled: true }, cursor: 'default' } as const;

const tooltip: TooltipComponentOption = {
  trigger: 'axis',
  confine: true,
  transitionDuration: 0,
  backgroundColor: 'var(--back)',
  borderColor: 'var(--line)',
  textStyle: font,
  extraCssText: 'max-width:100%;white-space:normal;overflow-wrap:anywhere',
  axisPointer: { type: 'shadow', z: 0, animation: false, shadowStyle: { color: 'var(--line)', opacity: 0.5 } },
};

/** Below so many pixels there is room for less text. */
const narrow = 560;
const longestAt = (width: number): number => (width < narrow ? 16 : 34);

/** Pixels of a usual letter of this font. */
const letter = 6.8;

/** Pixels from top to bottom. */
export function heightOf(chart: Chart): number {
  return chart.kind === 'bars' ? chart.bars.length * 28 + 8 : 280;
}

/** How to draw a chart at a width in pixels, without the bands of these numbers. */
export function optionOf(chart: Chart, width: number, hidden: ReadonlySet<number> = new Set()): Option {
  return chart.kind === 'bars' ? barsOption(chart, width) : columnsOption(chart, width, hidden);
}

function barsOption({ bars }: Bars, width: number): Option {
  const longest = longestAt(width);
  const ends = bars.map(({ tokens, text }) => (width < narrow ? grouped(tokens) : text));
  const widest = Math.max(...bars.map(({ name }) => Math.min([...name].length, longest)));
  // What is wider than the usual letter, as 漢 and W are, is cut by the library, by its estimate where there is no screen.
  const [before, after] = [Math.ceil(widest * letter) + 14, Math.ceil(Math.max(...ends.map((text) => text.length)) * letter) + 14];
  return {
    ...still,
    tooltip: { ...tooltip, valueFormatter: (_, at) => bars[at]?.text ?? '' },
    grid: { left: before, right: after, top: 4, bottom: 4, outerBoundsMode: 'none' },
    xAxis: { type: 'value', show: false },
    yAxis: {
      ...axis,
      type: 'category',
      inverse: true,
      axisLine: { show: false },
      data: bars.map(({ name }) => name),
      axisLabel: { ...font, interval: 0, width: before - 18, overflow: 'truncate', formatter: (name: string) => shortened(name, longest) },
    },
    series: [
      {
        ...quiet,
        type: 'bar',
        name: 'tokens',
        barWidth: 18,
        barMinHeight: 1,
        data: bars.map(({ tokens }, at) => ({ value: tokens, itemStyle: { ...lookOf(at), borderRadius: 2 } })),
        label: { ...font, show: true, position: 'right', distance: 8, formatter: ({ dataIndex }) => ends[dataIndex] ?? '' },
      },
    ],
  };
}

function columnsOption({ window, bands }: Columns, width: number, hidden: ReadonlySet<number>): Option {
  const columns = bands[0]?.points.length ?? 0;
  const shown = bands
    .map(({ name, points }, at) => ({ name: shortened(name, longestAt(width) + 8), points, at }))
    .filter(({ at }) => !hidden.has(at));
  const sumOf = (column: number): number => shown.reduce((sum, { points }) => sum + (points[column] ?? 0), 0);
  const ticks = ticksOf(window, columns, Math.max(2, Math.floor((width - 80) / 64)));
  return {
    ...still,
    tooltip: { ...tooltip, valueFormatter: (tokens) => grouped(Number(tokens) || 0) },
    grid: { left: 62, right: 8, top: 14, bottom: 42, outerBoundsMode: 'none' },
    xAxis: {
      ...axis,
      type: 'category',
      data: Array.from({ length: columns }, (_, at) => `${spanOf(window, at)}: ${grouped(sumOf(at))} tokens`),
      axisTick: { show: true, alignWithLabel: true, interval: (at) => ticks[at] !== '', lineStyle: { color: 'var(--faint)' } },
      axisLabel: { ...font, lineHeight: 16, interval: (at) => ticks[at] !== '', formatter: (_, at) => ticks[at] ?? '' },
    },
    yAxis: {
      ...axis,
      type: 'value',
      splitNumber: 4,
      splitLine: { lineStyle: { color: 'var(--line)' } },
      axisLabel: { ...font, formatter: short },
    },
    series: shown.map(({ name, points, at }) => bandSeries(name, points, at)),
  };
}

function bandSeries(name: string, points: readonly number[], at: number): BarSeriesOption {
  // "-" draws nothing where 0 would draw a bar of no height.
  return {
    ...quiet,
    type: 'bar',
    name,
    stack: 'tokens',
    barCategoryGap: '20%',
    itemStyle: lookOf(at),
    data: points.map((tokens) => tokens || '-'),
  };
}

/** A sample of the look of a band, for the key. */
export function sampleOption(at: number): Option {
  const side = { show: false, min: 0, max: 1 } as const;
  const series: BarSeriesOption = { ...quiet, type: 'bar', barWidth: '100%', itemStyle: lookOf(at), data: [1] };
  return {
    ...still,
    grid: { left: 0, right: 0, top: 0, bottom: 0, outerBoundsMode: 'none' },
    xAxis: { type: 'category', show: false, data: [''] },
    yAxis: { ...side, type: 'value' },
    series: [series],
  };
}

function short(tokens: number): string {
  if (tokens >= 1_000_000_000) return `${Number((tokens / 1_000_000_000).toFixed(1))} G`;
  if (tokens >= 1_000_000) return `${Number((tokens / 1_000_000).toFixed(1))} M`;
  return tokens >= 1000 ? `${Number((tokens / 1000).toFixed(1))} k` : String(Number(tokens.toFixed(1)));
}
