import { stringify } from 'yaml';
import type { Check, Verdict } from '../../../../src/model/check.ts';
import type { Options } from '../../../../src/model/fact.ts';
import type { KubeObject } from '../../../../src/model/source.ts';
import { type Memory, memorySource } from '../../memory-source.ts';
import { proxyPod } from '../envoy-ai-gateway/objects.ts';
import { readerOf } from '../envoy-ai-gateway/reader.ts';
import { letIn } from './rbac-objects.ts';

type Fields = Readonly<Record<string, unknown>>;

/** A scrape job as people write it for the sidecars, with what a test changes. */
export function job(change: Fields = {}): Fields {
  return {
    job_name: 'ai-gateway-genai',
    metrics_path: '/metrics',
    kubernetes_sd_configs: [{ role: 'pod', namespaces: { names: ['envoy-gateway-system'] } }],
    relabel_configs: [nodeRule, keep('gateway_name', 'maas'), keep('port', 'aigw-admin|aigw-metrics'), addressRule('$${1}:1064')],
    ...change,
  };
}

export const nodeRule = { source_labels: ['__meta_kubernetes_pod_node_name'], regex: '${env:K8S_NODE_NAME}', action: 'keep' };

const kept = {
  gateway_name: '__meta_kubernetes_pod_label_gateway_envoyproxy_io_owning_gateway_name',
  port: '__meta_kubernetes_pod_container_port_name',
} as const;

export const keep = (what: keyof typeof kept, regex: string): Fields => ({ source_labels: [kept[what]], regex, action: 'keep' });
export const addressRule = (replacement: string): Fields => ({
  source_labels: ['__address__'],
  regex: '(.+?)(?::\\d+)?',
  target_label: '__address__',
  replacement,
});

/** The job of the collector's chart that follows the annotations of pods. */
export const annotationJob: Fields = {
  job_name: 'kubernetes-pods',
  kubernetes_sd_configs: [{ role: 'pod' }],
  relabel_configs: [
    { source_labels: ['__meta_kubernetes_pod_annotation_prometheus_io_scrape'], action: 'keep', regex: true },
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

export interface RelayShape {
  readonly jobs?: readonly Fields[];
  readonly receivers?: readonly string[];
  readonly exporters?: readonly string[];
}

/** The chart's own file: what every collector scrapes and prints. */
export function relay(): string {
  return stringify({
    receivers: { otlp: { protocols: { grpc: {} } }, prometheus: { config: { scrape_configs: [annotationJob] } } },
    exporters: { debug: {} },
    service: {
      pipelines: { metrics: { receivers: ['otlp', 'prometheus'], exporters: ['debug'] } },
      telemetry: { metrics: { readers: [{ pull: { exporter: { prometheus: { host: '0.0.0.0', port: 8888 } } } }] } },
    },
  });
}

/** What is put over it. */
export function override({
  jobs = [job()],
  receivers = ['otlp', 'prometheus', 'prometheus/ai-gateway-genai'],
  exporters,
}: RelayShape = {}): string {
  return stringify({
    receivers: { 'prometheus/ai-gateway-genai': { config: { scrape_configs: jobs } } },
    exporters: { 'otlphttp/mimir': { endpoint: 'http://lgtm-pack-mimir.monitoring.svc.cluster.local:8080/otlp' } },
    service: { pipelines: { metrics: { receivers, exporters: exporters ?? ['otlphttp/mimir'] } } },
  });
}

export function configMap(name: string, data: Readonly<Record<string, string>>, namespace = 'monitoring'): KubeObject {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace }, data };
}

const store: KubeObject = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'lgtm-pack-mimir', namespace: 'monitoring' },
  spec: { ports: [{ port: 8080 }] },
};

const name = 'opentelemetry-collector-agent';
const labels = { 'app.kubernetes.io/name': 'opentelemetry-collector', component: 'agent-collector' };

export interface AgentShape {
  readonly image?: string;
  readonly nodes?: number;
  readonly args?: readonly string[];
  readonly name?: string;
}

