import { describe, expect, it } from 'vitest';
import { type Collector, collectors } from '../../../src/facts/collectors.ts';
import type { KubeObject, Many } from '../../../src/model/source.ts';
import { type Memory, memorySource } from '../memory-source.ts';
import { ask } from '../pipelines/envoy-ai-gateway/reader.ts';

type Fields = Readonly<Record<string, unknown>>;

const read = (objects: readonly KubeObject[], refused: Memory['refused'] = {}): Promise<Many<Collector>> =>
  ask(collectors, memorySource({ objects, refused }));

interface Shape {
  readonly kind?: string;
  readonly image?: string;
  readonly args?: readonly string[];
  readonly command?: readonly string[];
  readonly env?: readonly Fields[];
  readonly mounts?: readonly Fields[];
  readonly volumes?: readonly Fields[];
  readonly labels?: Readonly<Record<string, string>>;
}

function workload(shape: Shape = {}): KubeObject {
  const {
    kind = 'Deployment',
    image = 'otel/opentelemetry-collector-contrib:0.120.0',
    args = ['--config=/conf/relay.yaml'],
    ...rest
  } = shape;
  const mounts = rest.mounts ?? [{ name: 'config', mountPath: '/conf' }];
  const volumes = rest.volumes ?? [{ name: 'config', configMap: { name: 'otel', items: [{ key: 'relay', path: 'relay.yaml' }] } }];
  return {
    apiVersion: 'apps/v1',
    kind,
    metadata: { name: 'otel', namespace: 'monitoring', labels: rest.labels ?? {} },
    spec: {
      selector: { matchLabels: { app: 'otel' } },
      template: {
        spec: { containers: [{ name: 'c', image, args, command: rest.command ?? [], env: rest.env ?? [], volumeMounts: mounts }], volumes },
      },
    },
  };
}

const yaml = (jobName: string): string =>
  `receivers: {prometheus: {config: {scrape_configs: [{job_name: ${jobName}}]}}}\nservice: {pipelines: {metrics: {receivers: [prometheus], exporters: [otlp]}}}\nexporters: {otlp: {endpoint: "\${env:HOST}:4317"}}\n`;

const map = (data: Readonly<Record<string, string>>, name = 'otel'): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: 'monitoring' },
  data,
});

/** Why the configuration is unknown, or the jobs. */
function told({ config, jobs }: Collector): string {
  return config.status === 'unknown' ? config.why : jobs.map(({ name }) => name).join(',');
}

describe('which workloads are collectors', () => {
  it.each([
    ['otel/opentelemetry-collector-contrib:0.120.0', {}, 'otel 0.120.0'],
    ['ghcr.io/open-telemetry/opentelemetry-collector-releases/opentelemetry-collector-k8s:0.153.0', {}, 'otel 0.153.0'],
    ['registry:5000/otelcol@sha256:00', { 'app.kubernetes.io/version': '0.99.0' }, 'otel 0.99.0'],
    ['grafana/alloy:v1.8.3', {}, 'alloy 1.8.3'],
    ['mirror/otc:1', { 'app.kubernetes.io/name': 'opentelemetry-collector' }, 'otel null'],
    ['mirror/alloy-custom:1', { 'app.kubernetes.io/name': 'alloy' }, 'alloy null'],
    ['ghcr.io/open-telemetry/opentelemetry-operator/opentelemetry-operator:0.120.0', {}, ''],
    ['ghcr.io/open-telemetry/opentelemetry-operator/target-allocator:0.120.0', { 'app.kubernetes.io/name': 'opentelemetry-collector' }, ''],
    ['grafana/alloy-operator:1.0.0', {}, ''],
    ['nginx', {}, ''],
  ])('%s %j', async (image, labels, line) => {
    const found = await read([workload({ image, labels })]);
    expect(found.read.map(({ kind, version }) => `${kind} ${version}`).join()).toBe(line);
  });
});

