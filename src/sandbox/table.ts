import type { KubeObject } from '../model/source.ts';
import { ageText } from '../parse/duration.ts';
import { list, number, record, records, text } from '../parse/fields.ts';

interface Column {
  readonly name: string;
  /** Only with -o wide. */
  readonly wide?: boolean;
  cell(object: KubeObject): string | number;
}

/** What `kubectl get` asks for: the server renders the cells (meta/v1 Table). */
export function tableOf(objects: readonly KubeObject[], now: Date, metadata: unknown): unknown {
  const columns = [nameColumn, ...(columnsByKind[objects[0]?.kind ?? ''] ?? []), ageColumn(now)];
  return {
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    metadata,
    columnDefinitions: columns.map(({ name, wide }, index) => ({
      name,
      type: 'string',
      // kubectl takes the column of format "name" for the object's name: cli-runtime printers.
      format: index === 0 ? 'name' : '',
      description: '',
      priority: wide ? 1 : 0,
    })),
    rows: objects.map((object) => ({
      cells: columns.map((column) => column.cell(object)),
      object: { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: object.metadata },
    })),
  };
}

const nameColumn: Column = { name: 'Name', cell: (object) => object.metadata.name };

function ageColumn(now: Date): Column {
  return { name: 'Age', cell: ({ metadata }) => ageOf(metadata.creationTimestamp, now) };
}

function ageOf(since: string | undefined, now: Date): string {
  const seconds = (now.getTime() - Date.parse(since ?? '')) / 1000;
  return Number.isNaN(seconds) ? '<unknown>' : ageText(seconds);
}

const status = (object: KubeObject) => record(object.status);
const spec = (object: KubeObject) => record(object.spec);
const condition = (object: KubeObject, type: string): string =>
  text(records(status(object).conditions).find((entry) => entry.type === type)?.status) ?? '';
const count = (value: unknown): number => number(value) ?? 0;

const columnsByKind: Readonly<Record<string, readonly Column[]>> = {
  Pod: [
    { name: 'Ready', cell: podReady },
    { name: 'Status', cell: podStatus },
    { name: 'Restarts', cell: (pod) => Math.max(0, ...containerStatuses(pod).map((entry) => count(entry.restartCount))) },
    { name: 'IP', wide: true, cell: (pod) => text(status(pod).podIP) ?? '<none>' },
    { name: 'Node', wide: true, cell: (pod) => text(spec(pod).nodeName) ?? '<none>' },
  ],
  Deployment: [
    { name: 'Ready', cell: (object) => `${count(status(object).readyReplicas)}/${number(spec(object).replicas) ?? 1}` },
    { name: 'Up-to-date', cell: (object) => count(status(object).updatedReplicas) },
    { name: 'Available', cell: (object) => count(status(object).availableReplicas) },
  ],
  Namespace: [{ name: 'Status', cell: (object) => text(status(object).phase) ?? '' }],
  Gateway: [
    { name: 'Class', cell: (object) => text(spec(object).gatewayClassName) ?? '' },
    { name: 'Address', cell: (object) => text(records(status(object).addresses)[0]?.value) ?? '' },
    { name: 'Programmed', cell: (object) => condition(object, 'Programmed') },
  ],
  HTTPRoute: [{ name: 'Hostnames', cell: (object) => JSON.stringify(list(spec(object).hostnames)) }],
  Prometheus: [
    { name: 'Version', cell: (object) => text(spec(object).version) ?? '' },
    { name: 'Desired', cell: (object) => count(spec(object).replicas) },
    { name: 'Ready', cell: (object) => count(status(object).availableReplicas) },
    { name: 'Reconciled', cell: (object) => condition(object, 'Reconciled') },
    { name: 'Available', cell: (object) => condition(object, 'Available') },
  ],
  AIGatewayRoute: [{ name: 'Status', cell: (object) => text(records(status(object).conditions).at(-1)?.type) ?? '' }],
};

const containerStatuses = (pod: KubeObject) => records(status(pod).containerStatuses);

/** Native sidecars count as containers: kubernetes pkg/printers/internalversion printPod. */
function podReady(pod: KubeObject): string {
  const sidecars = records(spec(pod).initContainers).filter((container) => container.restartPolicy === 'Always');
  const names = [...records(spec(pod).containers), ...sidecars].map((container) => container.name);
  const all = [...containerStatuses(pod), ...records(status(pod).initContainerStatuses)];
  const ready = all.filter((entry) => entry.ready === true && names.includes(entry.name));
  return `${ready.length}/${names.length}`;
}

function podStatus(pod: KubeObject): string {
  const waiting = [...containerStatuses(pod), ...records(status(pod).initContainerStatuses)].map((entry) =>
    record(record(entry.state).waiting),
  );
  return waiting.map((entry) => text(entry.reason)).find((reason) => reason !== null) ?? text(status(pod).phase) ?? 'Unknown';
}
