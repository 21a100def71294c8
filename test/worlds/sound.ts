import { mapping, traffic } from './healthy.ts';
import { prometheusPod } from './objects/monitoring.ts';
import { looks } from './objects/releases.ts';
import { type Editable, edit, type GatewayCluster, type GatewayWorld } from './world.ts';

const sound = { exitCode: 0, brokenAt: null } as const;

/** Worlds in which nothing is wrong: the plain ones, and those that look broken and are not. */
export const soundWorlds: readonly GatewayWorld[] = [
  { name: 'healthy-v0.3', title: 'a healthy gateway of v0.3', on: { release: 'v0.3' }, expect: sound },
  ...(['v0.3', 'v0.5', 'v0.6', 'v0.7', 'v1.0', 'v1.1'] as const).map(
    (release): GatewayWorld => ({
      name: `healthy-${release}-prometheus-2`,
      title: `a healthy gateway of ${release}, scraped by Prometheus 2.42`,
      on: { release, prometheus: '2.42' },
      expect: sound,
    }),
  ),
  {
    name: 'healthy-v0.4',
    title: 'a healthy gateway of v0.4, scraped by Prometheus 3 with dotted names',
    on: { release: 'v0.4' },
    expect: sound,
  },
  {
    name: 'healthy-v0.4-prometheus-2',
    title: 'a healthy gateway of v0.4, scraped by Prometheus 2.42',
    on: { release: 'v0.4', prometheus: '2.42' },
    expect: sound,
  },
  { name: 'healthy-v0.5', title: 'a healthy gateway of v0.5', on: { release: 'v0.5' }, expect: sound },
  {
    name: 'healthy-v0.6-prometheus-2.55',
    title: 'a healthy gateway of v0.6, scraped by Prometheus 2.55',
    on: { release: 'v0.6', prometheus: '2.55' },
    expect: sound,
  },
  { name: 'healthy-v0.6', title: 'a healthy gateway of v0.6', on: { release: 'v0.6' }, expect: sound },
  { name: 'healthy-v0.7', title: 'a healthy gateway of v0.7', on: { release: 'v0.7' }, expect: sound },
  { name: 'healthy-v1.0', title: 'a healthy gateway of v1.0', on: { release: 'v1.0' }, expect: sound },
  { name: 'healthy-v1.1', title: 'a healthy gateway of v1.1', on: { release: 'v1.1' }, expect: sound },
  {
    name: 'monitor-by-port-number',
    title: 'the PodMonitor selects the port by its number, which two names share',
    on: { release: 'v0.4' },
    change: (cluster) =>
      edit(cluster, 'PodMonitor', undefined, (monitor) => {
        monitor.spec.podMetricsEndpoints = [{ portNumber: 1064, path: '/metrics' }];
      }),
    expect: sound,
  },
  {
    name: 'base-and-metrics-mapping',
    title: 'one label is mapped for all signals and one for metrics alone',
    on: { release: 'v1.1' },
    change: (cluster) => {
      const [user = '', namespace = ''] = mapping.split(',');
      edit(cluster, 'Deployment', 'ai-gateway-controller', (deployment) => {
        replaceFlag(deployment.spec.template.spec.containers[0], 'metricsRequestHeaderAttributes', [
          `--requestHeaderAttributes=${namespace}`,
          `--metricsRequestHeaderAttributes=${user}`,
        ]);
      });
      eachSidecar(cluster, (sidecar) => {
        const at = sidecar.args.indexOf('-metricsRequestHeaderAttributes');
        sidecar.args.splice(at, 2, '-requestHeaderAttributes', namespace, '-metricsRequestHeaderAttributes', user);
      });
    },
    expect: sound,
  },
  {
    name: 'idle-canary',
    title: 'one of three proxies has just started and seen no request yet',
    on: { release: 'v0.5' },
    change: (cluster) => {
      const [, , canary] = cluster.proxies;
      if (canary) canary.emulated = { release: cluster.release, flows: [] };
    },
    expect: sound,
  },
  {
    name: 'gateway-namespace-mode',
    title: 'Envoy Gateway runs the proxies in the namespace of their Gateway',
    on: { release: 'v0.5', mode: { namespace: 'gateway' } },
    expect: sound,
  },
  {
    name: 'daemonset-proxies',
    title: 'the proxies are a DaemonSet',
    on: { release: 'v0.5', mode: { workload: 'DaemonSet', replicas: 2 } },
    expect: sound,
  },
  {
    name: 'images-by-digest',
    title: 'images come from a mirror, by digest, so that no tag tells the release',
    on: { release: 'v1.1' },
    change: (cluster) => {
      const digest = `sha256:${'4f5e2c7a'.repeat(8)}`;
      edit(cluster, 'Deployment', 'ai-gateway-controller', (deployment) => {
        const container = deployment.spec.template.spec.containers[0];
        container.image = `registry.example.com/mirror/ai-gateway-controller@${digest}`;
        replaceFlag(container, 'extProcImage', [`--extProcImage=registry.example.com/mirror/ai-gateway-extproc@${digest}`]);
        delete deployment.metadata.labels['app.kubernetes.io/version'];
        delete deployment.metadata.labels['helm.sh/chart'];
      });
      eachSidecar(cluster, (sidecar) => {
        sidecar.image = `registry.example.com/mirror/ai-gateway-extproc@${digest}`;
      });
    },
    expect: sound,
  },
  {
    name: 'two-prometheus-replicas',
    title: 'two replicas of one Prometheus each scrape everything',
    on: { release: 'v0.5' },
    change: (cluster) => {
      edit(cluster, 'Prometheus', 'k8s', (prometheus) => {
        prometheus.spec.replicas = 2;
      });
      cluster.objects.push(prometheusPod(cluster.prometheus, `${cluster.subnet}.42`, 1));
      cluster.servers = cluster.servers.map((server) => ({ ...server, pods: ['prometheus-k8s-0', 'prometheus-k8s-1'] }));
    },
    expect: sound,
  },
];

