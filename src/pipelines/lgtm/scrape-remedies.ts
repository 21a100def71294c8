import { podSpecOf } from '../../facts/collector-files.ts';
import type { ConfigSource } from '../../facts/collector-texts.ts';
import type { Collector } from '../../facts/collectors.ts';
import type { Emitter } from '../../facts/emitters.ts';
import type { Remedy } from '../../model/check.ts';
import { list, record, records, text } from '../../parse/fields.ts';

/** The receiver that a remedy adds. */
const added = 'prometheus/ai-gateway';

/** The text that a change of a collector's configuration belongs in: the last one, which overrides the others. */
export function lastSource({ config }: Collector): ConfigSource | null {
  return config.sources.findLast(({ text }) => text !== null) ?? config.sources.at(-1) ?? null;
}

/** "key relay.yaml of ConfigMap ns/name". */
export function placeOf({ key, subject }: ConfigSource): string {
  return key === null ? `spec.config of ${subject}` : `key ${key} of ${subject}`;
}

/** The command that shows a text of a configuration. */
export function showSource(source: ConfigSource | null, collector: Collector): string {
  const { namespace, name } = source ?? collector;
  if (source?.key !== null && source !== null) return `kubectl -n ${namespace} get configmap ${name} -o yaml`;
  if (source !== null) return `kubectl -n ${namespace} get opentelemetrycollector ${name} -o yaml`;
  return `kubectl -n ${collector.namespace} get ${workloadWord(collector)} ${collector.workload?.name ?? collector.name} -o yaml`;
}

/** "daemonset", as kubectl takes it. */
export function workloadWord({ workload }: Collector): string {
  return (workload?.kind ?? 'OpenTelemetryCollector').toLowerCase();
}

/** The command that makes a collector read its configuration again; null for one that the operator restarts. */
export function restart(collector: Collector): string | null {
  const { workload } = collector;
  if (workload === null || collector.subject.startsWith('OpenTelemetryCollector ')) return null;
  return `kubectl -n ${workload.namespace} rollout restart ${workload.kind.toLowerCase()}/${workload.name}`;
}

/** What a collector's configuration needs besides to scrape these emitters: the whole job, and the receiver in its pipeline. */
export function scrapeRemedy(collector: Collector, emitters: readonly Emitter[]): Remedy {
  const source = lastSource(collector);
  const where = source === null ? `the configuration of ${collector.subject}` : placeOf(source);
  const again = restart(collector);
  const then = again === null ? '' : `, then ${again}`;
  if (collector.kind === 'alloy')
    return { text: `add this scrape to ${where}: it reloads by itself`, patch: alloyJob(collector, emitters) };
  const pipelines = record(record(record(collector.config.status === 'read' ? collector.config.merged : {}).service).pipelines);
  const id = Object.keys(pipelines).find((name) => name.split('/')[0] === 'metrics') ?? 'metrics';
  const receivers = list(record(pipelines[id]).receivers).map(String);
  return {
    text: `add this to ${where}${then}`,
    patch: {
      receivers: { [added]: { config: { scrape_configs: [scrapeJob(collector, emitters)] } } },
      service: { pipelines: { [id]: { receivers: [...receivers.filter((name) => name !== added), added] } } },
    },
  };
}

function namespacesOf(emitters: readonly Emitter[]): readonly string[] {
  return [...new Set(emitters.map(({ pod }) => pod.namespace))];
}

function scrapeJob(collector: Collector, emitters: readonly Emitter[]): unknown {
  const node = nodeVariable(collector);
  const [first] = emitters;
  const declared = first !== undefined && first.portNames !== null;
  const port = String(first?.port ?? 1064);
  const chosen = declared
    ? [{ source_labels: ['__meta_kubernetes_pod_container_port_number'], regex: port, action: 'keep' }]
    : [
        { source_labels: ['__meta_kubernetes_pod_container_name'], regex: first?.container, action: 'keep' },
        { source_labels: ['__meta_kubernetes_pod_ip'], target_label: '__address__', replacement: `$\${1}:${port}` },
      ];
  return {
    job_name: 'ai-gateway',
    metrics_path: first?.path ?? '/metrics',
    kubernetes_sd_configs: [{ role: 'pod', namespaces: { names: namespacesOf(emitters) } }],
    relabel_configs: [
      ...(node === null ? [] : [{ source_labels: ['__meta_kubernetes_pod_node_name'], regex: `\${env:${node}}`, action: 'keep' }]),
      ...chosen,
      { source_labels: ['__meta_kubernetes_namespace'], target_label: 'namespace' },
      { source_labels: ['__meta_kubernetes_pod_name'], target_label: 'pod' },
    ],
  };
}

/** The variable that holds the node's name, of a collector that runs on every node; null: it runs once, or has no such variable. */
export function nodeVariable({ workload, container }: Collector): string | null {
  if (workload?.kind !== 'DaemonSet') return null;
  const own = records(podSpecOf(workload).containers).find(({ name }) => name === container);
  const entry = records(own?.env).find(({ valueFrom }) => record(record(valueFrom).fieldRef).fieldPath === 'spec.nodeName');
  return text(entry?.name);
}

function alloyJob(collector: Collector, emitters: readonly Emitter[]): string {
  const [first] = emitters;
  const sink = collector.exporters.find(({ kind }) => kind === 'remote-write')?.id ?? 'prometheus.remote_write.mimir';
  return `discovery.kubernetes "ai_gateway" {
  role = "pod"
  namespaces { names = ${JSON.stringify(namespacesOf(emitters))} }
}
discovery.relabel "ai_gateway" {
  targets = discovery.kubernetes.ai_gateway.targets
  rule {
    source_labels = ["__meta_kubernetes_pod_container_name"]
    regex         = ${JSON.stringify(first?.container ?? '')}
    action        = "keep"
  }
  rule {
    source_labels = ["__meta_kubernetes_pod_ip"]
    target_label  = "__address__"
    replacement   = "$1:${first?.port ?? 1064}"
  }
  rule {
    source_labels = ["__meta_kubernetes_pod_name"]
    target_label  = "pod"
  }
}
prometheus.scrape "ai_gateway" {
  targets    = discovery.relabel.ai_gateway.output
  forward_to = [${sink}.receiver]
}
`;
}
