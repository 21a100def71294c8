import { createHash } from 'node:crypto';
import type { UsageReport } from '../model/usage.ts';
import { markup, visible } from './safe.ts';
import { chartsOf, shortened } from './usage-charts.ts';
import { chartCredit, figure } from './usage-figure.ts';
import { grouped, money, partsIn, percent, provenance, remarks, type Shown, type Totals, totals } from './usage-figures.ts';
import { firstCell, labelCells, labelHeads, linesOf } from './usage-lines.ts';

const css = `:root{--ink:#1b1f24;--faint:#57606a;--line:#d8dee4;--back:#fff;--decal:#ffffffa6;--c0:#0a5fb4;--c1:#b35900;--c2:#1a7f37;--c3:#8250df;--c4:#a0111f;--c5:#57606a}
@media screen and (prefers-color-scheme:dark){:root{color-scheme:dark;--ink:#e6edf3;--faint:#9198a1;--line:#30363d;--back:#0d1117;--decal:#0d1117a6;--c0:#58a6ff;--c1:#f0883e;--c2:#3fb950;--c3:#bc8cff;--c4:#ff7b72;--c5:#9198a1}}
body{font:15px/1.5 system-ui,sans-serif;max-width:76rem;margin:2rem auto;padding:0 1rem;color:var(--ink);background:var(--back)}
h1{font-size:1.4rem;margin-bottom:.2rem}h2{font-size:1.05rem;margin:1.6rem 0 .4rem}h1,h2,figcaption,li{overflow-wrap:anywhere}.faint{color:var(--faint)}
.chart{margin:1.6rem 0;print-color-adjust:exact;-webkit-print-color-adjust:exact}figcaption{font-weight:600;margin-bottom:.4rem}
.still{overflow-x:auto}.still svg{display:block;width:100%;min-width:640px;height:auto}.live,.lively .still{display:none}.lively .live{display:block}.live svg{display:block}.live div div{line-height:1.4!important}
.key{display:flex;flex-wrap:wrap;gap:.3rem .4rem;list-style:none;padding:0;margin:.4rem 0}.key svg{width:24px;height:14px;vertical-align:-2px;margin-right:.5rem;border-radius:2px}
.key li{padding:.1rem .5rem}.key li:has(button){padding:0}.key button{font:inherit;color:inherit;text-align:start;background:none;border:1px solid transparent;border-radius:6px;padding:.1rem .5rem;cursor:pointer}
.key button:hover{border-color:var(--line)}.key button[aria-pressed=false]{text-decoration:line-through;color:var(--faint)}.key [aria-pressed=false] svg{opacity:.25}
summary{color:var(--faint);cursor:pointer}details table{font-size:13px}details thead th{overflow-wrap:anywhere;min-width:5rem}
.scroll{overflow-x:auto}table{border-collapse:collapse;width:100%}th,td{padding:.25rem .6rem;border-bottom:1px solid var(--line);text-align:right;white-space:nowrap}
th.group,td.group{text-align:left;white-space:normal;overflow-wrap:anywhere;min-width:9rem}thead th{vertical-align:bottom;white-space:normal}tfoot td{font-weight:600}
.total{font-size:1.7rem;font-weight:600;margin:.4rem 0}ul.remarks{padding-left:1.2rem}
@media print{:root{--ink:#000;--faint:#333;--line:#999}body{margin:0;max-width:none}figure,tr{break-inside:avoid}.scroll,.still{overflow:visible}.still svg{min-width:0}table{font-size:9px}th,td{padding:.15rem .3rem}th.group,td.group{min-width:6.5rem}.key{font-size:12px}.lively .still{display:block}.lively .live,details{display:none}.key [aria-pressed=false]{text-decoration:none!important;color:inherit!important}.key [aria-pressed=false] svg{opacity:1}}`;

/**
 * One page that stands alone: its charts are drawn already, `script` (dist/usage-page.js) makes them answer to the pointer, and a policy
 * forbids any other script and everything that would be loaded. Every number of a chart also stands in a table.
 */
