import { createServer } from 'node:http';
import { stringify } from 'yaml';
import { names } from '../objects/namespaces.ts';
import { crashing, workload } from '../objects/workloads.ts';
import { type Cluster, type Expected, edit, type Manifest, type OtherWorld, type Running } from '../world.ts';
import { agentName, configure, overrides, overridesName, receiver, sidecarJob, type Writing } from './agent.ts';
import { lgtm, type Shape } from './healthy.ts';
import { configMap, stack } from './stack.ts';

type Fields = Readonly<Record<string, unknown>>;

const sound: Expected = { exitCode: 0, brokenAt: null };
const broken = (id: string): Expected => ({ exitCode: 1, brokenAt: id });
const warned = (id: string): Expected => ({ exitCode: 0, brokenAt: id });

interface Told extends Omit<OtherWorld, 'make'> {
  readonly writing?: Writing;
  readonly shape?: Shape;
}

const world = ({ writing = {}, shape, ...rest }: Told): OtherWorld => ({ ...rest, make: lgtm({ ...shape, writing }) });

const onNode: Fields = { source_labels: ['__meta_kubernetes_pod_node_name'], regex: `\${env:K8S_NODE_NAME}`, action: 'keep' };
const ofGateway = (regex: string): Fields => ({
  source_labels: ['__meta_kubernetes_pod_label_gateway_envoyproxy_io_owning_gateway_name'],
  regex,
  action: 'keep',
});
const ofPort = (regex: string): Fields => ({ source_labels: ['__meta_kubernetes_pod_container_port_name'], regex, action: 'keep' });
const toPort = (replacement: string): Fields => ({
  source_labels: ['__meta_kubernetes_pod_ip'],
  regex: '(.+)',
  target_label: '__address__',
  replacement,
});

const withRules = (...rules: readonly Fields[]): Writing => ({ jobs: [sidecarJob({ relabel_configs: rules })] });

/** The collector's pod as the kubelet has it when its program ends. */
function crash(words: string): (cluster: Cluster) => void {
  const image = 'docker.io/otel/opentelemetry-collector-contrib:0.143.0';
  return (cluster) =>
    edit(cluster, 'Pod', `${agentName}-x2v7q`, ({ status }) => {
      status.containerStatuses = [crashing('opentelemetry-collector', image, words)];
      for (const condition of status.conditions) if (/Ready$/.test(condition.type)) condition.status = 'False';
    });
}

const invalidName =
  'Error: failed to get config: cannot resolve the configuration: environment variable "1" has invalid name: must match regex ^[a-zA-Z_][a-zA-Z0-9_]*$';
const unknownReceiver =
  'Error: invalid configuration: service::pipelines::metrics: references receiver "prometheus/gone" which is not configured';

const second = 'metrics-collector';

