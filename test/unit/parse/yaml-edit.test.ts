import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { type TextEdit, wordEdits, yamlEdits } from '../../../src/parse/yaml-edit.ts';
import type { YamlChange } from '../../../src/parse/yaml-splice.ts';

const block = `# of the chart
receivers:
  prometheus/a:
    config:
      scrape_configs:
      - job_name: x # keep
        relabel_configs:
        - regex: aigw-metrics
          action: keep
exporters:
  prw/m:
    endpoint: http://x # where
    headers:
service:
  pipelines:
    metrics:
      receivers:
      - otlp
      exporters: [debug]
`;
const json = JSON.stringify(parse(block));

/** As jq makes them. */
function edited(text: string, edits: readonly TextEdit[] | null): string {
  return (edits ?? []).reduce((before, [old, fresh, at = 0, of = 1]) => {
    const pieces = before.split(old);
    expect(pieces).toHaveLength(of + 1);
    return pieces.slice(0, at + 1).join(old) + fresh + pieces.slice(at + 1).join(old);
  }, text);
}

const job = ['receivers', 'prometheus/a', 'config', 'scrape_configs', 0];
const pipeline = ['service', 'pipelines', 'metrics'];

describe('edits of YAML', () => {
  it.each<[string, readonly YamlChange[], string]>([
    ['put a list in one line', [{ path: [...pipeline, 'receivers'], value: ['otlp', 'p/a'] }], '      receivers: [otlp, p/a]\n'],
    [
      'put items at the end of lists of both kinds',
      [
        { path: [...pipeline, 'receivers', '-'], value: 'p' },
        { path: [...pipeline, 'exporters', '-'], value: 'prw/m' },
      ],
      '      receivers:\n      - otlp\n      - p\n      exporters: [debug, prw/m]\n',
    ],
    ['fill a field that is empty', [{ path: ['exporters', 'prw/m', 'headers', 'X-A'], value: 'b' }], '    headers: {X-A: b}\n'],
    ['leave the comment behind a value', [{ path: ['exporters', 'prw/m', 'endpoint'], value: 'http://y' }], 'http://y # where\n'],
    ['change one of many', [{ path: [...job, 'relabel_configs', 0, 'regex'], value: 'a|b' }], '- regex: a|b\n          action: keep\n'],
    [
      'add a map behind another',
      [{ path: ['receivers', 'prometheus/b'], value: { config: { regex: '${env:K}', replacement: '$${1}:1064' } } }],
      'receivers:\n  prometheus/b:\n    config:\n      regex: ${env:K}\n      replacement: $${1}:1064\n  prometheus/a:',
    ],
    [
      'add a rule behind another',
      [{ path: [...job, 'relabel_configs', '-'], value: { source_labels: ['__address__'], action: 'drop' } }],
      '        - source_labels: [__address__]\n          action: drop\nexporters:',
    ],
    [
      'make what is on the way',
      [{ path: ['processors', 'batch', 'timeout'], value: '1s' }],
      '# of the chart\nprocessors:\n  batch:\n    timeout: 1s\nreceivers:\n',
    ],
  ])('%s', (_, changes, expected) => {
    const text = edited(block, yamlEdits(block, changes));
    expect(text).toContain(expected);
    expect(text).toContain('# of the chart\n');
    // the same in a text without lines
    expect(parse(edited(json, yamlEdits(json, changes)))).toEqual(parse(text));
  });

  it('leave JSON what it is', () => {
    const changes = [
      { path: [...pipeline, 'receivers'], value: ['a'] },
      { path: [...job, 'scrape_interval'], value: '5s' },
    ];
    expect(() => JSON.parse(edited(json, yamlEdits(json, changes)))).not.toThrow();
  });

  it.each<[string, string, YamlChange]>([
    ['no YAML', 'a: [', { path: ['a'], value: 1 }],
    ['a place behind an alias', 'a: &x {b: 1}\nc: *x\n', { path: ['c', 'b'], value: 2 }],
    ['a map where a list is', 'a: [1]\n', { path: ['a', 'b'], value: 2 }],
    ['a field of a word', 'a: b\n', { path: ['a', 'b'], value: 2 }],
    ['an item that is not there', 'a: [1]\n', { path: ['a', 3, 'b'], value: 2 }],
    ['an item behind one with a comment', 'a:\n- b # c4n4ry\n', { path: ['a', '-'], value: 'c' }],
    ['a list with a comment', 'a:\n- b # c4n4ry\n- c\n', { path: ['a'], value: ['d'] }],
    ['a flood', `a: 1\nb: "${'x'.repeat(200_000)}"\n`, { path: ['a'], value: 2 }],
  ])('are none for %s', (_, text, change) => expect(yamlEdits(text, [change])).toBeNull());

  it('are none for a text that is empty', () => expect(yamlEdits('', [{ path: ['a'], value: 1 }])).toBeNull());

  it('count pieces that are alike', () => {
    const text = 'a:\n  port: 1\nb:\n  port: 1\n';
    expect(yamlEdits(text, [{ path: ['b', 'port'], value: 2 }])).toEqual([['port: 1', 'port: 2', 1, 2]]);
  });

  it('show no value that they do not change', () => {
    const text =
      'e:\n  headers: # of the tenant\n    X-Plan: c4n4ry\n  f: {headers: {X-Plan: c4n4ry}, list: [c4n4ry, {x: c4n4ry, regex: a}]}\n';
    const changes = [
      { path: ['e', 'headers', 'X-Scope-OrgID'], value: 'a' },
      { path: ['e', 'f', 'headers', 'X-Scope-OrgID'], value: 'a' },
      { path: ['e', 'f', 'list', 1, 'regex'], value: 'b' },
      { path: ['e', 'f', 'list', '-'], value: { regex: 'c' } },
    ];
    const edits = yamlEdits(text, changes);
    expect(edits).toHaveLength(4);
    expect(JSON.stringify(edits)).not.toContain('c4n4ry');
    expect(edited(text, edits).match(/c4n4ry/g)).toHaveLength(4);
  });
});

describe('edits of words', () => {
  it('are none for a flood', () => expect(wordEdits('$1:10 '.repeat(60), '$1:10', 'x', '$')).toEqual([]));

  it('take every place, but for parts of longer words', () => {
    const text = 'a: "$1:10"\nb: "$$1:10"\nc: "$1:10"';
    expect(edited(text, wordEdits(text, '$1:10', '$${1}:10', '$'))).toBe('a: "$${1}:10"\nb: "$$1:10"\nc: "$${1}:10"');
  });
});