/** Changes the sidecar of every proxy. */
export function eachSidecar(cluster: GatewayCluster, change: (sidecar: Editable, pod: Editable, index: number) => void): void {
  cluster.proxies.forEach(({ name }, index) => {
    edit(cluster, 'Pod', name, (pod) => {
      const all = [...pod.spec.containers, ...(pod.spec.initContainers ?? [])];
      const sidecar = all.find((container: Editable) => container.name === 'ai-gateway-extproc');
      if (sidecar !== undefined) change(sidecar, pod, index);
    });
  });
}

/** Puts other arguments in the place of a flag. */
export function replaceFlag(container: Editable, flag: string, args: readonly string[]): void {
  const at = container.args.findIndex((argument: string) => argument.replace(/^-+/, '').startsWith(`${flag}=`));
  container.args.splice(at < 0 ? container.args.length : at, at < 0 ? 0 : 1, ...args);
}

/** Another mapping in the controller and in every sidecar. */
export function remap(cluster: GatewayCluster, value: string): void {
  mapController(cluster, value);
  mapSidecars(cluster, value);
}

export function mapController(cluster: GatewayCluster, value: string): void {
  const flag = looks[cluster.release].mappingFlag ?? '';
  edit(cluster, 'Deployment', 'ai-gateway-controller', (deployment) => {
    replaceFlag(deployment.spec.template.spec.containers[0], flag, value === '' ? [] : [`--${flag}=${value}`]);
  });
}

export function mapSidecars(cluster: GatewayCluster, value: string): void {
  const flag = `-${looks[cluster.release].mappingFlag ?? ''}`;
  eachSidecar(cluster, (sidecar) => {
    const at = sidecar.args.indexOf(flag);
    sidecar.args.splice(at, 2, ...(value === '' ? [] : [flag, value]));
  });
}

/** Traffic whose identity is another one. */
export function reidentify(
  cluster: GatewayCluster,
  change: (identity: Readonly<Record<string, string>>, index: number) => Readonly<Record<string, string>>,
): void {
  cluster.proxies.forEach((proxy, index) => {
    if (proxy.emulated === null) return;
    const flows = traffic(cluster.release, index).map((flow, position) => ({ ...flow, identity: change(flow.identity, position) }));
    proxy.emulated = { ...proxy.emulated, flows };
  });
}