export function usageHtml(reports: readonly UsageReport[], version: string, script: string): string {
  const origin = reports[0]?.origin.name ?? '';
  const hash = createHash('sha256').update(script).digest('base64');
  return `${[
    '<!doctype html>',
    '<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">',
    `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'">`,
    `<title>Token usage: ${markup(origin)}</title><style>${css}</style></head><body><main>`,
    ...reports.flatMap((report, at) => section(report, `r${at}`, reports.length > 1)),
    `</main><footer class="faint">tokmeter ${markup(version)} · ${chartCredit}</footer>`,
    `<script>${script}</script></body></html>`,
  ].join('\n')}\n`;
}

function section(report: UsageReport, id: string, named: boolean): readonly string[] {
  const { usage, origin } = report;
  const head = `<h1>Token usage of ${markup(`${origin.kind} ${origin.name}${named ? `: ${report.pipeline}` : ''}`)}</h1>`;
  if (usage === null) return [head, `<p>${markup(report.why ?? 'no tokens')}</p>`, ...list(remarks(report))];
  const all = totals(usage.rows, usage.counted);
  const price =
    all.cost === null
      ? ''
      : ` · ${markup(`${money(all.cost.amount)} ${report.prices?.currency ?? ''}${all.cost.unpriced > 0 ? ' and more without a price' : ''}`)}`;
  return [
    head,
    `<p class="faint">${markup(provenance(usage))}</p>`,
    `<p class="total">${grouped(all.tokens)} tokens${price}</p>`,
    ...chartsOf(usage, report.prices?.currency ?? null).map((chart, at) => figure(chart, `${id}c${at}`)),
    `<h2>By ${markup(usage.by.join(', '))}</h2>`,
    scrolling('table of usage', table(report, { ...usage, apart: false }, all)),
    ...(usage.apart ? ['<h2>Over time</h2>', scrolling('table of usage over time', table(report, usage, all))] : []),
    '<h2>How far to trust these numbers</h2>',
    ...list(remarks(report)),
  ];
}

function scrolling(name: string, table: string): string {
  return `<div class="scroll" tabindex="0" role="region" aria-label="${name}">${table}</div>`;
}

function list(remarks: readonly string[]): readonly string[] {
  return remarks.length === 0 ? [] : [`<ul class="remarks">${remarks.map((remark) => `<li>${markup(remark)}</li>`).join('')}</ul>`];
}

/** Longest value in a cell; the other formats have the whole. */
const longest = 300;

function table(report: UsageReport, usage: Shown, all: Totals): string {
  const parts = partsIn(usage);
  const types = usage.counted.filter((type) => type !== 'total');
  const currency = report.prices === null ? [] : [`cost (${report.prices.currency})`];
  const requests = all.requests === null ? [] : ['requests', 'tokens per request'];
  const names = [...types, 'total', ...parts.map(([, title]) => title), ...requests, ...currency, 'share'];
  const labels = labelHeads(usage);
  const heads = [
    ...labels.map((label) => `<th scope="col" class="group">${markup(label)}</th>`),
    ...names.map((name) => `<th scope="col">${markup(name)}</th>`),
  ];
  const figures = (row: Totals): readonly string[] => [
    ...types.map((type) => grouped(row.byType[type] ?? 0)),
    grouped(row.tokens),
    ...parts.map(([type]) => grouped(row.byType[type] ?? 0)),
    ...(all.requests === null ? [] : [grouped(row.requests ?? 0), row.requests ? grouped(row.tokens / row.requests) : '']),
    ...(report.prices === null ? [] : [row.cost === null ? '' : `${money(row.cost.amount)}${row.cost.unpriced > 0 ? ' + unknown' : ''}`]),
    percent(row.tokens, all.tokens),
  ];
  const line = (cells: readonly string[], row: Totals): string =>
    `<tr>${cells.map((label) => `<td class="group">${markup(shortened(visible(label), longest))}</td>`).join('')}${figures(row)
      .map((figure) => `<td>${markup(figure)}</td>`)
      .join('')}</tr>`;
  const body = linesOf(usage, report.top).map((each) => line(labelCells(each, usage), each.sum));
  return `<table><thead><tr>${heads.join('')}</tr></thead><tbody>${body.join('\n')}</tbody><tfoot>${line(firstCell('total', labels.length), all)}</tfoot></table>`;
}
