import { podMonitor } from './objects/monitoring.ts';
import { names } from './objects/namespaces.ts';
import { looks } from './objects/releases.ts';
import { type Cluster, drop, type Editable, edit, find, type GatewayWorld, type Manifest } from './world.ts';

const broken = (id: string): GatewayWorld['expect'] => ({ exitCode: 1, brokenAt: id });

/** Worlds whose path breaks between the proxies and the store. */
export const scrapeWorlds: readonly GatewayWorld[] = [
  {
    name: 'no-prometheus-object',
    title: 'PodMonitors exist and no Prometheus does',
    on: { release: 'v0.5' },
    change: (cluster) => {
      drop(cluster, ({ kind, metadata }) => kind === 'Prometheus' || metadata.name.startsWith('prometheus-k8s'));
      cluster.servers = [];
    },
    expect: broken('operator-missing'),
  },
  {
    name: 'no-operator-installed',
    title: 'the kinds of the operator are not served at all',
    on: { release: 'v0.5' },
    change: (cluster) => {
      drop(
        cluster,
        ({ apiVersion, metadata }) => apiVersion.startsWith('monitoring.coreos.com') || metadata.namespace === names.monitoring,
      );
      cluster.servers = [];
      cluster.absent = ['podmonitors', 'prometheuses', 'prometheusagents', 'servicemonitors', 'scrapeconfigs', 'prometheusrules', 'probes'];
    },
    expect: broken('operator-missing'),
  },
  {
    name: 'monitor-on-old-port-name',
    title: 'the PodMonitor asks for aigw-metrics, a name that v0.5 does not have any more',
    on: { release: 'v0.5' },
    change: (cluster) => endpoint(cluster, { port: 'aigw-metrics', path: '/metrics' }),
    expect: broken('unmonitored-proxies'),
  },
  {
    name: 'monitor-in-another-namespace',
    title: 'the PodMonitor looks in its own namespace alone, and no proxy runs there',
    on: { release: 'v1.1' },
    change: (cluster) =>
      edit(cluster, 'PodMonitor', undefined, (monitor) => {
        delete monitor.spec.namespaceSelector;
      }),
    expect: broken('unmonitored-proxies'),
  },
  {
    name: 'monitor-selects-another-label',
    title: 'the PodMonitor wants a label that no proxy has',
    on: { release: 'v0.5' },
    change: (cluster) =>
      edit(cluster, 'PodMonitor', undefined, (monitor) => {
        monitor.spec.selector.matchLabels = { 'app.kubernetes.io/component': 'ai-proxy' };
      }),
    expect: broken('unmonitored-proxies'),
  },
  {
    name: 'no-monitor',
    title: 'there is no PodMonitor',
    on: { release: 'v0.4' },
    change: (cluster) => drop(cluster, ({ kind }) => kind === 'PodMonitor'),
    expect: broken('unmonitored-proxies'),
  },
  {
    name: 'monitor-without-the-release-label',
    title: 'Prometheus takes monitors with a label that this one lacks',
    on: { release: 'v0.5' },
    change: (cluster) => {
      edit(cluster, 'Prometheus', 'k8s', ({ spec }) => {
        spec.podMonitorSelector = { matchLabels: { release: 'kube-prometheus-stack' } };
      });
      edit(cluster, 'PodMonitor', undefined, ({ metadata }) => {
        delete metadata.labels;
      });
    },
    expect: broken('unselected-monitors'),
  },
  {
    name: 'prometheus-without-a-monitor-selector',
    title: 'an absent podMonitorSelector selects nothing',
    on: { release: 'v0.5' },
    change: (cluster) =>
      edit(cluster, 'Prometheus', 'k8s', ({ spec }) => {
        delete spec.podMonitorSelector;
      }),
    expect: broken('unselected-monitors'),
  },
  {
    name: 'monitor-timeout-over-interval',
    title: 'the operator refuses a scrape timeout longer than the interval',
    on: { release: 'v0.5' },
    change: (cluster) => endpoint(cluster, { port: 'aigw-admin', path: '/metrics', interval: '5s', scrapeTimeout: '10s' }),
    expect: broken('rejected-monitors'),
  },
  {
    name: 'two-monitors-one-port',
    title: 'two PodMonitors scrape the same port: every token counts twice',
    on: { release: 'v0.5' },
    change: (cluster) => {
      const again = podMonitor('aigw-admin', names.envoyGateway, 'extproc-metrics');
      cluster.objects.splice(cluster.objects.indexOf(find(cluster, 'PodMonitor')), 0, again);
    },
    expect: broken('duplicate-monitors'),
  },
  {
    name: 'second-monitor-on-one-proxy',
    title: 'a second PodMonitor scrapes one proxy of three again: a part of the tokens counts twice',
    on: { release: 'v0.5' },
    change: (cluster) => {
      const [{ name } = { name: '' }] = cluster.proxies;
      edit(cluster, 'Pod', name, ({ metadata }) => {
        metadata.labels.track = 'canary';
      });
      const again: Editable = podMonitor('aigw-admin', names.envoyGateway, 'ai-gateway-canary');
      again.spec.selector.matchLabels.track = 'canary';
      before(cluster, 'PodMonitor', again);
    },
    expect: broken('duplicate-monitors'),
  },
  {
    name: 'both-port-names-of-v0.4',
    title: 'one PodMonitor names both ports of v0.4, which are one',
    on: { release: 'v0.4' },
    change: (cluster) =>
      edit(cluster, 'PodMonitor', undefined, ({ spec }) => {
        spec.podMetricsEndpoints = looks['v0.4'].portNames.map((port) => ({ port, path: '/metrics' }));
      }),
    expect: broken('duplicate-monitors'),
  },
  {
    name: 'prometheus-unreachable',
    title: 'nothing answers behind the Prometheus pod',
    on: { release: 'v0.5' },
    change: (cluster) => {
      cluster.servers = [];
    },
    expect: { exitCode: 2, brokenAt: null, unknown: ['prometheus-unreachable'] },
  },
  {
    name: 'configuration-not-reloaded',
    title: 'the PodMonitor is there and Prometheus has not taken it up',
    on: { release: 'v0.5' },
    change: (cluster) => {
      const monitor = find(cluster, 'PodMonitor');
      drop(cluster, (object) => object === monitor);
      late.set(cluster, [monitor]);
    },
    later: async (hands) => hands.apply(...(late.get(hands.cluster) ?? [])),
    expect: broken('pool-absent'),
  },
  {
    name: 'relabeling-drops-init-containers',
    title: 'a relabeling rule drops init containers, and native sidecars are init containers',
    on: { release: 'v0.5' },
    change: (cluster) =>
      endpoint(cluster, {
        port: 'aigw-admin',
        path: '/metrics',
        relabelings: [{ action: 'drop', sourceLabels: ['__meta_kubernetes_pod_container_init'], regex: 'true' }],
      }),
    expect: broken('targets-missing'),
  },
  {
    name: 'prometheus-may-not-list-pods',
    title: 'the ServiceAccount of Prometheus may not list pods: the pool is there and has no targets',
    on: { release: 'v0.5' },
    change: (cluster) => {
      cluster.servers = cluster.servers.map((server) => ({ ...server, blind: true }));
    },
    expect: broken('targets-missing'),
  },
  {
    name: 'sample-limit-exceeded',
    title: 'the scrape fails: more samples than sampleLimit allows',
    on: { release: 'v0.5' },
    change: (cluster) =>
      edit(cluster, 'PodMonitor', undefined, ({ spec }) => {
        spec.sampleLimit = 50;
      }),
    expect: broken('targets-down'),
  },
  {
    name: 'annotation-job-beside-the-monitor',
    title: 'a hand-written scrape job covers the port that the PodMonitor covers',
    on: { release: 'v0.5' },
    change: (cluster) => additionalJobs(cluster, { pods: [] }),
    expect: broken('duplicate-monitors'),
  },
  {
    name: 'two-jobs-one-port',
    title: 'two hand-written scrape jobs, and no PodMonitor, cover one port',
    on: { release: 'v0.5' },
    change: (cluster) => {
      drop(cluster, ({ kind }) => kind === 'PodMonitor');
      additionalJobs(cluster, { pods: [], 'ai-gateway': [] });
    },
    expect: broken('duplicate-targets'),
  },
  {
    name: 'target-label-shadows-the-user',
    title: 'a relabeling gives every target a label user_id, so that the real one is renamed',
    on: { release: 'v0.5' },
    change: (cluster) =>
      endpoint(cluster, { port: 'aigw-admin', path: '/metrics', relabelings: [{ targetLabel: 'user_id', replacement: 'platform' }] }),
    expect: { exitCode: 0, brokenAt: 'labels-exported' },
  },
];