describe('where its configuration comes from', () => {
  it.each<[string, Shape, string]>([
    ['a key under another name', {}, 'a'],
    ['a flag in two words', { args: ['--config', '/conf/relay.yaml'] }, 'a'],
    ['a flag in the command', { command: ['/otelcol', '--config=file:/conf/relay.yaml'], args: [] }, 'a'],
    ['a shell', { command: ['sh', '-c', 'exec /otelcol --config="/conf/relay.yaml" --feature-gates=x'], args: [] }, 'a'],
    ['a key of its own', { args: ['--config=/conf/relay'], volumes: [{ name: 'config', configMap: { name: 'otel' } }] }, 'a'],
    [
      'one file by subPath',
      { args: ['--config=/etc/c.yaml'], mounts: [{ name: 'config', mountPath: '/etc/c.yaml', subPath: 'relay.yaml' }] },
      'a',
    ],
    [
      'a projected volume',
      {
        volumes: [
          {
            name: 'config',
            projected: {
              sources: [{ secret: { name: 's' } }, { configMap: { name: 'otel', items: [{ key: 'relay', path: 'relay.yaml' }] } }],
            },
          },
        ],
      },
      'a',
    ],
    [
      'the default file of the image',
      { args: [], mounts: [{ name: 'config', mountPath: '/etc/otelcol-contrib/config.yaml', subPath: 'relay.yaml' }] },
      'a',
    ],
    ['the image itself', { args: [], mounts: [] }, '/etc/otelcol-contrib/config.yaml is part of the image'],
    ['a Secret', { volumes: [{ name: 'config', secret: { secretName: 's' } }] }, '/conf/relay.yaml comes from a volume of the kind secret'],
    ['an address', { args: ['--config=https://example.com/c.yaml'] }, 'part of its configuration is https: and not a file'],
    [
      'YAML in the argument',
      { args: ['--config=/conf/relay.yaml', '--config=yaml:receivers: {}'] },
      'part of its configuration is yaml: and not a file',
    ],
    [
      'a key that is missing',
      { volumes: [{ name: 'config', configMap: { name: 'otel', items: [{ key: 'gone', path: 'relay.yaml' }] } }] },
      'ConfigMap monitoring/otel has no key gone',
    ],
    [
      'a ConfigMap that may be missing',
      {
        args: ['--config=/conf/relay.yaml', '--config=/more/x.yaml'],
        mounts: [
          { name: 'config', mountPath: '/conf' },
          { name: 'more', mountPath: '/more' },
        ],
        volumes: [
          { name: 'config', configMap: { name: 'otel', items: [{ key: 'relay', path: 'relay.yaml' }] } },
          { name: 'more', configMap: { name: 'more', optional: true } },
        ],
      },
      'a',
    ],
  ])('%s', async (_, shape, line) => {
    const { read: found } = await read([workload(shape), map({ relay: yaml('a') })]);
    expect(found.map(told)).toEqual([line]);
  });

  it('is unknown when ConfigMaps are refused', async () => {
    const found = await read([workload()], { configmaps: 'forbidden' });
    expect(found.read.map(told)).toEqual(['the ConfigMaps of namespace monitoring could not be read']);
    expect(found.unread).toHaveLength(1);
  });

  it.each(['receivers: [', '- a', 'text'])('is unknown when it is %j', async (text) => {
    const { read: found } = await read([workload(), map({ relay: text })]);
    expect(found.map(({ config }) => config.status)).toEqual(['unknown']);
  });

  it('has the variables that the template sets', async () => {
    const { read: found } = await read([workload({ env: [{ name: 'HOST', value: 'mimir' }] }), map({ relay: yaml('a') })]);
    expect(found[0]?.exporters).toEqual([{ id: 'otlp', kind: 'otlp', endpoint: 'mimir:4317', tenant: null, used: true }]);
  });

  it('of Alloy is the file or directory that it runs', async () => {
    const alloy = workload({
      image: 'grafana/alloy:v1.8.3',
      args: ['run', '/etc/alloy', '--storage.path=/tmp'],
      mounts: [{ name: 'config', mountPath: '/etc/alloy' }],
      volumes: [{ name: 'config', configMap: { name: 'otel' } }],
    });
    const { read: found } = await read([
      alloy,
      map({
        'config.alloy': 'prometheus.scrape "a" {\n targets = []\n}\nprometheus.scrape "b" {\n targets = [{"__address__" = "x:1"}]\n}',
      }),
    ]);
    expect(found.map(told)).toEqual(['prometheus.scrape.b']);
  });
});

describe('resources of the operator', () => {
  const resource = (spec: Fields): KubeObject => ({
    apiVersion: 'opentelemetry.io/v1beta1',
    kind: 'OpenTelemetryCollector',
    metadata: { name: 'main', namespace: 'monitoring' },
    spec,
  });
  const running: KubeObject = {
    ...workload({
      kind: 'DaemonSet',
      labels: { 'app.kubernetes.io/managed-by': 'opentelemetry-operator', 'app.kubernetes.io/instance': 'monitoring.main' },
    }),
    metadata: {
      name: 'main-collector',
      namespace: 'monitoring',
      labels: { 'app.kubernetes.io/managed-by': 'opentelemetry-operator', 'app.kubernetes.io/instance': 'monitoring.main' },
    },
  };
  const config = { receivers: { prometheus: { config: { scrape_configs: [{ job_name: 'a' }] } } } };

  it.each([
    ['an object, v1beta1', config],
    ['a text, v1alpha1', JSON.stringify(config)],
  ])('have their configuration as %s', async (_, value) => {
    const { read: found } = await read([resource({ mode: 'daemonset', config: value }), running]);
    expect(found.map(({ subject, workload, version, jobs }) => [subject, workload?.kind, version, jobs.length])).toEqual([
      ['OpenTelemetryCollector monitoring/main', 'DaemonSet', '0.120.0', 1],
    ]);
  });

  it('take PodMonitors through their target allocator', async () => {
    const { read: found } = await read([resource({ config, targetAllocator: { enabled: true, prometheusCR: { enabled: true } } })]);
    expect(found[0]?.jobs.map(({ discovery, shared }) => [discovery[0]?.by ?? 'none', shared])).toEqual([
      ['none', true],
      ['podmonitors', true],
    ]);
  });

  it('that are not served are none', async () => {
    expect(await read([], { opentelemetrycollectors: 'absent' })).toEqual({ read: [], unread: [] });
    expect((await read([], { opentelemetrycollectors: 'forbidden' })).unread).toHaveLength(1);
  });
});
