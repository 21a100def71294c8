import { initChart } from '../report/chart-library.ts';
import { heightOf, optionOf } from '../report/chart-options.ts';
import type { Chart } from '../report/usage-charts.ts';

/** The script of the page of `tokmeter usage -o html`: charts that answer to the pointer and fit their width, in the place of the still ones. */
for (const figure of document.querySelectorAll<HTMLElement>('figure.chart')) enliven(figure);

function enliven(figure: HTMLElement): void {
  const data = figure.querySelector('script')?.textContent;
  const place = figure.querySelector<HTMLElement>('.live');
  if (data == null || place === null) return;
  const chart = JSON.parse(data) as Chart;
  const hidden = new Set<number>();
  place.style.height = `${heightOf(chart)}px`;
  figure.classList.add('lively');
  const drawing = initChart(place, null, { renderer: 'svg' });
  const draw = (): void => {
    drawing.resize({ width: place.clientWidth, height: heightOf(chart) });
    drawing.setOption(optionOf(chart, place.clientWidth, hidden), { notMerge: true });
  };
  draw();
  new ResizeObserver(() => {
    // Paper shows the still chart, and this one has no width then.
    if (place.clientWidth > 0 && place.clientWidth !== drawing.getWidth()) draw();
  }).observe(place);
  for (const [at, item] of figure.querySelectorAll('.key li').entries())
    toggling(item, () => {
      if (!hidden.delete(at)) hidden.add(at);
      draw();
      return !hidden.has(at);
    });
}

/** Makes a line of the key a button that shows and hides its band. */
function toggling(item: Element, toggle: () => boolean): void {
  const button = document.createElement('button');
  button.type = 'button';
  button.title = 'Show or hide';
  button.setAttribute('aria-pressed', 'true');
  button.append(...item.childNodes);
  button.addEventListener('click', () => button.setAttribute('aria-pressed', String(toggle())));
  item.append(button);
}
