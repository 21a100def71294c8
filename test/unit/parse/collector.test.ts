import { describe, expect, it } from 'vitest';
import { CollectorConfigError, configOf, exportersReached, mergedConfig, telemetryPort } from '../../../src/parse/collector-config.ts';
import { expanded, misescapes } from '../../../src/parse/collector-escaping.ts';
import { exportersOf, jobsOf } from '../../../src/parse/collector-jobs.ts';

const withReplacement = (replacement: string) => ({
  receivers: {
    prometheus: { config: { scrape_configs: [{ job_name: 'x', relabel_configs: [{ target_label: '__address__', replacement }] }] } },
  },
});

describe('misescapes', () => {
  // What the collector 0.165 did with each.
  it.each([
    ['$1:1064', null],
    ['${1}:1064', 'crash'],
    ['$$1:1064', null],
    ['$${1}:1064', null],
    ['$$$$1:1064', 'literal'],
    ['$$${1}:1064', 'crash'],
    ['$$$${1}:1064', 'literal'],
    ['${2}:${1}', 'crash'],
    ['${env:NODE}', null],
    ['plain', null],
  ])('%s', (written, harm) =>
    expect(misescapes(withReplacement(written), '0.165.0').map((each) => each.harm)).toEqual(harm === null ? [] : [harm]),
  );

  it.each([
    ['$1:1064', 'empty'],
    ['${1}:1064', 'empty'],
    ['$$1:1064', null],
    ['$${1}:1064', null],
  ])('%s before 0.105', (written, harm) =>
    expect(misescapes(withReplacement(written), '0.99.0').map((each) => each.harm)).toEqual(harm === null ? [] : [harm]),
  );

  it('says where, and what is right', () => {
    expect(misescapes(withReplacement('${1}:1064'), null)).toEqual([
      {
        path: 'receivers.prometheus.config.scrape_configs.0.relabel_configs.0.replacement',
        written: '${1}:1064',
        harm: 'crash',
        right: '$${1}:1064',
      },
    ]);
  });

  it('finds a crash anywhere in the configuration', () => {
    expect(misescapes({ processors: { transform: { metric_statements: ['replace_pattern(name, "(a)", "${1}")'] } } }, null)).toHaveLength(
      1,
    );
  });
});

it('a row of dollar signs is no way to stop it', () => {
  const rows = `${'$'.repeat(500_000)}1`;
  expect(misescapes(withReplacement(rows), null)).toEqual([]);
  expect(expanded(rows, () => null)).toBe(rows);
});

describe('expanded', () => {
  const environment = (name: string) => (name === 'HOST' ? 'mimir' : null);
  it.each([
    ['http://${env:HOST}:8080', 'http://mimir:8080'],
    ['http://${HOST}', 'http://mimir'],
    ['${env:NODE}', '${env:NODE}'],
    ['${env:NODE:-here}', 'here'],
    ['$${HOST}', '${HOST}'],
    ['$$1:$$2', '$1:$2'],
    ['$${1}', '${1}'],
    // As it is meant: what is wrong with it is told elsewhere.
    ['${1}', '${1}'],
    ['$$$$1', '$1'],
    ['end$$', 'end$'],
  ])('%s', (written, text) => expect(expanded({ list: [written] }, environment)).toEqual({ list: [text] }));
});

describe('configOf', () => {
  it.each([
    ['', {}],
    ['# nothing\n', {}],
    ['a: &x {b: 1}\nc: *x\n', { a: { b: 1 }, c: { b: 1 } }],
  ])('%j', (yaml, config) => expect(configOf(yaml)).toEqual(config));

  it.each(['- a', 'a: [', 'text', 'a: 1\na: 2'])('%j is no configuration', (yaml) =>
    expect(() => configOf(yaml)).toThrow(CollectorConfigError),
  );
});