/** A DaemonSet whose second file an init container copies from an optional ConfigMap. */
export function agent({ image = 'otel/opentelemetry-collector-k8s:0.140.0', nodes = 1, args, ...shape }: AgentShape = {}): KubeObject {
  const own = shape.name ?? name;
  return {
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    metadata: { name: own, namespace: 'monitoring', labels },
    spec: {
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          initContainers: [
            {
              name: 'ensure-overrides',
              image: 'busybox',
              volumeMounts: [
                { name: 'overrides-src', mountPath: '/src' },
                { name: 'overrides', mountPath: '/overrides' },
              ],
            },
          ],
          containers: [
            {
              name: 'opentelemetry-collector',
              image,
              args: args ?? ['--config=/conf/relay.yaml', '--config=/conf/overrides/relay.yaml'],
              env: [{ name: 'K8S_NODE_NAME', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } }],
              volumeMounts: [
                { name: 'base', mountPath: '/conf' },
                { name: 'overrides', mountPath: '/conf/overrides' },
              ],
            },
          ],
          volumes: [
            { name: 'base', configMap: { name: own, items: [{ key: 'relay', path: 'relay.yaml' }] } },
            { name: 'overrides', emptyDir: {} },
            { name: 'overrides-src', configMap: { name: 'opentelemetry-collector-overrides', optional: true } },
          ],
        },
      },
    },
    status: { desiredNumberScheduled: nodes },
  };
}

/** Its pod. */
export function agentPod(state: Fields = {}, podName = `${name}-x`): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: podName, namespace: 'monitoring', labels, creationTimestamp: '2026-11-24T08:00:00Z' },
    spec: { nodeName: 'worker-1', containers: [{ name: 'opentelemetry-collector', image: 'otel/opentelemetry-collector-k8s:0.140.0' }] },
    status: {
      phase: 'Running',
      podIP: '10.244.1.30',
      conditions: [{ type: 'Ready', status: 'True' }],
      containerStatuses: [{ name: 'opentelemetry-collector', ready: true, restartCount: 0, state: { running: {} }, ...state }],
    },
  };
}

export interface Change extends Partial<Memory> {
  readonly relay?: string;
  /** Null: there is none. */
  readonly override?: string | null;
  readonly pods?: readonly KubeObject[];
  /** Null: no collector at all. */
  readonly agent?: KubeObject | null;
  readonly agentPods?: readonly KubeObject[];
  readonly extra?: readonly KubeObject[];
  /** The Service of the store. */
  readonly store?: KubeObject;
  /** The collector's own metrics. */
  readonly self?: string;
  readonly options?: Partial<Options>;
  /** Who may list pods; absent: the collectors of namespace monitoring. */
  readonly rbac?: readonly KubeObject[];
}

/** A proxy whose pod carries the annotations that Envoy Gateway writes. */
export function annotated(pod: KubeObject = proxyPod()): KubeObject {
  const annotations = { 'prometheus.io/scrape': 'true', 'prometheus.io/port': '19001', 'prometheus.io/path': '/stats/prometheus' };
  return { ...pod, metadata: { ...pod.metadata, annotations } };
}

export const soundSelf = `# TYPE otelcol_exporter_sent_metric_points counter
otelcol_exporter_sent_metric_points{exporter="otlphttp/mimir"} 873
otelcol_exporter_queue_capacity{exporter="otlphttp/mimir"} 1000
otelcol_exporter_queue_size{exporter="otlphttp/mimir"} 0
otelcol_process_uptime 3600
`;

/** What a check says of a sound chain with one change. */
export function judged(check: Check, change: Change = {}): Promise<Verdict> {
  return check.examine(readerOf(memorySource(memoryOf(change)), change.options));
}

export function memoryOf(change: Change = {}): Memory {
  const maps = [
    configMap(name, { relay: change.relay ?? relay() }),
    ...(change.override === null ? [] : [configMap('opentelemetry-collector-overrides', { 'relay.yaml': change.override ?? override() })]),
  ];
  const collectors = change.agent === null ? [] : [change.agent ?? agent(), ...(change.agentPods ?? [agentPod()])];
  return {
    ...change,
    objects: [
      ...(change.pods ?? [annotated()]),
      ...collectors,
      ...maps,
      change.store ?? store,
      ...(change.rbac ?? letIn),
      ...(change.extra ?? []),
    ],
    endpoints: { [`monitoring/${name}-x:8888/metrics`]: change.self ?? soundSelf, ...change.endpoints },
  };
}
