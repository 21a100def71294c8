import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ConfigError, effectiveConfig } from '../../../src/parse/scrape-config.ts';

const fixture = (name: string): string =>
  (JSON.parse(readFileSync(join(import.meta.dirname, '../../fixtures/prometheus', name), 'utf8')) as { data: { yaml: string } }).data.yaml;

it.each([
  ['prom3-config.json', 3, 'utf8'],
  ['prom2-config.json', 2, 'legacy'],
] as const)('reads the jobs of %s', (name, dialect, validation) => {
  const config = effectiveConfig(fixture(name), () => true, dialect);
  expect(config.jobs.map((job) => job.name)).toContain('podMonitor/a/b/0');
  expect(config.jobs.every((job) => job.validation === validation)).toBe(true);
  expect(config.externalLabels).toEqual({ prometheus: 'monitoring/k8s', prometheus_replica: 'prometheus-k8s-0' });
});

it('reads only the wanted jobs, with every rule and limit', () => {
  const yaml = `global:
  scrape_interval: 30s
  external_labels:
    cluster: 'eu'
runtime:
  gogc: 75
scrape_configs:
- job_name: other
  metric_relabel_configs:
  - regex: '('
    action: labeldrop
- job_name: "podMonitor/a/b/0"
  honor_labels: true
  convert_classic_histograms_to_nhcb: true
  sample_limit: 100
  metric_relabel_configs:
  - separator: ;
    regex: user.*
    replacement: $1
    action: labeldrop
remote_write:
- url: https://mimir/api/v1/push
  write_relabel_configs:
  - source_labels: [__name__]
    separator: ;
    regex: gen_ai.*
    replacement: $1
    action: keep
`;
  const config = effectiveConfig(yaml, (job) => job.startsWith('podMonitor/'), 3);
  expect(config.jobs).toMatchObject([
    {
      name: 'podMonitor/a/b/0',
      honorLabels: true,
      convertsToNative: true,
      keepsClassic: false,
      sampleLimit: 100,
      metricRules: [{ action: 'labeldrop' }],
    },
  ]);
  expect(config.remoteWrites).toMatchObject([
    { url: 'https://mimir/api/v1/push', rules: [{ action: 'keep', sourceLabels: ['__name__'] }] },
  ]);
  expect(config.externalLabels).toEqual({ cluster: 'eu' });
});

it.each(['', '<html>\n<body>no</body>', 'a: b\n'])('refuses what is no configuration: %j', (yaml) => {
  expect(() => effectiveConfig(yaml, () => true, 3)).toThrow(ConfigError);
});
