import { podSpecOf } from '../../facts/collector-files.ts';
import type { ConfigSource } from '../../facts/collector-texts.ts';
import type { Collector } from '../../facts/collectors.ts';
import { record, records, text } from '../../parse/fields.ts';

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

/** The variable that holds the node's name, of a collector that runs on every node; null: it runs once, or has no such variable. */
export function nodeVariable({ workload, container }: Collector): string | null {
  if (workload?.kind !== 'DaemonSet') return null;
  const own = records(podSpecOf(workload).containers).find(({ name }) => name === container);
  const entry = records(own?.env).find(({ valueFrom }) => record(record(valueFrom).fieldRef).fieldPath === 'spec.nodeName');
  return text(entry?.name);
}
