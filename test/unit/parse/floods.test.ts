import { describe, expect, it } from 'vitest';
import { CollectorConfigError, configOf } from '../../../src/parse/collector-config.ts';
import { provisionedDatasources } from '../../../src/parse/grafana-datasources.ts';
import { withoutSecretText } from '../../../src/parse/secrets.ts';
import { yamlTrouble } from '../../../src/parse/yaml-guard.ts';
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

  it('lets large texts of people through', () => {
    const rule = '  - source_labels: [\'__meta_kubernetes_pod_label_app\', a]\n    regex: "x"\n';
    expect(yamlTrouble(rule.repeat(2000))).toBeNull();
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