/** A collector with one replica and one file. */
function deployed(cluster: Cluster, config: Fields): void {
  const address = `${cluster.subnet}.52`;
  const text = stringify(config, { lineWidth: 0 });
  const labels = { 'app.kubernetes.io/name': 'opentelemetry-collector', 'app.kubernetes.io/instance': second };
  const spec = {
    containers: [
      {
        name: 'otc-container',
        image: 'docker.io/otel/opentelemetry-collector-contrib:0.143.0',
        args: ['--config=/conf/relay.yaml'],
        env: [{ name: 'MY_POD_IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } }],
        volumeMounts: [{ name: 'config', mountPath: '/conf' }],
      },
    ],
    volumes: [{ name: 'config', configMap: { name: second, items: [{ key: 'relay', path: 'relay.yaml' }] } }],
  };
  cluster.objects.push(
    configMap(second, { relay: text }),
    ...workload({ namespace: names.monitoring, name: second, labels, selector: labels, spec, addresses: [address], hash: '6c8f9d7b5' }),
  );
  cluster.collectors.push({ namespace: names.monitoring, name: `${second}-6c8f9d7b5-x2v7q`, address, configs: [text] });
}

/** The whole configuration of a collector that only scrapes the sidecars. */
function whole(jobName: string, rules: readonly Fields[] = [ofPort('aigw-admin')]): Fields {
  const { exporters, receivers } = overrides({ jobs: [sidecarJob({ job_name: jobName, relabel_configs: rules })] });
  return {
    receivers,
    exporters,
    service: { pipelines: { metrics: { receivers: [receiver], exporters: ['prometheusremotewrite/mimir'] } } },
  };
}

/** Without the agent, its files and its process. */
function withoutAgent(cluster: Cluster): void {
  cluster.objects = cluster.objects.filter(({ metadata }) => !metadata.name.startsWith('opentelemetry-collector'));
  cluster.collectors = [];
}

/** Alloy's file for the same job and store. */
function alloyFile(replacement: string): string {
  return `discovery.kubernetes "pods" {
  role = "pod"
  namespaces { names = ["${names.envoyGateway}"] }
}
discovery.relabel "sidecars" {
  targets = discovery.kubernetes.pods.targets
  rule {
    source_labels = ["__meta_kubernetes_pod_container_port_name"]
    regex         = "aigw-admin|aigw-metrics"
    action        = "keep"
  }
  rule {
    source_labels = ["__meta_kubernetes_pod_ip"]
    regex         = "(.+)"
    target_label  = "__address__"
    replacement   = "${replacement}"
  }
}
prometheus.scrape "sidecars" {
  job_name   = "ai-gateway"
  targets    = discovery.relabel.sidecars.output
  forward_to = [prometheus.remote_write.mimir.receiver]
}
prometheus.remote_write "mimir" {
  endpoint { url = "http://${stack.mimir}.${names.monitoring}.svc:8080/api/v1/push" }
}
`;
}

/** What an Alloy says of its remote write: prometheus storage/remote, with the component's id. */
async function alloyMetrics(address: string): Promise<Running> {
  const remote = `{component_id="prometheus.remote_write.mimir",component_path="/",remote_name="a1b2c3",url="http://${stack.mimir}"}`;
  const page = `prometheus_remote_storage_samples_total${remote} 1912\nprometheus_remote_storage_samples_failed_total${remote} 0\n`;
  const server = createServer((_, response) => void response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' }).end(page));
  await new Promise<void>((resolve) => server.listen(12345, address, resolve));
  return { stop: () => new Promise((resolve) => server.close(() => resolve())) };
}

/** A Grafana Alloy in the place of the agent; the program behind its pod is a collector that does the same. */
function alloyed(replacement: string): (cluster: Cluster) => void {
  return (cluster) => {
    withoutAgent(cluster);
    const address = `${cluster.subnet}.53`;
    const labels = { 'app.kubernetes.io/name': 'alloy', 'app.kubernetes.io/instance': 'alloy' };
    const spec = {
      containers: [
        {
          name: 'alloy',
          image: 'docker.io/grafana/alloy:v1.11.0',
          args: ['run', '/etc/alloy/config.alloy', '--storage.path=/tmp/alloy', '--server.http.listen-addr=0.0.0.0:12345'],
          ports: [{ name: 'http-metrics', containerPort: 12345 }],
          volumeMounts: [{ name: 'config', mountPath: '/etc/alloy' }],
        },
        { name: 'config-reloader', image: 'quay.io/prometheus-operator/prometheus-config-reloader:v0.81.0' },
      ],
      volumes: [{ name: 'config', configMap: { name: 'alloy' } }],
    };
    cluster.objects.push(
      configMap('alloy', { 'config.alloy': alloyFile(replacement) }),
      ...workload({ namespace: names.monitoring, name: 'alloy', labels, selector: labels, spec, addresses: [address], hash: '8d7c6b5f9' }),
    );
    cluster.backends.push({
      namespace: names.monitoring,
      name: 'alloy-8d7c6b5f9-x2v7q',
      address,
      port: 12345,
      start: () => alloyMetrics(address),
    });
    const same = whole('ai-gateway', [ofPort('aigw-admin'), toPort(replacement.replaceAll('$', '$$$$'))]);
    cluster.collectors.push({
      namespace: names.monitoring,
      name: 'alloy-8d7c6b5f9-x2v7q',
      address,
      configs: [stringify(same, { lineWidth: 0 })],
    });
  };
}

const wall: Manifest = {
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  metadata: { name: 'proxies', namespace: names.envoyGateway },
  spec: {
    podSelector: { matchLabels: { 'app.kubernetes.io/component': 'proxy' } },
    policyTypes: ['Ingress'],
    ingress: [
      { ports: [{ port: 10080 }] },
      { from: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': names.envoyGateway } } }] },
    ],
  },
};

/** Worlds about the collector between the sidecars and the store. */
export const collectorWorlds: readonly OtherWorld[] = [
  world({
    name: 'lgtm-annotations-only',
    title: 'the collector follows the annotations of pods, which name the port of the proxy',
    change: (cluster) => configure(cluster, { exporters: overrides().exporters, service: routed(['otlp', 'prometheus']) }),
    expect: broken('unscraped-proxies'),
  }),
  world({
    name: 'lgtm-replacement-unescaped',
    title: 'a group with one dollar sign, which the collector takes for a variable and ends',
    writing: withRules(onNode, ofGateway(names.gateway), toPort(`\${1}:1064`)),
    change: crash(invalidName),
    expect: broken('replacement-misescaped'),
  }),
  world({
    name: 'lgtm-replacement-escaped-twice',
    title: 'a group with four dollar signs, which is never filled in',
    writing: withRules(onNode, ofGateway(names.gateway), toPort('$$$$1:1064')),
    expect: broken('replacement-misescaped'),
  }),
  world({
    name: 'lgtm-receiver-not-in-pipeline',
    title: 'the receiver is defined, and the list of the pipeline does not name it',
    writing: { receivers: ['otlp', 'prometheus'] },
    expect: broken('receiver-unwired'),
  }),
  world({
    name: 'lgtm-debug-exporter-only',
    title: 'the pipeline ends in the debug exporter',
    change: (cluster) => configure(cluster, { ...overrides(), service: routed(['otlp', 'prometheus', receiver], 'debug') }),
    expect: broken('receiver-unwired'),
  }),
  world({
    name: 'lgtm-rule-for-another-gateway',
    title: 'the scrape job keeps the pods of a gateway that is named otherwise',
    writing: withRules(onNode, ofGateway('nebari-gateway'), ofPort('aigw-admin')),
    expect: broken('unscraped-proxies'),
  }),
  world({
    name: 'lgtm-rule-for-old-port-name',
    title: 'the scrape job keeps the port by the name that it had before v0.5',
    writing: withRules(onNode, ofPort('aigw-metrics')),
    expect: broken('unscraped-proxies'),
  }),
  world({
    name: 'lgtm-job-for-another-namespace',
    title: 'the scrape job looks at the namespace of the Gateway and not at that of its pods',
    writing: { jobs: [sidecarJob({ kubernetes_sd_configs: [{ role: 'pod', namespaces: { names: [names.tenant] } }] })] },
    expect: broken('unscraped-proxies'),
  }),
  world({
    name: 'lgtm-override-under-wrong-key',
    title: 'the ConfigMap of overrides has another key than the collector looks for',
    change: (cluster) => {
      configure(cluster, null);
      cluster.objects.push(configMap(overridesName, { 'relay.yml': stringify(overrides()) }));
    },
    expect: broken('override-ignored'),
  }),
  world({
    name: 'lgtm-two-collectors',
    title: 'a second collector scrapes the sidecars as another job and writes to the same store',
    change: (cluster) => deployed(cluster, whole('envoy-sidecars')),
    expect: broken('duplicate-collectors'),
  }),
  world({
    name: 'lgtm-collector-crashing',
    title: 'the collector refuses a pipeline that names what is not configured',
    writing: { receivers: ['otlp', 'prometheus', receiver, 'prometheus/gone'] },
    change: crash(unknownReceiver),
    expect: broken('collector-unready'),
  }),
  world({
    name: 'lgtm-no-collector',
    title: 'there is a store, and nothing that writes to it',
    change: withoutAgent,
    expect: broken('collector-missing'),
  }),
  world({
    name: 'lgtm-walled-proxies',
    title: 'a NetworkPolicy lets only requests in to the proxies',
    change: (cluster) => void cluster.objects.push(wall),
    expect: warned('proxies-walled'),
  }),
  world({
    name: 'lgtm-deployment-collector',
    title: 'a collector with one replica and one file takes every pod, beside agents that scrape other things',
    change: (cluster) => {
      configure(cluster, { exporters: overrides().exporters, service: routed(['otlp', 'prometheus']) });
      deployed(cluster, whole('ai-gateway'));
    },
    expect: sound,
  }),
  world({
    name: 'lgtm-override-made-later',
    title: 'the ConfigMap of overrides was made while the collector ran, which has read nothing of it',
    change: (cluster) => configure(cluster, null),
    later: async ({ apply, scrapes }) => {
      await scrapes(13);
      await apply(configMap(overridesName, { 'relay.yaml': stringify(overrides()) }));
    },
    expect: broken('override-ignored'),
  }),
  world({ name: 'lgtm-alloy', title: 'a Grafana Alloy brings the sidecars to a Mimir', change: alloyed('$1:1064'), expect: sound }),
  world({
    name: 'lgtm-alloy-dollars-doubled',
    title: "a group with two dollar signs, which is how an OpenTelemetry Collector wants it, in Alloy's file",
    change: alloyed('$$1:1064'),
    expect: broken('replacement-misescaped'),
  }),
  world({
    name: 'lgtm-exporter-to-missing-service',
    title: 'the collector writes to a Service of a name that the store had before',
    writing: { endpoint: `http://mimir-gateway.${names.monitoring}.svc.cluster.local:80/api/v1/push` },
    expect: broken('export-failing'),
  }),
];

/** The pipeline that brings these receivers to the store, or elsewhere. */
function routed(receivers: readonly string[], exporter = 'prometheusremotewrite/mimir'): Fields {
  return { pipelines: { metrics: { receivers, exporters: [exporter] } } };
}
