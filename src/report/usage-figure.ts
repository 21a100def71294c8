import { chartCredit, drawn } from './chart-library.ts';
import { heightOf, optionOf, sampleOption } from './chart-options.ts';
import { escaped, markup } from './safe.ts';
import { type Chart, type Columns, spanOf } from './usage-charts.ts';
import { grouped } from './usage-figures.ts';

export { chartCredit };

/** The width of the still chart, in pixels; it is shown as wide as the page or the paper. */
const width = 840;

/** A chart as markup: still, with its key, its figures and its data for the script of the page. `id` is its own within the page. */
export function figure(chart: Chart, id: string): string {
  const svg = drawn(optionOf(chart, width), { width, height: heightOf(chart) }, id);
  const label = `role="img" aria-label="${markup(chart.label)}"`;
  return [
    `<figure class="chart"><figcaption>${markup(chart.caption)}</figcaption>`,
    `<div class="still" tabindex="0" role="region" aria-label="${markup(chart.caption)}">${svg.replace('<svg', `<svg ${label}`)}</div>`,
    `<div class="live" ${label}></div>`,
    ...(chart.kind === 'columns' ? [key(chart, id), figures(chart)] : []),
    `<script type="application/json">${inScript(chart)}</script></figure>`,
  ].join('');
}

/** JSON that neither ends a script element nor begins a comment in it. */
function inScript(data: unknown): string {
  return escaped(JSON.stringify(data)).replace(/[<>&]/g, (character) => `\\u00${character.charCodeAt(0).toString(16)}`);
}

function key({ bands }: Columns, id: string): string {
  const items = bands.map(({ name }, at) => {
    const sample = drawn(sampleOption(at), { width: 24, height: 14 }, `${id}k${at}`);
    return `<li>${sample.replace('<svg', '<svg aria-hidden="true"')}<span>${markup(name)}</span></li>`;
  });
  return `<ul class="key">${items.join('')}</ul>`;
}

/** What the chart shows, for those who would rather read it. */
function figures({ window, bands }: Columns): string {
  const heads = ['from', ...bands.map(({ name }) => name)].map((text) => `<th scope="col">${markup(text)}</th>`);
  const lines = (bands[0]?.points ?? []).map((_, at) => {
    const cells = bands.map(({ points }) => `<td>${grouped(points[at] ?? 0)}</td>`);
    return `<tr><th scope="row">${spanOf(window, at).slice(0, 20)}</th>${cells.join('')}</tr>`;
  });
  const table = `<table><thead><tr>${heads.join('')}</tr></thead><tbody>${lines.join('')}</tbody></table>`;
  return `<details><summary>The figures of this chart</summary><div class="scroll" tabindex="0" role="region" aria-label="figures of the chart">${table}</div></details>`;
}
