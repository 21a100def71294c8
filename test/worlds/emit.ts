import { mapping, traffic } from './healthy.ts';
import { sidecarArgs } from './objects/proxies.ts';
import { looks } from './objects/releases.ts';
import { crashing } from './objects/workloads.ts';
import { eachSidecar, mapController, reidentify } from './sound.ts';
import { type Cluster, type Editable, edit, type GatewayWorld } from './world.ts';

const broken = (id: string): GatewayWorld['expect'] => ({ exitCode: 1, brokenAt: id });
const warned = (id: string): GatewayWorld['expect'] => ({ exitCode: 0, brokenAt: id });

/** Worlds whose path breaks where tokens are counted. */
export const emitWorlds: readonly GatewayWorld[] = [
  {
    name: 'proxy-created-before-the-webhook',
    title: 'one of three proxies has no sidecar',
    on: { release: 'v0.3' },
    change: (cluster) => {
      const proxy = at(cluster, 1);
      edit(cluster, 'Pod', proxy.name, (pod) => {
        pod.spec.containers = pod.spec.containers.filter(({ name }: Editable) => name !== 'ai-gateway-extproc');
        pod.status.containerStatuses = pod.status.containerStatuses.filter(({ name }: Editable) => name !== 'ai-gateway-extproc');
        delete pod.metadata.annotations['aigateway.envoyproxy.io/uuid'];
      });
      proxy.emulated = null;
    },
    expect: broken('uninjected-proxies'),
  },
  {
    name: 'sidecar-crash-loop',
    title: 'the sidecar of one proxy crashes again and again',
    on: { release: 'v0.5' },
    change: (cluster) =>
      crash(
        cluster,
        0,
        'failed to create ext_proc server: failed to load config: open /etc/filter-config/filter-config.yaml: no such file or directory',
      ),
    expect: broken('sidecar-unready'),
  },
  {
    name: 'mapping-changed-without-restart',
    title: 'the controller maps a label more than its proxies, which were not restarted',
    on: { release: 'v0.5' },
    change: (cluster) => {
      mapController(cluster, `${mapping},x-department:department`);
      edit(cluster, 'SecurityPolicy', undefined, ({ spec }) => {
        spec.jwt.providers[0].claimToHeaders.push({ claim: 'department', header: 'x-department' });
      });
    },
    expect: broken('stale-mapping'),
  },
  {
    name: 'proxies-behind-their-controller',
    title: 'the controller was upgraded and the sidecars were not',
    on: { release: 'v0.6' },
    change: (cluster) => {
      const old = looks['v0.5'];
      eachSidecar(cluster, (sidecar) => {
        sidecar.image = `docker.io/envoyproxy/ai-gateway-extproc:${old.version}`;
        sidecar.args = sidecarArgs(old, mapping);
      });
      for (const proxy of cluster.proxies) if (proxy.emulated) proxy.emulated = { ...proxy.emulated, release: 'v0.5' };
    },
    expect: broken('version-skew'),
  },
  {
    name: 'metrics-answer-500',
    title: '/metrics of one proxy answers 500',
    on: { release: 'v0.5' },
    change: (cluster) => trouble(cluster, 1, 'http-500'),
    expect: broken('metrics-unreadable'),
  },
  {
    name: 'metrics-refused',
    title: 'nothing listens on the metrics port of one proxy',
    on: { release: 'v1.1' },
    change: (cluster) => trouble(cluster, 2, 'refused'),
    expect: broken('metrics-unreadable'),
  },
  {
    name: 'metrics-truncated',
    title: '/metrics of one proxy breaks off inside a line',
    on: { release: 'v0.5' },
    change: (cluster) => trouble(cluster, 0, 'truncated'),
    expect: broken('metrics-unreadable'),
  },
  {
    name: 'metrics-are-a-web-page',
    title: 'the metrics port of every proxy answers with a web page',
    on: { release: 'v0.5' },
    change: (cluster) => cluster.proxies.forEach((_, index) => void trouble(cluster, index, 'html')),
    expect: broken('metrics-unreadable'),
  },
  {
    name: 'no-traffic-yet',
    title: 'no model request has passed any proxy',
    on: { release: 'v0.5' },
    change: (cluster) => {
      for (const proxy of cluster.proxies) if (proxy.emulated) proxy.emulated = { ...proxy.emulated, flows: [] };
    },
    expect: warned('idle-proxies'),
  },
  {
    name: 'header-never-sent',
    title: 'the mapped header of the user never arrives: no series has the label',
    on: { release: 'v0.5' },
    change: (cluster) => reidentify(cluster, ({ 'user.namespace': namespace = '' }) => ({ 'user.namespace': namespace })),
    expect: broken('identity-absent'),
  },
  {
    name: 'some-requests-anonymous',
    title: 'a part of the requests comes without identity',
    on: { release: 'v1.1' },
    change: (cluster) => reidentify(cluster, (identity, index) => (index === 0 ? {} : identity)),
    expect: warned('identity-partial'),
  },
  {
    name: 'series-limit-reached',
    title: 'v1.1 folds what is over its limit of 2,000 sets into one series without identity',
    on: { release: 'v1.1', mode: { replicas: 2 } },
    change: (cluster) => {
      const flows = Array.from({ length: 500 }, (_, index) => ({
        model: 'gpt-4o-mini',
        identity: { 'user.id': `user-${String(index).padStart(4, '0')}`, 'user.namespace': `team-${index % 7}` },
        input: 100,
        output: 20,
        before: 300,
        perSecond: 0.2,
      }));
      at(cluster, 0).emulated = { release: 'v1.1', flows: flows.slice(0, 499), overflow: { requests: 240, tokens: 9600 } };
    },
    expect: broken('series-overflow'),
  },
  {
    name: 'two-models-on-v0.3',
    title: 'v0.3 credits tokens to the wrong one of two models',
    on: { release: 'v0.3' },
    change: (cluster) =>
      cluster.proxies.forEach((proxy, index) => {
        proxy.emulated = { release: 'v0.3', flows: traffic('v0.3', index, ['gpt-4o-mini', 'llama-3.3-70b']) };
      }),
    expect: warned('models-mixed'),
  },
  {
    name: 'sidecar-without-ports',
    title: 'the sidecars declare no port, so no PodMonitor can select it',
    on: { release: 'v0.5' },
    change: (cluster) =>
      eachSidecar(cluster, (sidecar) => {
        delete sidecar.ports;
      }),
    expect: broken('port-undeclared'),
  },
  {
    name: 'no-proxies',
    title: 'the Gateway is programmed and no proxy pod serves it',
    on: { release: 'v0.5' },
    change: (cluster) => {
      const gone = cluster.proxies.map(({ name }) => name);
      cluster.objects = cluster.objects.filter(({ kind, metadata }) => !(kind === 'Pod' && gone.includes(metadata.name)));
      cluster.proxies = [];
    },
    expect: broken('proxies-absent'),
  },
  {
    name: 'streams-without-usage',
    title: 'many answered streams leave no token sample',
    on: { release: 'v0.5' },
    change: (cluster) =>
      cluster.proxies.forEach((proxy, index) => {
        const flows = traffic('v0.5', index);
        const silent = flows
          .filter(({ streamed }) => streamed)
          .map((flow) => ({ ...flow, unmetered: true, identity: { 'user.id': 'carol', 'user.namespace': 'team-b' } }));
        proxy.emulated = { release: 'v0.5', flows: [...flows, ...silent] };
      }),
    expect: warned('streams-unmetered'),
  },
  {
    name: 'sidecars-push-by-otlp-too',
    title: 'an endpoint that was set for traces makes the sidecars push metrics as well',
    on: { release: 'v0.5' },
    change: (cluster) =>
      eachSidecar(cluster, (sidecar) => {
        sidecar.env = [{ name: 'OTEL_EXPORTER_OTLP_ENDPOINT', value: 'http://otel-collector.observability:4317' }];
      }),
    expect: warned('otlp-double'),
  },
  {
    name: 'two-faults-at-once',
    title: 'one proxy has no sidecar, and two PodMonitors scrape the others',
    on: { release: 'v0.5' },
    change: (cluster) => {
      const proxy = at(cluster, 1);
      edit(cluster, 'Pod', proxy.name, (pod) => {
        delete pod.spec.initContainers;
        delete pod.status.initContainerStatuses;
      });
      proxy.emulated = null;
      const monitor = structuredClone(cluster.objects.find(({ kind }) => kind === 'PodMonitor')) as Editable;
      monitor.metadata.name = 'ai-gateway-again';
      cluster.objects.unshift(...cluster.objects.splice(0, 4), monitor);
    },
    expect: { exitCode: 1, brokenAt: 'uninjected-proxies', also: ['duplicate-monitors'] },
  },
];

function at(cluster: Cluster, index: number): Cluster['proxies'][number] {
  const proxy = cluster.proxies[index];
  if (proxy === undefined) throw new Error(`the world has no proxy ${index}`);
  return proxy;
}

function trouble(cluster: Cluster, index: number, what: 'http-500' | 'html' | 'truncated' | 'refused'): void {
  const proxy = at(cluster, index);
  if (proxy.emulated) proxy.emulated = { ...proxy.emulated, trouble: what };
}

function crash(cluster: Cluster, index: number, message: string): void {
  const proxy = at(cluster, index);
  edit(cluster, 'Pod', proxy.name, (pod) => {
    const [old] = pod.status.initContainerStatuses;
    pod.status.initContainerStatuses = [crashing(old.name, old.image, message)];
    pod.status.conditions = pod.status.conditions.map((each: Editable) => (/Ready/.test(each.type) ? { ...each, status: 'False' } : each));
  });
  proxy.emulated = null;
}
