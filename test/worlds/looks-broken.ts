import { podMonitor, prometheusObject, prometheusPod } from './objects/monitoring.ts';
import { names } from './objects/namespaces.ts';
import { eachSidecar } from './sound.ts';
import { splitMonitors } from './two-faults.ts';
import { type Cluster, drop, type Editable, edit, find, type GatewayWorld, type Manifest } from './world.ts';

const sound = { exitCode: 0, brokenAt: null } as const;
const openshift = 'openshift-user-workload-monitoring';

/** Worlds that look broken and are not. */
export const looksBrokenWorlds: readonly GatewayWorld[] = [
  {
    name: 'two-shards',
    title: 'two shards of one Prometheus share the proxies out, so that each is a target of one alone',
    on: { release: 'v0.5', mode: { replicas: 4 } },
    change: (cluster) => {
      edit(cluster, 'Prometheus', 'k8s', ({ spec }) => {
        spec.shards = 2;
      });
      const pod = prometheusPod(cluster.prometheus, `${cluster.subnet}.42`, 0, 'k8s', 1);
      cluster.objects.push(pod);
      cluster.servers.push({ namespace: names.monitoring, name: 'k8s', shard: 1, pods: [pod.metadata.name] });
    },
    expect: sound,
  },
  {
    name: 'config-bundle-in-parts',
    title: 'v1.1 mounts its configuration as a bundle of several Secrets',
    on: { release: 'v1.1' },
    change: (cluster) => {
      eachSidecar(cluster, (sidecar, pod) => {
        const volume = pod.spec.volumes.find(({ name }: Editable) => name.endsWith('-bundle'));
        const [{ secret }] = volume.projected.sources;
        volume.projected.sources.push({ secret: { name: secret.name.replace(/00$/, '01') } });
        pod.spec.volumes.push({ name: 'trust', configMap: { name: 'company-trust' } });
        sidecar.volumeMounts.push({ name: 'trust', mountPath: '/etc/ssl/company', readOnly: true });
      });
    },
    expect: sound,
  },
  {
    name: 'openshift-user-workload',
    title: 'the Prometheus of OpenShift for user workloads: each monitor sees its own namespace, whose label is enforced',
    on: { release: 'v0.5' },
    change: (cluster) => {
      cluster.objects.unshift({
        apiVersion: 'v1',
        kind: 'Namespace',
        metadata: { name: openshift, labels: { 'openshift.io/cluster-monitoring': 'true' } },
      });
      edit(cluster, 'PodMonitor', undefined, ({ metadata, spec }) => {
        metadata.namespace = names.envoyGateway;
        delete spec.namespaceSelector;
      });
      edit(cluster, 'PrometheusRule', undefined, ({ metadata }) => {
        metadata.namespace = names.envoyGateway;
      });
      userWorkload(cluster);
    },
    expect: sound,
  },
  ...(['Dots', 'Values', 'Underscores'] as const).map(
    (scheme): GatewayWorld => ({
      name: `names-escaped-by-${scheme.toLowerCase()}`,
      title: `Prometheus 3 asks v0.4 for its names with nameEscapingScheme ${scheme}, and stores them so`,
      on: { release: 'v0.4' },
      change: (cluster) => {
        edit(cluster, 'Prometheus', 'k8s', ({ spec }) => {
          spec.nameEscapingScheme = scheme;
        });
        drop(cluster, ({ metadata }) => metadata.name === 'tokens-dashboard' || metadata.name === 'tokens');
      },
      expect: sound,
    }),
  ),
  {
    name: 'monitor-by-port-pattern',
    title: 'the PodMonitor selects both port names of v0.4 by one pattern: one port, one pool, one target',
    on: { release: 'v0.4' },
    change: (cluster) =>
      edit(cluster, 'PodMonitor', undefined, ({ spec }) => {
        spec.podMetricsEndpoints[0].port = 'aigw-(admin|metrics)';
      }),
    expect: sound,
  },
  {
    name: 'two-prometheus-objects',
    title: 'two Prometheus objects take the PodMonitor, each once',
    on: { release: 'v0.5' },
    change: (cluster) => {
      const object = prometheusObject(cluster.prometheus) as Editable;
      object.metadata.name = 'tenants';
      const pod = prometheusPod(cluster.prometheus, `${cluster.subnet}.42`, 0, 'tenants');
      cluster.objects.push(pod, object);
      cluster.servers.push({ namespace: names.monitoring, name: 'tenants', pods: [pod.metadata.name] });
    },
    expect: sound,
  },
  {
    name: 'monitor-of-envoy-beside',
    title: 'a second PodMonitor scrapes the statistics of Envoy itself from the same pods',
    on: { release: 'v0.5' },
    change: (cluster) => {
      const stats = podMonitor('metrics', names.envoyGateway, 'envoy-stats') as Editable;
      stats.spec.podMetricsEndpoints[0].path = '/stats/prometheus';
      cluster.objects.push(stats);
      cluster.stats = true;
    },
    expect: sound,
  },
  {
    name: 'second-monitor-selected-by-nobody',
    title: 'a second PodMonitor lacks the label that Prometheus wants, and the first covers all proxies',
    on: { release: 'v0.5' },
    change: (cluster) => {
      edit(cluster, 'Prometheus', 'k8s', ({ spec }) => {
        spec.podMonitorSelector = { matchLabels: { release: 'kube-prometheus-stack' } };
      });
      const again = podMonitor('aigw-admin', names.envoyGateway, 'ai-gateway-trial');
      cluster.objects.push({ ...again, metadata: { ...again.metadata, labels: { release: 'trial' } } });
    },
    expect: sound,
  },
  {
    name: 'monitors-share-the-proxies',
    title: 'one PodMonitor for the stable proxies and one for the canary',
    on: { release: 'v0.5' },
    change: (cluster) => splitMonitors(cluster),
    expect: sound,
  },
  {
    name: 'scope-labels-dropped',
    title: 'metric relabeling drops the labels of the library, which tell no two series apart',
    on: { release: 'v0.5' },
    change: (cluster) =>
      edit(cluster, 'PodMonitor', undefined, ({ spec }) => {
        spec.podMetricsEndpoints[0].metricRelabelings = [{ action: 'labeldrop', regex: 'otel_scope_.*' }];
      }),
    expect: sound,
  },
  {
    name: 'evicted-proxy-left-over',
    title: 'an evicted proxy pod was not cleaned up beside those that serve',
    on: { release: 'v0.5' },
    change: (cluster) => {
      const [{ name } = { name: '' }] = cluster.proxies;
      const pod = structuredClone(find(cluster, 'Pod', name)) as Editable;
      pod.metadata.name = name.replace(/-[^-]+$/, '-z8w4n');
      const message = 'The node was low on resource: memory.';
      pod.status = { phase: 'Failed', reason: 'Evicted', message, startTime: pod.status.startTime };
      cluster.objects.push(pod);
    },
    expect: sound,
  },
  {
    name: 'prometheus-under-a-prefix',
    title: 'Prometheus serves its API under a prefix',
    on: { release: 'v0.5' },
    change: (cluster) =>
      edit(cluster, 'Prometheus', 'k8s', ({ spec }) => {
        spec.routePrefix = '/prometheus';
      }),
    expect: sound,
  },
];

/** The objects of Prometheus as OpenShift's cluster-monitoring-operator makes them for user workloads. */
function userWorkload(cluster: Cluster): void {
  const pod = prometheusPod(cluster.prometheus, `${cluster.subnet}.41`, 0, 'user-workload');
  const object = prometheusObject(cluster.prometheus, {
    ignoreNamespaceSelectors: true,
    enforcedNamespaceLabel: 'namespace',
    podMonitorNamespaceSelector: {
      matchExpressions: [
        { key: 'openshift.io/cluster-monitoring', operator: 'NotIn', values: ['true'] },
        { key: 'openshift.io/user-monitoring', operator: 'NotIn', values: ['false'] },
      ],
    },
  });
  const there = (manifest: Manifest): Manifest => ({ ...manifest, metadata: { ...manifest.metadata, namespace: openshift } });
  drop(cluster, ({ kind, metadata }) => kind === 'Prometheus' || metadata.name === 'prometheus-k8s-0');
  cluster.objects.push(there(pod), there({ ...object, metadata: { ...object.metadata, name: 'user-workload' } }));
  cluster.servers = [{ namespace: openshift, name: 'user-workload', pods: [pod.metadata.name] }];
}
