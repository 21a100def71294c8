import { rule } from '../objects/dashboards.ts';
import { type Cluster, drop, edit, find, type Manifest, type OtherWorld } from '../world.ts';
import { chats, labelled } from './cluster.ts';
import { eachTemplate } from './configure.ts';
import { filterConfig } from './gateways.ts';
import { places } from './objects.ts';
import { telemetryPolicy } from './policies.ts';
import { world } from './sound.ts';

const broken = (id: string) => ({ exitCode: 1, brokenAt: id }) as const;
const warned = (id: string) => ({ exitCode: 0, brokenAt: id }) as const;
const quiet = { panels: [] };
const monitor = 'kuadrant-limitador-monitor';
const late = new WeakMap<Cluster, Manifest>();
const key = (name: string, annotations: Record<string, string>): Manifest => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name, namespace: places.models, labels: { 'authorino.kuadrant.io/managed-by': 'authorino', app: 'my-llm' }, annotations },
  type: 'Opaque',
  stringData: { api_key: `key-of-${name}` },
});

/** Worlds in which Limitador counts and its keys, its store or its questions are not sound. */
export const storeWorlds: readonly OtherWorld[] = [
  world({
    name: 'kuadrant-api-key-unannotated',
    title: 'one of two API keys does not say whose it is',
    shape: { flows: labelled({ user: 'user-1', group: 'free' }, { user: '', group: 'gold' }) },
    change: (cluster) => {
      const groups = 'kuadrant.io/groups';
      cluster.objects.push(
        key('api-key-free', { [groups]: 'free', 'kuadrant.io/user-id': 'user-1' }),
        key('api-key-gold', { [groups]: 'gold' }),
      );
    },
    options: { secretNames: true },
    expect: warned('api-keys-unannotated'),
  }),
  world({
    name: 'kuadrant-api-keys-annotated',
    title: 'every API key says whose it is',
    change: (cluster) => {
      const of = (group: string, user: string): Record<string, string> => ({ 'kuadrant.io/groups': group, 'kuadrant.io/user-id': user });
      cluster.objects.push(key('api-key-free', of('free', 'user-1')), key('api-key-gold', of('gold', 'user-2')));
    },
    options: { secretNames: true },
    expect: { exitCode: 0, brokenAt: null },
  }),
  world({
    name: 'kuadrant-recording-rule',
    title: 'a rule records the tokens of each user',
    change: (cluster) => {
      cluster.objects.push(rule('sum by (user) (rate(authorized_hits[5m]))'));
    },
    expect: { exitCode: 0, brokenAt: null },
  }),
  world({
    name: 'kuadrant-port-undeclared',
    title: 'the container of Limitador declares no port',
    shape: quiet,
    change: (cluster) =>
      eachTemplate(cluster, 'limitador-limitador', ({ containers: [container] }) => {
        container.ports = [];
      }),
    expect: broken('port-undeclared'),
  }),
  world({
    name: 'kuadrant-no-prometheus-object',
    title: 'the monitors are there and no Prometheus',
    shape: quiet,
    change: (cluster) => {
      drop(cluster, ({ kind, metadata }) => kind === 'Prometheus' || metadata.name.startsWith('prometheus-k8s'));
      cluster.servers = [];
    },
    expect: broken('operator-missing'),
  }),
  world({
    name: 'kuadrant-timeout-over-interval',
    title: 'somebody gave the monitor a timeout longer than its interval, and the operator refuses it',
    shape: quiet,
    change: (cluster) =>
      edit(cluster, 'PodMonitor', monitor, ({ spec }) => {
        Object.assign(spec.podMetricsEndpoints[0], { interval: '5s', scrapeTimeout: '10s' });
      }),
    expect: broken('rejected-monitors'),
  }),
  world({
    name: 'kuadrant-configuration-not-reloaded',
    title: 'the monitor is there and Prometheus has not taken it up',
    shape: quiet,
    change: (cluster) => {
      const own = find(cluster, 'PodMonitor', monitor);
      drop(cluster, (object) => object === own);
      late.set(cluster, own);
    },
    later: async ({ cluster, apply }) => {
      const own = late.get(cluster);
      if (own !== undefined) await apply(own);
    },
    expect: broken('pool-absent'),
  }),
  world({
    name: 'kuadrant-prometheus-may-not-list-pods',
    title: 'Prometheus may not list pods: the pool is there and has no targets',
    shape: quiet,
    change: (cluster) => {
      cluster.servers = cluster.servers.map((server) => ({ ...server, blind: true }));
    },
    expect: broken('targets-missing'),
  }),
  world({
    name: 'kuadrant-tokens-dropped',
    title: 'a metric relabeling keeps calls and drops hits',
    shape: quiet,
    change: (cluster) =>
      edit(cluster, 'PodMonitor', monitor, ({ spec }) => {
        spec.podMetricsEndpoints[0].metricRelabelings = [{ action: 'drop', sourceLabels: ['__name__'], regex: 'authorized_hits' }];
      }),
    expect: broken('tokens-dropped'),
  }),
  world({
    name: 'kuadrant-label-named-namespace',
    title: 'a label is called namespace, as a label of every target is',
    shape: {
      flows: labelled({ user: 'user-1', namespace: 'team-a' }, { user: 'user-2', namespace: 'team-b' }),
      panels: ['sum by (user) (rate(authorized_hits[5m]))'],
    },
    change: (cluster) => {
      const labels = { user: 'auth.identity.userid', namespace: 'auth.identity.groups' };
      drop(cluster, ({ kind }) => kind === 'TelemetryPolicy');
      cluster.objects.push(telemetryPolicy(labels));
      edit(cluster, 'WasmPlugin', undefined, ({ spec }) => {
        spec.pluginConfig = filterConfig(labels);
      });
    },
    expect: warned('labels-exported'),
  }),
  world({
    name: 'kuadrant-two-jobs',
    title: 'two hand-written scrape jobs, and no monitor, cover Limitador',
    change: (cluster) => {
      drop(cluster, ({ metadata }) => metadata.name === monitor);
      handWritten(cluster, ['pods', 'limits']);
    },
    expect: broken('duplicate-targets'),
  }),
  world({
    name: 'kuadrant-renamed-by-a-relabeling',
    title: 'a metric relabeling gives the counter the name that a collector would give it',
    shape: quiet,
    later: async ({ cluster, apply, reload, scrapes }) => {
      edit(cluster, 'PodMonitor', monitor, ({ spec }) => {
        const renaming = {
          action: 'replace',
          sourceLabels: ['__name__'],
          regex: 'authorized_hits',
          targetLabel: '__name__',
          replacement: 'authorized_hits_total',
        };
        spec.podMetricsEndpoints[0].metricRelabelings = [renaming];
      });
      await apply(find(cluster, 'PodMonitor', monitor));
      await reload();
      await scrapes(3);
    },
    expect: warned('spellings-mixed'),
  }),
  world({
    name: 'kuadrant-disk-full',
    title: 'Prometheus cannot write any more: the target is up and no sample is stored',
    shape: { flows: chats.map(({ limited, ...flow }) => ({ ...flow, before: 4000, perSecond: 0 })), panels: [] },
    later: async ({ fillDisks, scrapes }) => {
      await fillDisks();
      await scrapes(4);
    },
    expect: warned('series-stale'),
  }),
  world({
    name: 'kuadrant-dashboard-for-a-newer-prometheus',
    title: 'a dashboard is written in the quoted syntax, which Prometheus 2 does not parse',
    shape: { prometheus: '2.42', panels: ['sum by (user) (increase({"authorized_hits"}[1h]))'] },
    expect: broken('queries-too-new'),
  }),
  world({
    name: 'kuadrant-rule-not-selected',
    title: 'Prometheus takes rules of another release alone',
    shape: quiet,
    change: (cluster) => {
      cluster.objects.push(rule('sum by (user) (rate(authorized_hits[5m]))'));
      edit(cluster, 'Prometheus', undefined, ({ spec }) => {
        spec.ruleSelector = { matchLabels: { release: 'other' } };
      });
    },
    expect: broken('rejected-rules'),
  }),
];

/** Scrape jobs over the pods of Limitador, in a Secret that the Prometheus object names. */
function handWritten(cluster: Cluster, names: readonly string[]): void {
  const lines = names.flatMap((name) => [
    `- job_name: ${name}`,
    `  kubernetes_sd_configs: [{role: pod, namespaces: {names: [${places.system}]}}]`,
    '  relabel_configs:',
    '  - {action: keep, source_labels: [__meta_kubernetes_pod_label_app], regex: limitador}',
    '  - {action: keep, source_labels: [__meta_kubernetes_pod_container_port_number], regex: "8080"}',
    '  - {source_labels: [__meta_kubernetes_pod_name], target_label: pod}',
  ]);
  const metadata = { name: 'additional-scrape-configs', namespace: 'monitoring' };
  const at = cluster.objects.indexOf(find(cluster, 'Prometheus'));
  cluster.objects.splice(at, 0, { apiVersion: 'v1', kind: 'Secret', metadata, stringData: { 'jobs.yaml': `${lines.join('\n')}\n` } });
  edit(cluster, 'Prometheus', 'k8s', ({ spec }) => {
    spec.additionalScrapeConfigs = { name: metadata.name, key: 'jobs.yaml' };
  });
}
