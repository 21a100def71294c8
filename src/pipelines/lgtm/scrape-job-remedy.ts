import type { Collector } from '../../facts/collectors.ts';
import type { Emitter } from '../../facts/emitters.ts';
import type { Remedy } from '../../model/check.ts';
import { list, record } from '../../parse/fields.ts';
import { lastSource, nodeVariable, placeOf, restart } from './scrape-remedies.ts';
import { appending, reconfiguring, textPlace } from './text-remedies.ts';

/** The receiver that a remedy adds. */
const added = 'prometheus/ai-gateway';

/** What a collector's configuration needs besides to scrape these emitters: the whole job, and the receiver in its pipeline. */
export function scrapeRemedy(collector: Collector, emitters: readonly Emitter[]): Remedy {
  const source = lastSource(collector);
  const where = source === null ? `the configuration of ${collector.subject}` : placeOf(source);
  const again = restart(collector);
  const then = again === null ? '' : `, then ${again}`;
  if (collector.kind === 'alloy') {
    const say = { text: `add this scrape to ${where}: it reloads by itself`, patch: alloyJob(collector, emitters) };
    return source?.text == null ? say : { ...say, command: appending(textPlace(source), say.patch) };
  }
  const pipelines = record(record(record(collector.config.status === 'read' ? collector.config.merged : {}).service).pipelines);
  const id = Object.keys(pipelines).find((name) => name.split('/')[0] === 'metrics') ?? 'metrics';
  const receivers = list(record(pipelines[id]).receivers).map(String);
  const receiver = { config: { scrape_configs: [scrapeJob(collector, emitters)] } };
  const all = [...receivers.filter((name) => name !== added), added];
  const say = {
    text: `add this to ${where}${then}`,
    patch: { receivers: { [added]: receiver }, service: { pipelines: { [id]: { receivers: all } } } },
  };
  return reconfiguring(collector, source, say, [
    { path: ['receivers', added], value: receiver },
    { path: ['service', 'pipelines', id, 'receivers'], value: all },
  ]);
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
