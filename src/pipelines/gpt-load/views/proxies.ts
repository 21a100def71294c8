import { ageCell, metricsItem, metricsText, proxyColumns, seriesText } from '../../../checks/proxies-table.ts';
import type { Emission } from '../../../facts/emitters.ts';
import { defineView, type Table } from '../../../model/pipeline.ts';
import { emissions } from '../facts/emissions.ts';
import { type Instance, instances } from '../facts/instances.ts';

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
      columns: proxyColumns,
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
    metricsText(emission),
    node ?? '<none>',
    pod.ip ?? '<none>',
    String(port),
    portNames?.join(',') || '<none>',
    seriesText(emission),
    ageCell(age),
    container.image,
  ];
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
