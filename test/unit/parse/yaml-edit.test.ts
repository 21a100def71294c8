import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { endEdit, type TextEdit, wordEdits, yamlEdits } from '../../../src/parse/yaml-edit.ts';
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

/** As jq makes them: each in a piece that stands there once. */
function edited(text: string, edits: readonly TextEdit[] | null): string {
  return (edits ?? []).reduce((before, [old, fresh]) => {
    const pieces = before.split(old);
    expect(pieces).toHaveLength(2);
    return pieces.join(fresh);
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
      '  prometheus/b:\n    config:\n      regex: ${env:K}\n      replacement: $${1}:1064\nexporters:',
    ],
    [
      'add a rule behind another',
      [{ path: [...job, 'relabel_configs', '-'], value: { source_labels: ['__address__'], action: 'drop' } }],
      '        - source_labels: [__address__]\n          action: drop\nexporters:',
    ],
    ['make what is on the way', [{ path: ['processors', 'batch', 'timeout'], value: '1s' }], 'processors:\n  batch:\n    timeout: 1s\n'],
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
  ])('are none for %s', (_, text, change) => expect(yamlEdits(text, [change])).toBeNull());

  it('begin a text that is empty', () => {
    const edits = yamlEdits('', [{ path: ['a', 'b'], value: 1 }]);
    expect(edits?.map(([, fresh]) => fresh)).toEqual(['a:\n  b: 1\n']);
  });

  it('tell like pieces apart by what stands before them', () => {
    const text = 'a:\n  port: 1\nb:\n  port: 1\n';
    expect(yamlEdits(text, [{ path: ['b', 'port'], value: 2 }])).toEqual([['b:\n  port: 1', 'b:\n  port: 2']]);
  });
});

describe('edits of words', () => {
  it('take every place, but for parts of longer words', () => {
    const text = 'a: "$1:10"\nb: "$$1:10"\nc: "$1:10"';
    expect(edited(text, wordEdits(text, '$1:10', '$${1}:10', '$'))).toBe('a: "$${1}:10"\nb: "$$1:10"\nc: "$${1}:10"');
  });

  it('put more at the end', () => {
    expect(edited('a\nb', [endEdit('a\nb', 'c\n')])).toBe('a\nb\nc\n');
    expect(edited('a\nb\n', [endEdit('a\nb\n', 'c\n')])).toBe('a\nb\nc\n');
  });
});
