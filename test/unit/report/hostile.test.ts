import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { Table } from '../../../src/model/pipeline.ts';
import { document } from '../../../src/report/document.ts';
import { formatNames, formats } from '../../../src/report/formats.ts';
import { escaped, markup, visible } from '../../../src/report/safe.ts';
import { plain } from '../../../src/report/style.ts';
import { view, viewFormats } from '../../../src/report/view.ts';
import { hostile, reports } from './fixtures.ts';

/** Whatever a terminal obeys or an eye does not see, but for the line breaks that a format makes itself. */
const hidden = /(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u;
const report = reports.hostile;
if (report === undefined) throw new Error('no hostile report');

describe('hostile text', () => {
  it.each(formatNames)('is visible text in %s', (format) => {
    const text = formats[format](report, plain);
    expect(text.search(hidden)).toBe(-1);
    expect(text).toContain('[31mred');
  });

  it.each(formatNames)('gives a CI runner no order in %s', (format) => {
    const lines = formats[format](report, plain).split('\n');
    const orders = lines.filter((line) => /^\s*(::[a-z-]+( [^:]*)?::|##\[|##vso\[)/i.test(line));
    // Those of the GitHub format are its own, one a line.
    expect(orders.filter((line) => format !== 'github' || !/^::(error|warning|notice) title=[a-z -]+(\([a-z]+\))?::/.test(line))).toEqual(
      [],
    );
  });

  it.each(['json', 'yaml', 'ndjson', 'junit', 'tap', 'sarif', 'github', 'prometheus'] as const)(
    'starts no line of its own in %s',
    (format) => {
      const lines = formats[format](report, plain).split('\n');
      expect(lines.filter((line) => /^\W*(FAKE|=1)/.test(line))).toEqual([]);
    },
  );

  it('opens no element in HTML', () => {
    const html = formats.html(report, plain);
    expect([...html.matchAll(/<([a-z0-9]+)/g)].map(([, name]) => name).filter((name) => name === 'script' || name === 'img')).toEqual([]);
    expect(html).toContain("default-src 'none'");
  });

  it('stands only in code in Markdown', () => {
    const outside = formats
      .markdown(report, plain)
      .replace(/^(`{3,})text\n[\s\S]*?\n\1$/gm, '')
      .replace(/(`+) .*? \1/g, '');
    expect(outside).not.toMatch(/31m|<script|\*\*b/);
  });

  it.each(viewFormats)('is visible text in the %s of get', (format) => {
    const table: Table = {
      columns: [{ name: 'name' }, { name: 'value', wide: true }],
      rows: [[hostile, hostile]],
      items: [{ name: hostile }],
      unread: [{ what: hostile, reason: 'malformed', message: hostile, needs: null }],
      empty: hostile,
    };
    for (const shown of [table, { ...table, rows: [] }]) expect(view('proxies', shown, format, plain).search(hidden)).toBe(-1);
  });

  it('is the same data after JSON', () => expect(JSON.parse(formats.json(report, plain))).toEqual(document(report)));

  it('is the same data after YAML', () => expect(parse(formats.yaml(report, plain))).toEqual(JSON.parse(JSON.stringify(document(report)))));

  it('is every character of the first two planes, one by one', () => {
    for (let code = 0; code < 0x20000; code++) {
      const character = String.fromCodePoint(code);
      const shown = visible(character);
      if (shown.search(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u) !== -1) throw new Error(`U+${code.toString(16)} is shown as it is`);
      if (JSON.parse(escaped(JSON.stringify(character))) !== character) throw new Error(`U+${code.toString(16)} is lost in JSON`);
    }
  });

  it('keeps what people write', () => expect(visible('Grüße, 日本語, émoji 🙂, עברית')).toBe('Grüße, 日本語, émoji 🙂, עברית'));

  it.each(['::1', 'at ::ffff:10.0.0.1', '[::]:9090', 'a::b::c', '## heading'])('keeps %s', (text) => expect(visible(text)).toBe(text));

  it.each([
    ['::add-mask::x', '\\u{3a}:add-mask::x'],
    ['see ::error file=a,line=1::x', 'see \\u{3a}:error file=a,line=1::x'],
    ['##vso[task]', '\\u{23}#vso[task]'],
  ])('spells out %s', (text, expected) => expect(visible(text)).toBe(expected));

  it('leaves no markup', () => expect(markup('<a href="x">\'&')).toBe('&#60;a href=&#34;x&#34;&#62;&#39;&#38;'));
});

describe('junit', () => {
  it.each(Object.entries(reports))('%s is well-formed, and its counts are those of its cases', (_, each) => {
    const xml = formats.junit(each, plain);
    expect(unbalanced(xml)).toEqual([]);
    const count = (pattern: RegExp): number => [...xml.matchAll(pattern)].length;
    const root = Object.fromEntries(
      [...(/<testsuites ([^>]*)>/.exec(xml)?.[1] ?? '').matchAll(/(\w+)="(\d+)"/g)].map(([, key, value]) => [key, Number(value)]),
    );
    expect(root).toMatchObject({
      tests: count(/<testcase /g),
      failures: count(/<failure /g),
      errors: count(/<error /g),
      skipped: count(/<skipped /g),
    });
  });
});

/** Elements that are not closed in order, and text that XML 1.0 does not allow. */
function unbalanced(xml: string): readonly string[] {
  const open: string[] = [];
  const wrong: string[] = [];
  const body = xml.replace(/^<\?xml[^>]*\?>/, '');
  for (const [tag, end, name, self] of body.matchAll(/<(\/?)([a-z-]+)(?:\s+[a-z]+="[^"<]*")*\s*(\/?)>/g)) {
    if (self === '/') continue;
    if (end === '') open.push(name ?? '');
    else if (open.pop() !== name) wrong.push(tag);
  }
  const rest = body.replace(/<(\/?)([a-z-]+)(?:\s+[a-z]+="[^"<]*")*\s*(\/?)>/g, '').replace(/&#\d+;/g, '');
  return [...wrong, ...open, ...(/[<&]|[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u.exec(rest) ?? [])];
}
