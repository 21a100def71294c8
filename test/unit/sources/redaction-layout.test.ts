import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { yamlEdits } from '../../../src/parse/yaml-edit.ts';
import { readCollector, readConfigFile } from '../../../src/sources/redaction-configs.ts';
import { inLayout } from '../../../src/sources/redaction-layout.ts';

describe('a text without what is not read', () => {
  it.each([
    ['comments', 'a: 1 # s3cret\n# s3cret\nb: "# kept"\n', { a: 1, b: '# kept' }, 'a: 1 \n\nb: "# kept"\n'],
    ['a first field', 'hidden: s3cret\na: 1\n', { a: 1 }, 'a: 1\n'],
    ['a last field', 'a: 1\nhidden: s3cret\n', { a: 1 }, 'a: 1\n'],
    [
      'a field of an item',
      'jobs:\n  - hidden: s3cret\n    name: x\n  - name: y\n',
      { jobs: [{ name: 'x' }, { name: 'y' }] },
      'jobs:\n  - name: x\n  - name: y\n',
    ],
    ['fields in a line', 'a: {hidden: s3cret, b: 1, more: [s3cret]}\n', { a: { b: 1 } }, 'a: {b: 1}\n'],
    ['all fields', 'a:\n  hidden: s3cret\nb: 1\n', { a: {}, b: 1 }, 'a:\n  {}\nb: 1\n'],
    ['a value', 'a: s3cret # s3cret\nb: 1\n', { a: 'masked', b: 1 }, 'a: "masked" \nb: 1\n'],
    ['a value of lines', 'a: |\n  s3cret\n  s3cret\nb: 1\n', { a: 'masked', b: 1 }, 'a: "masked"\nb: 1\n'],
    ['a map', 'auth:\n  user: s3cret\n  password: s3cret\nb: 1\n', { auth: 'masked', b: 1 }, 'auth: "masked"\nb: 1\n'],
    ['a list at the indent of its key', 'auth:\n- s3cret\n- s3cret\nb: 1\n', { auth: 'masked', b: 1 }, 'auth: "masked"\nb: 1\n'],
    ['nothing', 'a: [1, two]\n\nb:\n  - c\n', { a: [1, 'two'], b: ['c'] }, 'a: [1, two]\n\nb:\n  - c\n'],
  ])('%s', (_, text, left, cut) => {
    expect(inLayout(text, left)).toBe(cut);
  });

  it.each([
    ['an anchor', 'a: &s3cret 1\nb: 2\n', { b: 2 }],
    ['an alias', 'a: &x {s: s3cret}\nb: *x\n', { b: { s: 'masked' } }],
    ['a tag', 'a: !s3cret 1\n', { a: 1 }],
    ['a directive', '%YAML 1.2\n---\na: 1\n', { a: 1 }],
    ['several documents', 'a: 1\n---\ns3cret: 1\n', { a: 1 }],
    ['a list that is shorter', 'a: [s3cret, 1]\n', { a: [1] }],
    ['a field that is not there', 'a: 1\n', { a: 1, b: 2 }],
    ['line ends of Windows', 'a: 1\r\nb: s3cret\r\n', { a: 1 }],
    ['no YAML', '{s3cret', { a: 1 }],
    ['a field that is there twice', 'a: 1\na: 1\n', { a: 1 }],
    ['more than anyone edits', `a: 1\nb: s3cret\n${'\n'.repeat(300_000)}`, { a: 1 }],
  ])('is written as JSON where %s makes it unsure', (_, text, left) => {
    expect(inLayout(text, left)).toBe(JSON.stringify(left));
  });

  it('drops a field that is called as what every object has', () => {
    expect(inLayout('a: 1\nconstructor: s3cret\nb: 2\n', { a: 1, b: 2 })).toBe('a: 1\nb: 2\n');
  });

  it('takes no time for blank lines', () => {
    const blank = `discovery.x\n${'\n'.repeat(100_000)}`;
    expect(readConfigFile('notes', blank)).toBe(blank);
  }, 2_000);

  it('leaves edits that fit the whole text', () => {
    const text = `# s3cret: who runs this
receivers:
  prometheus:
    config:
      scrape_configs:
        - job_name: nodes # s3cret
          basic_auth:
            username: s3cret
            password: s3cret
          static_configs: [{targets: ['10.0.0.1:9100']}]
exporters:
  otlphttp: {endpoint: http://tempo, headers: {Authorization: s3cret, X-Scope-OrgID: a}}
service:
  pipelines:
    metrics:
      # s3cret
      receivers: [otlp]
      exporters: [otlphttp]
`;
    const cut = String(readCollector(text));
    expect(cut).not.toContain('s3cret');
    expect(cut.split('\n')).toHaveLength(text.split('\n').length - 2);
    const changes = [{ path: ['service', 'pipelines', 'metrics', 'receivers', '-'], value: 'prometheus' }];
    expect(yamlEdits(cut, changes)).toEqual(yamlEdits(text, changes));
    expect(parse(cut).exporters.otlphttp.headers['X-Scope-OrgID']).toBe('a');
  });
});
