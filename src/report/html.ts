import { hops } from '../model/check.ts';
import type { CheckResult, PipelineReport, Report } from '../model/report.ts';
import { conclusion } from './conclusion.ts';
import { findingLines, unreadLines } from './details.ts';
import { markup } from './safe.ts';
import { glyph, paint, plain } from './style.ts';

const page = { style: { ...plain, columns: 120 }, paints: paint(plain), detail: 'wide' } as const;

const css = `body{font:15px/1.5 system-ui,sans-serif;max-width:62rem;margin:2rem auto;padding:0 1rem;color:#1b1f24;background:#fff}
h2{margin:1.6rem 0 .4rem;font-size:1rem;text-transform:uppercase;letter-spacing:.05em;color:#57606a}
.check{display:flex;gap:.6rem;border-top:1px solid #d8dee4;padding:.3rem 0}.id{margin-left:auto;color:#57606a;font-family:monospace}
.pass{color:#1a7f37}.fail{color:#cf222e}.warn{color:#9a6700}.unknown{color:#8250df}.skip{color:#6e7781}
pre{white-space:pre-wrap;overflow-wrap:anywhere;background:#f6f8fa;padding:.6rem;margin:.2rem 0 .6rem;border-radius:4px}
@media(prefers-color-scheme:dark){body{background:#0d1117;color:#e6edf3}pre{background:#161b22}.check{border-color:#30363d}}`;

/** One page that stands alone: no script, nothing loaded, and a policy that forbids both. */
export function html(report: Report): string {
  return `${[
    '<!doctype html>',
    '<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">',
    `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">`,
    `<title>tokmeter: ${markup(report.origin.name)}</title><style>${css}</style></head><body>`,
    `<h1>${markup(conclusion(report, 'tokmeter').sentence)}</h1>`,
    `<p>${markup(`${report.origin.kind} ${report.origin.name}, ${report.startedAt}, exit code ${report.exitCode}, tokmeter ${report.tool.version}`)}</p>`,
    ...report.pipelines.flatMap(section),
    '</body></html>',
  ].join('\n')}\n`;
}

function section(pipeline: PipelineReport): readonly string[] {
  const groups = hops.map((hop) => ({ hop, checks: pipeline.checks.filter((check) => check.hop === hop) }));
  return [
    `<h1>${markup(`${pipeline.id} ${pipeline.variant ?? ''}`)}</h1><p>${markup(pipeline.about)}</p>`,
    ...groups.filter(({ checks }) => checks.length > 0).flatMap(({ hop, checks }) => [`<h2>${hop}</h2>`, ...checks.map(checkHtml)]),
  ];
}

function checkHtml(check: CheckResult): string {
  const kind = check.status === 'fail' && check.severity === 'warning' ? 'warn' : check.status === 'ignored' ? 'skip' : check.status;
  const line = `<div class="check"><span class="${kind}">${glyph(check, page.paints)}</span><span>${markup(check.title)}</span><span class="id">${markup(check.id)}</span></div>`;
  const lines = linesOf(check);
  return lines.length === 0 ? line : `${line}<pre>${lines.map(markup).join('\n')}</pre>`;
}

function linesOf(check: CheckResult): readonly string[] {
  const root = check.consequenceOf === null ? [] : [`follows from ${check.consequenceOf}`];
  switch (check.status) {
    case 'unknown':
      return unreadLines(check.unread, page, null).map((line) => line.trimStart());
    case 'fail':
      return [...root, ...findingLines(check, page).map((line) => line.replace(/^ {4}/, ''))];
    case 'pass':
    case 'skip':
    case 'ignored':
      return check.because === null ? [] : [check.because];
  }
}
