import type { Finding, Remedy } from '../model/check.ts';
import type { CheckResult } from '../model/report.ts';
import type { Unread } from '../model/source.ts';
import { reasonOf } from './conclusion.ts';
import { visible, visibleLines } from './safe.ts';
import type { Page } from './terminal.ts';
import { hanging } from './text.ts';
import { patchLines } from './yaml.ts';

/** Of 300 proxies with the same trouble, so many are told; -o wide tells all. */
const most = 8;
/** A longer text is cut, except with -o wide. */
const longest = 600;

/** What is wrong: the finding, what was seen, the command that shows it again, and what mends it. */
export function findingLines(check: CheckResult, page: Page): readonly string[] {
  const shown = page.detail === 'wide' ? check.findings : check.findings.slice(0, most);
  const more = check.findings.length - shown.length;
  return [
    ...shown.flatMap((finding, at) => oneFinding(finding, shown[at + 1], page)),
    ...(more > 0 ? [`    and ${more} more like these (-o wide shows them)`] : []),
    ...reasonsOf(check.unread).flatMap((text) => hanging(`not read: ${text}`, 4, page.style.columns)),
    ...(check.because === null ? [] : hanging(visible(check.because), 4, page.style.columns)),
  ];
}

/** A remedy that the next finding repeats word for word is told once, below the last. */
function oneFinding(finding: Finding, next: Finding | undefined, page: Page): readonly string[] {
  const { subject, message, evidence, remedy } = finding;
  const { columns } = page.style;
  const cut = (text: string): string =>
    page.detail === 'wide' || text.length <= longest ? text : `${text.slice(0, longest)} … (-o wide shows all)`;
  const repeated = next !== undefined && JSON.stringify(next.remedy) === JSON.stringify(remedy);
  return [
    ...hanging(cut(`${visible(subject)}: ${visible(message)}`), 4, columns),
    ...hanging(cut(visible(evidence.saw)), 11, columns, '      saw'),
    ...(evidence.run === '' ? [] : [command('run', evidence.run, page)]),
    ...(remedy === undefined || repeated ? [] : remedyLines(remedy, page)),
  ];
}

function remedyLines({ text, command: shell, patch }: Remedy, page: Page): readonly string[] {
  const { detail, style } = page;
  return [
    ...hanging(
      `${visible(text)}${patch !== undefined && shell === undefined && detail !== 'wide' ? ' (-o wide prints it)' : ''}`,
      11,
      style.columns,
      '      fix',
    ),
    ...(shell === undefined ? [] : visibleLines(shell).map((line) => `           ${line}`)),
    ...(patch === undefined || detail !== 'wide' ? [] : patchLines(patch).map((line) => `           ${line}`)),
  ];
}

/** A command stays on one line, however long: it is there to be copied. */
function command(label: string, text: string, { paints }: Page): string {
  return `      ${label}  ${paints.strong(visible(text))}`;
}

/** Why a check could not look; what is the same is told once. */
export function unreadLines(unread: readonly Unread[], { style, detail }: Page, sameAs: string | null): readonly string[] {
  if (sameAs !== null && detail !== 'wide') return [`    not judged, for the same reason as ${sameAs}`];
  const texts = reasonsOf(unread);
  const shown = detail === 'wide' ? texts : texts.slice(0, most);
  const more = texts.length - shown.length;
  return [
    ...shown.flatMap((text) => hanging(`not judged: ${text}`, 4, style.columns)),
    ...(more > 0 ? [`    and ${more} more not read (-o wide shows them)`] : []),
  ];
}

/** What could not be read, as texts, each once. */
export function reasonsOf(unread: readonly Unread[]): readonly string[] {
  return [...new Set(unread.map((each) => (each.reason === 'bug' ? `a bug of tokmeter: ${visible(each.message)}` : reasonOf(each))))];
}
