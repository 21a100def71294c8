import { describe, expect, it } from 'vitest';
import { sharedViews } from '../../../src/checks/shared.ts';
import { gather } from '../../../src/engine/gather.ts';
import type { Table, ViewName } from '../../../src/model/pipeline.ts';
import {
  healthyObjects,
  healthyPrometheus,
  nounsOf,
  options,
  podMonitor,
  pool,
  prometheusAt,
  prometheusEndpoints,
  sourceOf,
  type World,
} from './world.ts';

async function table(name: Exclude<ViewName, 'proxies'>, world: World = {}): Promise<Table> {
  return sharedViews(nounsOf(world))[name].show(gather(sourceOf(world), options).reader);
}

describe('tables', () => {
  it('PodMonitors say what they match and who takes them', async () => {
    const world = {
      objects: [
        ...healthyObjects,
        podMonitor('old', { podMetricsEndpoints: [{ port: 'aigw-metrics' }] }),
        podMonitor('spare', {}, { labels: {} }),
      ],
    };
    expect((await table('monitors', world)).rows).toEqual([
      ['gateways', 'tokens', '0', 'aigw-admin', '2/2', 'monitoring/k8s', ''],
      [
        'gateways',
        'old',
        '0',
        'aigw-metrics',
        '0/2',
        'monitoring/k8s',
        'port: aigw-metrics exists on none of 2 proxies (they name it "aigw-admin")',
      ],
      ['gateways', 'spare', '0', 'aigw-admin', '2/2', '<none>', 'no Prometheus takes it'],
    ]);
  });

  it('PodMonitors name their rivals', async () => {
    const { rows } = await table('monitors', { objects: [...healthyObjects, podMonitor('copy')] });
    expect(rows.map((row) => row.at(-1))).toEqual([
      'scraped as well by gateways/copy endpoint 0',
      'scraped as well by gateways/tokens endpoint 0',
    ]);
  });

  it('PodMonitors of other ports are left out', async () => {
    const envoy = podMonitor('envoy', { podMetricsEndpoints: [{ port: 'metrics', path: '/stats/prometheus' }] });
    expect((await table('monitors', { objects: [...healthyObjects, envoy] })).rows).toHaveLength(1);
  });

  it('targets stand by pool, and others than of proxies do not', async () => {
    const targets = [{ ip: '10.0.0.2', lastError: 'x' }, { ip: '10.0.0.1' }, { ip: '10.0.0.1', pool: 'envoy', port: 19001 }];
    const { rows } = await table('targets', { endpoints: prometheusEndpoints(prometheusAt, { ...healthyPrometheus, targets }) });
    expect(rows).toEqual([
      [pool, 'monitoring/k8s', 'gateways/gw-1', 'up', '10s', '30s', '', 'http://10.0.0.1:1064/metrics'],
      [pool, 'monitoring/k8s', 'gateways/gw-2', 'down', '10s', '30s', 'x', 'http://10.0.0.2:1064/metrics'],
    ]);
  });

  it('series say their labels and their age', async () => {
    expect((await table('series')).rows).toEqual([['gen_ai_client_token_usage_sum', 'monitoring/k8s', '12', 'user_id', '', '7s']]);
    const bare = prometheusEndpoints(prometheusAt, { ...healthyPrometheus, labels: [] });
    expect((await table('series', { endpoints: bare })).rows[0]?.slice(3, 5)).toEqual(['<none>', 'user_id']);
  });
});