describe('mergedConfig', () => {
  it('merges maps and replaces lists', () => {
    const base = {
      service: { pipelines: { metrics: { receivers: ['otlp', 'prometheus'], exporters: ['debug'] } } },
      receivers: { otlp: null },
    };
    const over = { service: { pipelines: { metrics: { receivers: ['otlp'] } } }, receivers: { prometheus: {} } };
    expect(mergedConfig([base, over])).toEqual({
      service: { pipelines: { metrics: { receivers: ['otlp'], exporters: ['debug'] } } },
      receivers: { otlp: null, prometheus: {} },
    });
  });
});

describe('exportersReached', () => {
  const config = {
    connectors: { 'forward/a': {}, spanmetrics: {} },
    service: {
      pipelines: {
        'metrics/in': { receivers: ['prometheus'], exporters: ['forward/a'] },
        'metrics/out': { receivers: ['forward/a', 'spanmetrics'], exporters: ['prometheus_remote_write', 'forward/a'] },
        traces: { receivers: ['prometheus', 'otlp'], exporters: ['spanmetrics', 'otlp'] },
      },
    },
  };
  it.each([
    ['prometheus', ['prometheus_remote_write']],
    ['otlp', []],
    ['absent', []],
  ])('%s', (receiver, exporters) => expect(exportersReached(config, receiver)).toEqual(exporters));
});

describe('exportersOf', () => {
  it.each([
    ['prometheusremotewrite', 'remote-write'],
    ['prometheus_remote_write/mimir', 'remote-write'],
    ['otlphttp/mimir', 'otlp'],
    ['otlp_http', 'otlp'],
    ['debug', 'debug'],
    ['logging', 'debug'],
    ['constructor', 'other'],
  ])('%s is %s', (id, kind) => expect(exportersOf({ exporters: { [id]: null } })).toMatchObject([{ id, kind, used: false }]));

  it('reads address and tenant, whatever the case of the header', () => {
    const config = {
      exporters: { otlphttp: { endpoint: 'http://mimir/otlp', headers: { 'x-scope-orgid': 'a' } } },
      service: { pipelines: { 'metrics/x': { receivers: [], exporters: ['otlphttp'] } } },
    };
    expect(exportersOf(config)).toEqual([{ id: 'otlphttp', kind: 'otlp', endpoint: 'http://mimir/otlp', tenant: 'a', used: true }]);
  });
});

describe('jobsOf', () => {
  it('reads every receiver of Prometheus', () => {
    const config = {
      receivers: {
        'prometheus/a': {
          config: {
            scrape_configs: [{ job_name: 'a', metrics_path: '/m', static_configs: [{ targets: ['h:1'] }] }],
            scrape_config_files: ['/x'],
          },
        },
        'prometheus/b': { target_allocator: { endpoint: 'http://ta' }, config: { scrape_configs: [] } },
        prometheus_simple: { endpoint: 'pod:1064' },
        otlp: {},
        'prometheus/odd': { config: { scrape_configs: 'text' } },
      },
    };
    expect(jobsOf(config).map(({ name, receiver, path, shared, discovery }) => [name, receiver, path, shared, discovery[0]?.by])).toEqual([
      ['a', 'prometheus/a', '/m', false, 'static'],
      ['scrape_config_files /x', 'prometheus/a', '/metrics', false, 'unknown'],
      ['', 'prometheus/b', '/metrics', true, 'podmonitors'],
      ['prometheus_simple', 'prometheus_simple', '/metrics', false, 'static'],
    ]);
  });
});

describe('telemetryPort', () => {
  it.each([
    [{}, 8888],
    [{ readers: [{ pull: { exporter: { prometheus: { host: '0.0.0.0', port: 9999 } } } }] }, 9999],
    [{ readers: [{ periodic: {} }] }, null],
    [{ address: '${env:MY_POD_IP}:8889' }, 8889],
    [{ level: 'none' }, null],
  ])('%j', (metrics, port) => expect(telemetryPort({ service: { telemetry: { metrics } } })).toBe(port));
});
