import { BarChart } from 'echarts/charts';
import { GridComponent, TooltipComponent } from 'echarts/components';
import { init, use, version } from 'echarts/core';
import { SVGRenderer } from 'echarts/renderers';
import type { Option } from './chart-options.ts';

use([BarChart, GridComponent, TooltipComponent, SVGRenderer]);

/** Apache ECharts with no more of it than the page of usage needs. */
export { init as initChart };

/** What draws the charts, under which licences. */
export const chartCredit = `Charts by Apache ECharts ${version} (Apache-2.0) with ZRender (BSD-3-Clause)`;

/** A chart as SVG that needs no script. `id` tells its parts from those of other charts of the page. */
export function drawn(option: Option, size: { readonly width: number; readonly height: number }, id: string): string {
  const chart = init(null, null, { renderer: 'svg', ssr: true, ...size });
  chart.setOption({ ...option, tooltip: { show: false } });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return tidied(svg, id);
}

/** Without what only scripts read, and with ids that do not count the charts drawn before. No name has a quote or a bracket by now. */
function tidied(svg: string, id: string): string {
  return svg
    .replace(/<style[\s\S]*?<\/style>/g, '')
    .replace(/ (?:ecmeta_\w+|class|xmlns(?::xlink)?|version|baseProfile|pointer-events)="[^"]*"/g, '')
    .replace(/(?<= id="|="url\(#)zr\d+-/g, `${id}-`)
    .replace(/\n+/g, '');
}