const late = new WeakMap<Cluster, readonly Manifest[]>();

function endpoint(cluster: Cluster, value: Editable): void {
  edit(cluster, 'PodMonitor', undefined, ({ spec }) => {
    spec.podMetricsEndpoints = [value];
  });
}

function before(cluster: Cluster, kind: string, object: Manifest): void {
  cluster.objects.splice(cluster.objects.indexOf(find(cluster, kind)), 0, object);
}

/** Hand-written jobs over the metrics ports, in a Secret: their names, and what each has besides. */
export function additionalJobs(cluster: Cluster, jobs: Readonly<Record<string, readonly string[]>>): void {
  const lines = Object.entries(jobs).flatMap(([name, extra]) => [
    `- job_name: ${name}`,
    '  kubernetes_sd_configs: [{role: pod, namespaces: {names: [envoy-gateway-system]}}]',
    '  relabel_configs:',
    '  - {action: keep, source_labels: [__meta_kubernetes_pod_container_port_number], regex: "1064"}',
    '  - {source_labels: [__meta_kubernetes_namespace], target_label: kubernetes_namespace}',
    '  - {source_labels: [__meta_kubernetes_pod_name], target_label: kubernetes_pod}',
    ...extra.map((line) => `  ${line}`),
  ]);
  const metadata = { name: 'additional-scrape-configs', namespace: names.monitoring };
  before(cluster, 'Prometheus', { apiVersion: 'v1', kind: 'Secret', metadata, stringData: { 'jobs.yaml': `${lines.join('\n')}\n` } });
  edit(cluster, 'Prometheus', 'k8s', ({ spec }) => {
    spec.additionalScrapeConfigs = { name: metadata.name, key: 'jobs.yaml' };
  });
}
