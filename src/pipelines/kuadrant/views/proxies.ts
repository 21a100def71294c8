import { ageCell, metricsItem, metricsText, proxyColumns, seriesText } from '../../../checks/proxies-table.ts';
import type { Emission } from '../../../facts/emitters.ts';
import type { Attempt } from '../../../model/fact.ts';
import { defineView, type Table } from '../../../model/pipeline.ts';
import { stateOf } from '../containers.ts';
import { emissions } from '../facts/emissions.ts';
import { emitters, type LimitadorPod } from '../facts/emitters.ts';
import { type Policies, type TelemetryPolicy, telemetryPolicies } from '../facts/policies.ts';
import { type Scene, scene } from '../facts/scene.ts';
import { nameOf } from '../phrases.ts';
import { labelsOf } from '../telemetry.ts';

/** The Limitadors in the columns that all pipelines share: there is no sidecar, and the mapping is that of the TelemetryPolicies. */
export const proxiesView = defineView({
  name: 'proxies',
  title: 'Limitadors and what they count',
  needs: { emitters },
  wants: { emissions, scene, telemetryPolicies },
  table: ({ emitters, emissions, scene, telemetryPolicies }): Table => {
    const told = emissions.status === 'read' ? emissions.value : { read: [], unread: [emissions.unread] };
    const around = { gateways: gatewaysOf(scene), mapping: mappingOf(telemetryPolicies) };
    const rows = emitters.read.map((pod): Shown => {
      const emission = told.read.find(({ emitter }) => emitter.key === pod.key);
      return { row: rowOf(pod, emission, around), emission };
    });
    return {
      columns: proxyColumns,
      rows: rows.map(cells),
      items: rows.map(({ row }) => row),
      unread: [...emitters.unread, ...told.unread.filter((unread) => !emitters.unread.includes(unread))],
      empty: 'no Limitador found',
    };
  },
});

interface Around {
  readonly gateways: readonly string[];
  /** "user:auth.identity.userid". */
  readonly mapping: readonly string[];
}

function gatewaysOf(scene: Attempt<Scene>): readonly string[] {
  return scene.status === 'read' ? scene.value.gateways.map(nameOf) : [];
}

function mappingOf(policies: Attempt<Policies<TelemetryPolicy>>): readonly string[] {
  const labels = policies.status === 'read' ? policies.value.policies.flatMap(labelsOf) : [];
  return [...new Set(labels.map(({ name, expression }) => `${name}:${expression}`))];
}

function rowOf(emitter: LimitadorPod, emission: Emission | undefined, { gateways, mapping }: Around) {
  const { pod, container, port, portNames, release, node, age } = emitter;
  const state = stateOf(pod, container);
  return {
    namespace: pod.namespace,
    name: pod.name,
    gateways,
    node,
    ip: pod.ip,
    ageSeconds: age,
    release,
    container,
    image: pod.containers.find(({ name }) => name === container)?.image ?? null,
    ready: state?.ready ?? false,
    restarts: state?.restarts ?? null,
    port,
    portNames,
    mapping,
    metrics: emission === undefined ? null : metricsItem(emission),
  };
}

interface Shown {
  readonly row: ReturnType<typeof rowOf>;
  readonly emission: Emission | undefined;
}

function cells({ row, emission }: Shown): readonly string[] {
  return [
    row.namespace,
    row.name,
    row.gateways.join(',') || '<none>',
    row.release ?? '<unknown>',
    '-',
    row.ready ? 'yes' : 'no',
    String(row.restarts ?? '-'),
    row.mapping.join(',') || '<none>',
    metricsText(emission),
    row.node ?? '<none>',
    row.ip ?? '<none>',
    String(row.port),
    row.portNames?.join(',') || '<none>',
    seriesText(emission),
    ageCell(row.ageSeconds),
    row.image ?? '<unknown>',
  ];
}
