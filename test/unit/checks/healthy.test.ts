import { describe, expect, it } from 'vitest';
import {
  type FakePrometheus,
  healthyObjects,
  healthyPrometheus,
  judged,
  operatorDeployment,
  podMonitor,
  pool,
  prometheusAt,
  prometheusEndpoints,
  prometheusObject,
  prometheusPod,
  proxies,
  proxyPod,
  type World,
} from './world.ts';

const replaced = (name: string, ...objects: typeof healthyObjects): typeof healthyObjects => [
  ...healthyObjects.filter(({ kind }) => kind !== name),
  ...objects,
];
const served = (fake: FakePrometheus): NonNullable<World['endpoints']> =>
  prometheusEndpoints(prometheusAt, { ...healthyPrometheus, ...fake });
const endpoints = (...list: readonly object[]) => podMonitor('tokens', { podMetricsEndpoints: list });

const twoNames = (name: string, ip: string) =>
  proxyPod(name, ip, {
    spec: {
      initContainers: [
        {
          name: 'extproc',
          ports: [
            { name: 'aigw-admin', containerPort: 1064 },
            { name: 'aigw-metrics', containerPort: 1064 },
          ],
        },
      ],
    },
  });

const worlds: readonly (readonly [string, World])[] = [
  ['a monitor by port name', {}],
  ['a monitor by port number', { objects: replaced('PodMonitor', endpoints({ portNumber: 1064 })) }],
  ['a monitor by target port', { objects: replaced('PodMonitor', endpoints({ targetPort: 1064 })) }],
  ['a monitor by a pattern', { objects: replaced('PodMonitor', endpoints({ port: 'aigw-(admin|metrics)' })) }],
  ['a monitor of every port', { objects: replaced('PodMonitor', endpoints({})) }],
  [
    'two names for one port, by number',
    {
      proxies: [twoNames('gw-1', '10.0.0.1'), twoNames('gw-2', '10.0.0.2')],
      objects: replaced('PodMonitor', endpoints({ portNumber: 1064 })),
    },
  ],
  [
    'a monitor of another port of the same pods',
    { objects: [...healthyObjects, podMonitor('envoy', { podMetricsEndpoints: [{ port: 'metrics', path: '/stats/prometheus' }] })] },
  ],
  [
    'a monitor of other pods',
    {
      objects: [
        ...healthyObjects,
        podMonitor('other', { selector: { matchLabels: { app: 'web' } }, podMetricsEndpoints: [{ port: 'http' }] }),
      ],
    },
  ],
  ['a copy of the monitor that nobody takes', { objects: [...healthyObjects, podMonitor('spare', {}, { labels: {} })] }],
  [
    'a monitor in another namespace that looks everywhere',
    {
      objects: replaced('PodMonitor', podMonitor('tokens', { namespaceSelector: { any: true } }, { namespace: 'monitoring' })),
      endpoints: served({
        pools: ['podMonitor/monitoring/tokens/0'],
        targets: [{ ip: '10.0.0.1' }, { ip: '10.0.0.2' }].map((it) => ({ ...it, pool: 'podMonitor/monitoring/tokens/0' })),
      }),
    },
  ],
  ['a selector that takes everything', { objects: replaced('Prometheus', prometheusObject('k8s', { podMonitorSelector: {} })) }],
  [
    'two shards',
    {
      objects: [...replaced('Prometheus', prometheusObject('k8s', { shards: 2 })), prometheusPod('k8s', 1)],
      endpoints: {
        ...served({ targets: [{ ip: '10.0.0.1' }] }),
        ...prometheusEndpoints('monitoring/prometheus-k8s-shard-1-0:9090', { ...healthyPrometheus, targets: [{ ip: '10.0.0.2' }] }),
      },
    },
  ],
  ['two replicas, of which one is asked', { objects: [...healthyObjects, prometheusPod('k8s', 0, 1)] }],
  [
    'two Prometheus objects that each scrape once',
    {
      objects: [...healthyObjects, prometheusObject('user'), prometheusPod('user')],
      endpoints: { ...served({}), ...prometheusEndpoints('monitoring/prometheus-user-0:9090', healthyPrometheus) },
    },
  ],
  [
    'a second Prometheus object for other monitors',
    {
      objects: [
        ...healthyObjects,
        prometheusObject('other', { podMonitorSelector: { matchLabels: { team: 'other' } } }),
        prometheusPod('other'),
      ],
    },
  ],
  ['an idle canary', { emissions: { 'gw-2': 'idle' } }],
  ['Prometheus 2.42', { endpoints: served({ version: '2.42.0' }) }],
  ['a pod that is not placed yet', { proxies: [...proxies, proxyPod('gw-3', null, { status: { phase: 'Pending', conditions: [] } })] }],
  [
    'a pod that is ending',
    { proxies: [...proxies, proxyPod('gw-3', '10.0.0.3', { metadata: { deletionTimestamp: '2026-11-24T11:59:00Z' } })] },
  ],
  [
    'an operator that looks in some namespaces',
    { objects: replaced('Deployment', operatorDeployment(['--namespaces=gateways,monitoring'])) },
  ],
  [
    'a configuration of its own that scrapes each once',
    { objects: replaced('Prometheus', prometheusObject('k8s', { podMonitorSelector: null, serviceMonitorSelector: null })) },
  ],
  [
    'a monitor with a Secret that works',
    { objects: replaced('PodMonitor', endpoints({ port: 'aigw-admin', authorization: { credentials: { name: 't', key: 'k' } } })) },
  ],
  ['no operator in sight', { objects: replaced('Deployment') }],
  ['a paused Prometheus that has the pool', { objects: replaced('Prometheus', prometheusObject('k8s', { paused: true })) }],
  [
    'split by relabeling between two monitors',
    {
      objects: replaced(
        'PodMonitor',
        podMonitor('tokens', {
          podMetricsEndpoints: [
            { port: 'aigw-admin', relabelings: [{ sourceLabels: ['__meta_kubernetes_pod_name'], regex: 'gw-1', action: 'keep' }] },
          ],
        }),
        podMonitor('rest', {
          podMetricsEndpoints: [
            { port: 'aigw-admin', relabelings: [{ sourceLabels: ['__meta_kubernetes_pod_name'], regex: 'gw-1', action: 'drop' }] },
          ],
        }),
      ),
      endpoints: served({
        pools: [pool, 'podMonitor/gateways/rest/0'],
        targets: [{ ip: '10.0.0.1' }, { ip: '10.0.0.2', pool: 'podMonitor/gateways/rest/0' }],
      }),
    },
  ],
  [
    'scraped by a hand-written job, without operator or monitors',
    {
      objects: [{ ...prometheusPod(), metadata: { ...prometheusPod().metadata, labels: { 'app.kubernetes.io/name': 'prometheus' } } }],
      refused: { podmonitors: 'absent', prometheuses: 'absent', prometheusagents: 'absent' },
      endpoints: served({
        pools: ['kubernetes-pods'],
        targets: [{ ip: '10.0.0.1' }, { ip: '10.0.0.2' }].map((it) => ({ ...it, pool: 'kubernetes-pods' })),
      }),
    },
  ],
  [
    'an address made by relabeling, of a port that nobody declares',
    {
      proxies: [proxyPod('gw-1', '10.0.0.1', { spec: { initContainers: [{ name: 'extproc' }] } })],
      objects: replaced(
        'PodMonitor',
        endpoints({
          port: 'metrics',
          relabelings: [{ sourceLabels: ['__meta_kubernetes_pod_ip'], targetLabel: '__address__', replacement: '$1:1064' }],
        }),
      ),
    },
  ],
];

describe('what looks broken and is not', () => {
  it.each(worlds)('%s', async (_, world) => {
    const result = await judged(world);
    expect({ failing: result.failing, unknown: result.unknown }).toEqual({ failing: [], unknown: [] });
    expect(result.verdicts['series-absent']).toMatchObject({ status: 'pass' });
  });

  it('asks Prometheus little, and the same with more tenants', async () => {
    const { log } = await judged({});
    expect(log.filter((line) => line.startsWith('get'))).toHaveLength(9);
    expect(log.filter((line) => line.startsWith('list')).sort()).toEqual([
      'list deployments',
      'list namespaces',
      'list podmonitors',
      'list pods app.kubernetes.io/name=prometheus',
      'list prometheusagents',
      'list prometheuses',
    ]);
  });
});
