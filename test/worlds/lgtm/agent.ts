import { stringify } from 'yaml';
import { names } from '../objects/namespaces.ts';
import { workload } from '../objects/workloads.ts';
import type { Cluster, Collector, Manifest } from '../world.ts';
import { configMap, stack } from './stack.ts';

type Fields = Readonly<Record<string, unknown>>;

/** The names of NIC's collector, and of the ConfigMap by which software packs extend it. */
export const agentName = 'opentelemetry-collector-agent';
export const overridesName = 'opentelemetry-collector-overrides';
/** The receiver that a pack adds for the sidecars. */
export const receiver = 'prometheus/ai-gateway-genai';

/** The job of the chart that follows the annotations of pods, which name Envoy's own port. */
export const annotationJob: Fields = {
  job_name: 'kubernetes-pods',
  scrape_interval: '5s',
  scrape_timeout: '4s',
  kubernetes_sd_configs: [{ role: 'pod' }],
  relabel_configs: [
    { source_labels: ['__meta_kubernetes_pod_annotation_prometheus_io_scrape'], action: 'keep', regex: 'true' },
    {
      source_labels: ['__meta_kubernetes_pod_annotation_prometheus_io_path'],
      action: 'replace',
      target_label: '__metrics_path__',
      regex: '(.+)',
    },
    {
      source_labels: ['__address__', '__meta_kubernetes_pod_annotation_prometheus_io_port'],
      action: 'replace',
      regex: '([^:]+)(?::\\d+)?;(\\d+)',
      replacement: '$$1:$$2',
      target_label: '__address__',
    },
  ],
};

/** The job for the sidecars, as the pack documents it. */
export function sidecarJob(change: Fields = {}): Fields {
  return {
    job_name: 'ai-gateway-genai',
    scrape_interval: '5s',
    scrape_timeout: '4s',
    metrics_path: '/metrics',
    kubernetes_sd_configs: [{ role: 'pod', namespaces: { names: [names.envoyGateway] } }],
    relabel_configs: [
      { source_labels: ['__meta_kubernetes_pod_node_name'], regex: `\${env:K8S_NODE_NAME}`, action: 'keep' },
      { source_labels: ['__meta_kubernetes_pod_label_gateway_envoyproxy_io_owning_gateway_name'], regex: names.gateway, action: 'keep' },
      { source_labels: ['__meta_kubernetes_pod_container_port_name'], regex: 'aigw-admin|aigw-metrics', action: 'keep' },
      { source_labels: ['__address__'], regex: '(.+?)(?::\\d+)?', target_label: '__address__', replacement: `$\${1}:1064` },
      { source_labels: ['__meta_kubernetes_pod_name'], target_label: 'pod' },
    ],
    ...change,
  };
}

/** NIC's own configuration: it prints what it scrapes until a pack says where to write. */
export function baseConfig(): Fields {
  return {
    receivers: {
      otlp: { protocols: { grpc: { endpoint: `\${env:MY_POD_IP}:4317` } } },
      prometheus: { config: { scrape_configs: [annotationJob] } },
    },
    processors: { memory_limiter: { check_interval: '5s', limit_mib: 400 }, batch: { timeout: '1s' } },
    exporters: { debug: {} },
    service: {
      pipelines: { metrics: { receivers: ['otlp', 'prometheus'], processors: ['memory_limiter', 'batch'], exporters: ['debug'] } },
    },
  };
}

/** Where the pack writes. */
export interface Writing {
  readonly endpoint?: string;
  readonly tenant?: string;
  readonly jobs?: readonly Fields[];
  readonly receivers?: readonly string[];
}

/** What a pack puts over it: the sidecars' job, and a Mimir to write to. */
export function overrides(writing: Writing = {}): Fields {
  const {
    endpoint = `http://${stack.mimir}.${names.monitoring}.svc.cluster.local:8080/api/v1/push`,
    tenant,
    jobs = [sidecarJob()],
  } = writing;
  const headers = tenant === undefined ? {} : { headers: { 'X-Scope-OrgID': tenant } };
  return {
    receivers: { [receiver]: { config: { scrape_configs: jobs } } },
    exporters: { 'prometheusremotewrite/mimir': { endpoint, tls: { insecure: true }, ...headers } },
    service: {
      pipelines: {
        metrics: {
          receivers: writing.receivers ?? ['otlp', 'prometheus', receiver],
          processors: ['memory_limiter', 'batch'],
          exporters: ['prometheusremotewrite/mimir'],
        },
      },
    },
  };
}

const labels = {
  'app.kubernetes.io/name': 'opentelemetry-collector',
  'app.kubernetes.io/instance': agentName,
  component: 'agent-collector',
};

/** The DaemonSet of chart opentelemetry-collector 0.143 with NIC's init container that copies the overrides, on one node. */
export function agent(address: string): readonly Manifest[] {
  const image = 'docker.io/otel/opentelemetry-collector-contrib:0.143.0';
  const variable = (name: string, fieldPath: string): unknown => ({ name, valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath } } });
  const spec = {
    serviceAccountName: agentName,
    initContainers: [
      {
        name: 'ensure-overrides',
        image: 'docker.io/library/busybox:1.37',
        command: ['sh', '-c', 'cp /src/relay.yaml /conf/overrides/relay.yaml || echo "{}" > /conf/overrides/relay.yaml'],
        volumeMounts: [
          { name: 'overrides-src', mountPath: '/src' },
          { name: 'overrides', mountPath: '/conf/overrides' },
        ],
      },
    ],
    containers: [
      {
        name: 'opentelemetry-collector',
        image,
        args: ['--config=/conf/relay.yaml', '--config=/conf/overrides/relay.yaml'],
        ports: [
          { name: 'otlp', containerPort: 4317 },
          { name: 'metrics', containerPort: 8888 },
        ],
        env: [variable('MY_POD_IP', 'status.podIP'), variable('K8S_NODE_NAME', 'spec.nodeName')],
        volumeMounts: [
          { name: agentName, mountPath: '/conf' },
          { name: 'overrides', mountPath: '/conf/overrides' },
        ],
      },
    ],
    volumes: [
      { name: agentName, configMap: { name: agentName, items: [{ key: 'relay', path: 'relay.yaml' }] } },
      { name: 'overrides-src', configMap: { name: overridesName, optional: true } },
      { name: 'overrides', emptyDir: {} },
    ],
  };
  return workload({
    namespace: names.monitoring,
    name: agentName,
    labels,
    selector: labels,
    spec,
    addresses: [address],
    hash: '7f6d8b9c5d',
    kind: 'DaemonSet',
  });
}

/** The collector behind the pod of `agent`. */
export function agentCollector(address: string): Collector {
  return { namespace: names.monitoring, name: `${agentName}-x2v7q`, address, configs: [] };
}

/** Gives the agent its files, in its ConfigMaps and to the program that runs; null: there is no ConfigMap of overrides. */
export function configure(cluster: Cluster, override: Fields | string | null, base: Fields = baseConfig()): void {
  const text = (config: Fields | string): string => (typeof config === 'string' ? config : stringify(config, { lineWidth: 0 }));
  const known = new Set([agentName, overridesName]);
  const files = [base, ...(override === null ? [] : [override])].map(text);
  cluster.objects = [
    ...cluster.objects.filter(({ kind, metadata }) => kind !== 'ConfigMap' || !known.has(metadata.name)),
    configMap(agentName, { relay: files[0] ?? '' }),
    ...(override === null ? [] : [configMap(overridesName, { 'relay.yaml': files[1] ?? '' })]),
  ];
  const [first] = cluster.collectors;
  if (first !== undefined) first.configs = files;
}
