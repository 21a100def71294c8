import { describe, expect, it } from 'vitest';
import { mimirs } from '../../../src/facts/mimir.ts';
import type { KubeObject } from '../../../src/model/source.ts';
import { type Memory, memorySource } from '../memory-source.ts';
import { ask } from '../pipelines/envoy-ai-gateway/reader.ts';
import { mimir, mimirConfig, mimirLabels, mimirPart, service, workload } from '../pipelines/lgtm/objects.ts';

const found = async (objects: readonly KubeObject[], refused: Memory['refused'] = {}) => ask(mimirs, memorySource({ objects, refused }));
const other = (name: string, image: string, labels = {}): KubeObject => workload(name, { image, labels: { ...mimirLabels, ...labels } });

describe('where Mimir is', () => {
  it.each<[string, KubeObject[], string[]]>([
    ['one process', [mimir()], ['StatefulSet monitoring/lgtm-pack-mimir monolithic :8080']],
    [
      'from a mirror',
      [mimir({ image: 'registry.example:5000/mirror/grafana/mimir@sha256:abc' })],
      ['StatefulSet monitoring/lgtm-pack-mimir monolithic :8080'],
    ],
    [
      'on a port by flag',
      [mimir({ ports: [], args: ['-server.http-listen-port=9009'] })],
      ['StatefulSet monitoring/lgtm-pack-mimir monolithic :9009'],
    ],
    [
      'in parts, by the query frontend',
      [
        mimirPart('querier'),
        mimirPart('distributor'),
        mimirPart('query-frontend'),
        mimirPart('gateway', { image: 'nginxinc/nginx-unprivileged:1.29', args: [] }),
      ],
      ['Deployment monitoring/lgtm-pack-mimir-query-frontend distributed :8080'],
    ],
    [
      'in parts without a frontend, by the gateway',
      [mimirPart('ingester'), mimirPart('gateway', { image: 'nginxinc/nginx-unprivileged:1.29', args: [] })],
      ['Deployment monitoring/lgtm-pack-mimir-gateway distributed :8080'],
    ],
    [
      'not in what stands beside it',
      [
        other('rollout-operator', 'grafana/rollout-operator:v0.32.0'),
        other('chunks-cache', 'memcached:1.6-alpine'),
        other('gateway', 'nginxinc/nginx-unprivileged:1.29', { 'app.kubernetes.io/component': 'gateway' }),
        other('smoke', 'grafana/mimir-continuous-test:3.0.1'),
      ],
      [],
    ],
  ])('%s', async (_, objects, expected) => {
    const { read } = await found(objects);
    expect(read.map(({ queried, subject, mode, port }) => `${queried === null ? '-' : subject} ${mode} :${port}`)).toEqual(expected);
  });

  it('knows its Services, and which of them is the gateway', async () => {
    const gateway = mimirPart('gateway', { image: 'nginxinc/nginx-unprivileged:1.29', args: [] });
    const labels = gateway.metadata.labels ?? {};
    const { read } = await found([
      mimirPart('query-frontend'),
      gateway,
      service('mimir-gateway', labels, [80]),
      service('mimir-query-frontend', { ...mimirLabels, 'app.kubernetes.io/component': 'query-frontend' }),
      { ...service('mimir-headless', mimirLabels), spec: { clusterIP: 'None', selector: mimirLabels, ports: [{ port: 8080 }] } },
      service('grafana', { 'app.kubernetes.io/name': 'grafana' }),
      service('external', {}),
    ]);
    expect(read[0]?.services.map(({ name, gateway, ports }) => `${name} ${gateway} ${ports}`)).toEqual([
      'mimir-gateway true 80',
      'mimir-query-frontend false 8080',
      'mimir-headless false ',
    ]);
  });

  it('reads its mounted configuration and no other', async () => {
    const { read } = await found([
      mimir(),
      mimirConfig(),
      { ...mimirConfig('multitenancy_enabled: true'), metadata: { name: 'other', namespace: 'monitoring' } },
    ]);
    expect(read[0]?.limits).toMatchObject({ multitenancy: false, retention: 2_592_000 });
  });

  it('keeps apart what could not be read from what is not there', async () => {
    expect((await found([], { statefulsets: 'forbidden' })).unread.map(({ reason }) => reason)).toEqual(['forbidden']);
    expect((await found([mimir()], { configmaps: 'forbidden' })).read[0]).toMatchObject({
      limits: { multitenancy: null },
      unread: [{ reason: 'forbidden' }],
    });
  });
});
