import { startLimitador } from '../../e2e/emulator/limitador.ts';
import { drop, edit, type OtherWorld } from '../world.ts';
import { chats, labelled } from './cluster.ts';
import { dashboard, limitadorMonitor, places } from './objects.ts';
import { ratePolicy, tokenPolicy } from './policies.ts';
import { world } from './sound.ts';

const broken = (id: string) => ({ exitCode: 1, brokenAt: id }) as const;
const warned = (id: string) => ({ exitCode: 0, brokenAt: id }) as const;

/** Worlds in which Limitador counts wrongly or is not collected, and in which what it counted is asked for wrongly. */
export const emitWorlds: readonly OtherWorld[] = [
  world({
    name: 'kuadrant-store-lost',
    title: 'Limitador cannot reach the Redis of its counters',
    shape: { program: { partitioned: true } },
    expect: broken('metrics-unreadable'),
  }),
  world({
    name: 'kuadrant-metrics-answer-500',
    title: 'Limitador answers every scrape with an error',
    shape: { program: { trouble: 'http-500' }, panels: [] },
    expect: broken('metrics-unreadable'),
  }),
  world({
    name: 'kuadrant-streams-without-usage',
    title: 'every answer is a stream without usage',
    shape: { flows: chats.map((flow) => ({ ...flow, tokens: null })), panels: [] },
    expect: broken('tokens-unextracted'),
  }),
  world({
    name: 'kuadrant-labels-lost',
    title: 'all policies are in force and no label arrives',
    shape: { flows: labelled({}), panels: [] },
    expect: broken('identity-absent'),
  }),
  world({
    name: 'kuadrant-user-empty',
    title: 'the user is empty on every series, for the keys have another annotation',
    shape: { flows: labelled({ user: '', group: 'free' }, { user: '', group: 'gold' }), panels: [] },
    expect: broken('identity-empty'),
  }),
  world({
    name: 'kuadrant-requests-among-tokens',
    title: 'a RateLimitPolicy is on the same route and adds a token for each request',
    shape: { flows: chats.map((flow) => ({ ...flow, rateLimited: true })) },
    change: (cluster) => {
      cluster.objects.push(ratePolicy());
    },
    expect: warned('requests-counted'),
  }),
  world({
    name: 'kuadrant-monitors-off',
    title: 'the operator was never told to make monitors',
    shape: { panels: [] },
    change: (cluster) => {
      edit(cluster, 'Kuadrant', undefined, (object) => {
        object.spec = {};
      });
      drop(cluster, ({ kind, metadata }) => /Monitor$/.test(kind) && metadata.labels?.['kuadrant.io/observability'] === 'true');
    },
    expect: broken('monitors-disabled'),
  }),
  world({
    name: 'kuadrant-monitor-not-made',
    title: 'monitors are on, and their kinds came after the operator had started',
    shape: { panels: [] },
    change: (cluster) =>
      drop(cluster, ({ kind, metadata }) => /Monitor$/.test(kind) && metadata.labels?.['kuadrant.io/observability'] === 'true'),
    expect: broken('monitors-disabled'),
  }),
  world({
    name: 'kuadrant-monitor-deleted',
    title: 'the operator has deleted its monitor of Limitador, as it does again and again, and the others are there',
    shape: { panels: [] },
    change: (cluster) => drop(cluster, ({ metadata }) => metadata.name === 'kuadrant-limitador-monitor'),
    expect: broken('monitors-disabled'),
  }),
  world({
    name: 'kuadrant-monitor-on-another-port',
    title: "somebody changed the port of the operator's monitor, which the operator leaves so",
    shape: { panels: [] },
    change: (cluster) =>
      edit(cluster, 'PodMonitor', 'kuadrant-limitador-monitor', ({ spec }) => {
        spec.podMetricsEndpoints[0].port = 'metrics';
      }),
    expect: broken('unmonitored-limitadors'),
  }),
  world({
    name: 'kuadrant-scraped-twice',
    title: 'a ServiceMonitor scrapes Limitador beside the PodMonitor of the operator, and every sum doubles',
    change: (cluster) => {
      cluster.objects.push({
        ...limitadorMonitor(),
        kind: 'ServiceMonitor',
        metadata: { name: 'limitador', namespace: places.system, labels: { 'app.kubernetes.io/part-of': 'maas-observability' } },
        spec: { selector: { matchLabels: { app: 'limitador' } }, endpoints: [{ port: 'http', path: '/metrics' }] },
      });
    },
    expect: broken('duplicate-monitors'),
  }),
  world({
    name: 'kuadrant-monitor-not-selected',
    title: 'Prometheus takes monitors of one release alone',
    shape: { panels: [] },
    change: (cluster) =>
      edit(cluster, 'Prometheus', undefined, ({ spec }) => {
        spec.podMonitorSelector = { matchLabels: { release: 'kube-prometheus-stack' } };
      }),
    expect: broken('unselected-monitors'),
  }),
  world({
    name: 'kuadrant-relabeling-drops-the-user',
    title: "a metric relabeling of the operator's monitor takes the user away",
    shape: { panels: ['sum by (group) (rate(authorized_hits[5m]))'] },
    change: (cluster) =>
      edit(cluster, 'PodMonitor', 'kuadrant-limitador-monitor', ({ spec }) => {
        spec.podMetricsEndpoints[0].metricRelabelings = [{ action: 'labeldrop', regex: 'user' }];
      }),
    expect: broken('tenants-merged'),
  }),
  world({
    name: 'kuadrant-mutual-tls',
    title: 'mutual TLS is on for Limitador, and Prometheus is no part of the mesh',
    shape: { panels: [] },
    change: (cluster) => {
      edit(cluster, 'Kuadrant', undefined, ({ spec }) => {
        spec.mtls = { enable: true };
      });
      const [limits] = cluster.backends;
      if (limits === undefined) return;
      // A tunnel ends inside the pod, behind what refuses plain connections from outside.
      const outside = `${cluster.subnet}.62`;
      edit(cluster, 'Pod', limits.name, ({ status }) => {
        Object.assign(status, { podIP: outside, podIPs: [{ ip: outside }] });
      });
      cluster.backends.push({
        ...limits,
        name: 'limitador-from-outside',
        address: outside,
        start: () => startLimitador(outside, { flows: [], trouble: 'reset' }),
      });
    },
    expect: broken('scrape-walled'),
  }),
  world({
    name: 'kuadrant-mutual-tls-permissive',
    title: 'mutual TLS is on for Limitador, and its metrics port takes plain connections all the same',
    change: (cluster) =>
      edit(cluster, 'Kuadrant', undefined, ({ spec }) => {
        spec.mtls = { enable: true };
      }),
    expect: { exitCode: 0, brokenAt: null },
  }),
  world({
    name: 'kuadrant-dashboard-of-raw-counters',
    title: 'a dashboard sums the counters as they are, as the guide shows them',
    shape: { panels: ['sum by (user) (authorized_hits)'] },
    expect: broken('queries-overcounted'),
  }),
  world({
    name: 'kuadrant-dashboard-by-the-name-of-a-collector',
    title: 'a dashboard asks for authorized_hits_total, which a collector would make of it',
    shape: { panels: ['sum by (user) (increase(authorized_hits_total[1h]))'] },
    expect: broken('queries-empty'),
  }),
  world({
    name: 'kuadrant-dashboard-by-another-label',
    title: 'a dashboard groups by user_id, and the label is called user',
    shape: { panels: ['sum by (user_id) (increase(authorized_hits[1h]))'] },
    expect: broken('queries-collapsed'),
  }),
  world({
    name: 'kuadrant-limits-before-auth-and-raw-dashboard',
    title: 'limits are judged before the caller is known, and a dashboard sums raw counters',
    shape: { flows: labelled({}), panels: [] },
    change: (cluster) => {
      drop(cluster, ({ kind }) => kind === 'TokenRateLimitPolicy');
      cluster.objects.push(tokenPolicy({ global: { rates: [{ limit: 1_000_000, window: '1h' }] } }), dashboard('sum(authorized_hits)'));
    },
    expect: { exitCode: 1, brokenAt: 'auth-unreferenced', also: ['queries-overcounted'] },
  }),
];
