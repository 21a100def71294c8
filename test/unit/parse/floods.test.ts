import { describe, expect, it } from 'vitest';
import { CollectorConfigError, configOf } from '../../../src/parse/collector-config.ts';
import { dashboardQueries as queriesOf } from '../../../src/parse/dashboards.ts';
import { goFloat } from '../../../src/parse/exposition/number.ts';
import { provisionedDatasources } from '../../../src/parse/grafana-datasources.ts';
import { withoutSecretText } from '../../../src/parse/secrets.ts';
import { serviceAddress } from '../../../src/parse/service-address.ts';
import { readYaml, yamlTrouble } from '../../../src/parse/yaml-guard.ts';
import { readConfigFile } from '../../../src/sources/redaction-configs.ts';

const floods = ['"', "'", '{', '['].map((mark) => [mark, mark.repeat(200_000)] as const);

describe('texts that would take minutes to parse', () => {
  it.each(floods)('a flood of %s is refused at once', (_, text) => {
    const start = performance.now();
    expect(() => configOf(text)).toThrow(CollectorConfigError);
    expect(provisionedDatasources(text)).toEqual([]);
    expect(readConfigFile('relay', text)).toBeNull();
    expect(performance.now() - start).toBeLessThan(1000);
  });

  it('many keys of one map are read in time', () => {
    const text = Array.from({ length: 40_000 }, (_, at) => `key_${at}: value\n`).join('');
    const start = performance.now();
    expect(Object.keys(readYaml(text) as object)).toHaveLength(40_000);
    expect(performance.now() - start).toBeLessThan(5000);
  });

  it('tells of a key that stands twice, and where', () => {
    expect(() => readYaml('a: 1\nb:\n  c: 1\n  c: 2\n')).toThrow('Map keys must be unique at line 4');
    expect(readYaml('a: &x {b: 1}\nc: {<<: *x, d: 2}\n', { merge: true })).toEqual({ a: { b: 1 }, c: { b: 1, d: 2 } });
  });

  it('lets large texts of people through', () => {
    const rule = '  - source_labels: [\'__meta_kubernetes_pod_label_app\', a]\n    regex: "x"\n';
    expect(yamlTrouble(rule.repeat(2000))).toBeNull();
  });
});

describe('fields that would take minutes to match', () => {
  it.each([
    ['a variable of blanks', () => queriesOf({ templating: { list: [{ query: `label_values(${' '.repeat(300_000)}x` }] } })],
    ['a query of letters', () => queriesOf({ panels: [{ targets: [{ query: 'a'.repeat(300_000) }] }] })],
    ['a number of digits', () => goFloat(`${'0'.repeat(300_000)}!`)],
    ['a path of slashes', () => serviceAddress(`http://a/${'/'.repeat(300_000)}x`, 'own')],
  ])('%s', (_, match) => {
    const start = performance.now();
    match();
    expect(performance.now() - start).toBeLessThan(1000);
  });
});

describe('secrets in texts', () => {
  it.each([
    ['spaces', `${' '.repeat(300_000)}x`],
    ['one letter', 'a'.repeat(300_000)],
    ['words for secrets', 'bearer  password '.repeat(20_000)],
    ['addresses', 'a://b:'.repeat(50_000)],
  ])('are looked for in a flood of %s in time', (_, text) => {
    const start = performance.now();
    withoutSecretText(text);
    expect(performance.now() - start).toBeLessThan(2000);
  });
});
