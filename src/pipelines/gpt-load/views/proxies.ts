import type { Emission } from '../../../facts/emitters.ts';
import { defineView, type Table } from '../../../model/pipeline.ts';
import { emissions } from '../facts/emissions.ts';
import { type Instance, instances } from '../facts/instances.ts';
import { counted } from '../phrases.ts';

/** The pods in the columns that all pipelines share: what has no gateway, sidecar or mapping says so. */
export const proxiesView = defineView({
  name: 'proxies',
  title: 'gpt-load pods and what they show',
  needs: { instances },
  wants: { emissions },
  table: ({ instances, emissions }): Table => {
    const told = emissions.status === 'read' ? emissions.value : { read: [], unread: [emissions.unread] };
    const rows = instances.read.map((instance) => ({ instance, emission: told.read.find(({ emitter }) => emitter.key === instance.key) }));
    return {
      columns: [
        ...['NAMESPACE', 'NAME', 'GATEWAY', 'RELEASE', 'SIDECAR', 'READY', 'RESTARTS', 'MAPPING', 'METRICS'].map((name) => ({ name })),
        ...['NODE', 'IP', 'PORT', 'PORT-NAMES', 'SERIES', 'AGE', 'IMAGE'].map((name) => ({ name, wide: true })),
      ],
      rows: rows.map(({ instance, emission }) => cells(instance, emission)),
      items: rows.map(({ instance, emission }) => item(instance, emission)),
      unread: [...instances.unread, ...told.unread.filter((unread) => !instances.unread.includes(unread))],
      empty: 'no gpt-load pods found',
    };
  },
});

function cells(
  { pod, workload, release, state, port, portNames, node, age, container }: Instance,
  emission: Emission | undefined,
): readonly string[] {
  return [
    pod.namespace,
    pod.name,
    workload === null ? '<none>' : `${workload.namespace}/${workload.name}`,
    release ?? '<unknown>',
    '-',
    state?.ready ? 'yes' : 'no',
    String(state?.restarts ?? '-'),
    '-',
    stateOf(emission),
    node ?? '<none>',
    pod.ip ?? '<none>',
    String(port),
    portNames?.join(',') || '<none>',
    emission?.outcome.status === 'metered' ? String(emission.outcome.series.length) : '-',
    age === null ? '<unknown>' : ageText(age),
    container.image,
  ];
}

function stateOf(emission: Emission | undefined): string {
  if (emission === undefined) return '<unread>';
  const { outcome } = emission;
  if (outcome.status === 'metered') return counted(outcome.series.length, 'series', 'series');
  return outcome.status === 'idle' ? 'idle' : `unreadable: ${outcome.problem}`;
}

function item(instance: Instance, emission: Emission | undefined): Readonly<Record<string, unknown>> {
  const { pod, workload, release, state, port, portNames, node, age, container, follower, token, database } = instance;
  return {
    namespace: pod.namespace,
    name: pod.name,
    workload: workload?.subject ?? null,
    node,
    ip: pod.ip,
    ageSeconds: age,
    release,
    container: container.name,
    image: container.image,
    ready: state?.ready ?? false,
    restarts: state?.restarts ?? null,
    port,
    portNames,
    follower,
    token,
    database: database.kind,
    metrics: emission === undefined ? null : metricsItem(emission),
  };
}

function metricsItem({ outcome }: Emission): Readonly<Record<string, unknown>> {
  switch (outcome.status) {
    case 'idle':
      return { status: 'idle' };
    case 'unreadable':
      return { status: 'unreadable', problem: outcome.problem, message: outcome.message };
    case 'metered':
      return { status: 'metered', family: outcome.family, series: outcome.series.length, labels: outcome.labelNames };
  }
}

/** As kubectl prints ages, to one unit. */
function ageText(seconds: number): string {
  if (seconds < 120) return `${seconds}s`;
  if (seconds < 7200) return `${Math.floor(seconds / 60)}m`;
  return seconds < 172_800 ? `${Math.floor(seconds / 3600)}h` : `${Math.floor(seconds / 86_400)}d`;
}
