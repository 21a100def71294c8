import type { Collector } from '../../../facts/collectors.ts';
import { tunnelling } from '../../../facts/kinds.ts';
import { defineFact } from '../../../model/fact.ts';
import { type Many, ReadError, type Reply, type Source, type Unread, unreadOf } from '../../../model/source.ts';
import { telemetryPort } from '../../../parse/collector-config.ts';
import { ExpositionError, expositionParser, formatOf } from '../../../parse/exposition.ts';
import { type CollectorPods, collectorPods } from './collector-pods.ts';

/** What one exporter of one collector pod has done since it started. */
export interface ExporterCount {
  readonly exporter: string;
  readonly sent: number;
  readonly failed: number;
  /** Batches that wait. */
  readonly queued: number;
  /** How many may wait; 0: unknown. */
  readonly capacity: number;
}

/** What a collector pod says of itself. */
export interface SelfMetrics {
  readonly collector: Collector;
  readonly pod: string;
  /** Seconds since its process began; null: not told. */
  readonly uptime: number | null;
  readonly exporters: readonly ExporterCount[];
  /** Ids of the receivers that have accepted metrics. */
  readonly receivers: readonly string[];
}

/** The self metrics of collectors; `silent` are pods that serve none where we may look. */
export interface SelfMetricsRead extends Many<SelfMetrics> {
  readonly silent: readonly string[];
}

// A DaemonSet has a pod on every node: a few tell whether the store takes what they send.
const most = 3;
/** Alloy serves its own metrics beside its user interface: grafana/alloy run command, --server.http.listen-addr. */
const alloyPort = 12345;

/** What the ready pods of the collectors count of their own exporters. */
export const collectorMetrics = defineFact({
  id: 'collector-metrics',
  title: 'metrics of collectors about themselves',
  reads: tunnelling,
  needs: { pods: collectorPods },
  async read({ pods }, { source }): Promise<SelfMetricsRead> {
    const settled = await Promise.all(pods.read.flatMap((each) => placesOf(each).map((place) => look(place, source))));
    return {
      read: settled.flatMap((each) => (typeof each === 'object' && 'exporters' in each ? [each] : [])),
      unread: settled.flatMap((each) => (typeof each === 'object' && 'reason' in each ? [each] : [])),
      silent: settled.flatMap((each) => (typeof each === 'string' ? [each] : [])),
    };
  },
});

interface Place {
  readonly collector: Collector;
  readonly namespace: string;
  readonly pod: string;
  readonly port: number;
}

function placesOf({ collector, pods }: CollectorPods): readonly Place[] {
  const port = portOf(collector);
  const ready = pods.filter(({ pod }) => pod.states.some(({ name, ready }) => name === collector.container && ready));
  return port === null ? [] : ready.slice(0, most).map(({ pod }) => ({ collector, namespace: pod.namespace, pod: pod.name, port }));
}

function portOf({ kind, config }: Collector): number | null {
  if (kind === 'alloy') return alloyPort;
  return config.status === 'read' ? telemetryPort(config.merged) : null;
}

/** Nothing behind the port, or something else, tells nothing: the pod's own address is often the only one that is listened on. */
async function look({ collector, namespace, pod, port }: Place, source: Source): Promise<SelfMetrics | Unread | string> {
  try {
    const reply = await source.get(
      { at: 'pod', namespace, pod, port },
      { path: '/metrics', headers: { Accept: 'text/plain;version=0.0.4' } },
    );
    const counts = await countsIn(reply);
    return counts === null ? `${namespace}/${pod}` : { collector, pod, ...counts };
  } catch (error) {
    if (error instanceof ReadError && error.fault !== null) return `${namespace}/${pod}`;
    return unreadOf(error, `metrics of pod ${namespace}/${pod}`);
  }
}

type Field = 'sent' | 'failed' | 'queued' | 'capacity';

/** With and without `_total`, by release: recorded from 0.165 without. Alloy: prometheus storage/remote. */
const fields: Readonly<Record<string, Field>> = {
  otelcol_exporter_sent_metric_points: 'sent',
  otelcol_exporter_send_failed_metric_points: 'failed',
  otelcol_exporter_queue_size: 'queued',
  otelcol_exporter_queue_capacity: 'capacity',
  prometheus_remote_storage_samples: 'sent',
  prometheus_remote_storage_samples_failed: 'failed',
};

function fieldOf(name: string): Field | null {
  const bare = name.replace(/_total$/, '');
  return Object.hasOwn(fields, bare) ? (fields[bare] ?? null) : null;
}

const accepted = /^otelcol_receiver_accepted_metric_points(_total)?$/;
const isUptime = (name: string): boolean => /^otelcol_process_uptime(_seconds)?(_total)?$/.test(name);

async function countsIn(reply: Reply): Promise<Pick<SelfMetrics, 'uptime' | 'exporters' | 'receivers'> | null> {
  const exporters = new Map<string, Record<Field, number>>();
  const receivers = new Set<string>();
  let uptime: number | null = null;
  const parser = expositionParser({
    wanted: (name) => fieldOf(name) !== null || isUptime(name) || accepted.test(name),
    sample: ({ name, labels, value }) => {
      const field = fieldOf(name);
      if (isUptime(name)) uptime = value;
      if (accepted.test(name) && value > 0) receivers.add(labels.receiver ?? '');
      if (field === null) return;
      const id = labels.exporter ?? labels.component_id ?? '';
      const counts = exporters.get(id) ?? { sent: 0, failed: 0, queued: 0, capacity: 0 };
      counts[field] += value;
      exporters.set(id, counts);
    },
    format: formatOf(reply.headers['content-type'] ?? ''),
  });
  try {
    for await (const chunk of reply.body) parser.push(chunk);
    parser.end();
  } catch (error) {
    if (error instanceof ExpositionError) return null;
    throw error;
  }
  if (reply.status !== 200) return null;
  return { uptime, exporters: [...exporters].map(([exporter, counts]) => ({ exporter, ...counts })), receivers: [...receivers] };
}
