import { defineFact } from '../model/fact.ts';
import type { KubeObject, Many, Source, Unread } from '../model/source.ts';
import { list, number, record, records, strings, text } from '../parse/fields.ts';
import { grouped } from '../parse/grouped.ts';
import { imageOf } from '../parse/image.ts';
import { flag, type MimirLimits, mimirLimits } from '../parse/mimir-config.ts';
import { kinds, listing } from './kinds.ts';
import type { Container } from './pods.ts';
import { readOr } from './read-or.ts';
import { type Workload, workloads } from './workloads.ts';

/** A Service that leads to a Mimir. */
export interface MimirService {
  readonly namespace: string;
  readonly name: string;
  /** Empty: any. */
  readonly ports: readonly number[];
  /** It leads to the nginx that the distributed chart puts in front, which names a tenant for those that name none. */
  readonly gateway: boolean;
}

/** A Grafana Mimir: one process, or a workload for each of its parts. */
export interface Mimir {
  /** "mimir NAMESPACE/NAME". */
  readonly key: string;
  /** The workload that answers queries: "StatefulSet NAMESPACE/NAME". */
  readonly subject: string;
  readonly namespace: string;
  readonly mode: 'monolithic' | 'distributed';
  /** The part that answers queries; null when no workload of it does. */
  readonly queried: Workload | null;
  /** The workloads of all its parts, and what each runs: "all", "ingester". */
  readonly parts: readonly { readonly workload: Workload; readonly target: string }[];
  /** The HTTP port of that part's pods. */
  readonly port: number;
  readonly services: readonly MimirService[];
  /** Every Service of the cluster as "NAMESPACE/NAME"; null: they could not be read. */
  readonly known: ReadonlySet<string> | null;
  readonly limits: MimirLimits;
  /** The texts of the ConfigMaps that its workloads mount. */
  readonly texts: readonly MimirText[];
  /** The workload that deletes blocks which are kept no longer; null when none does. */
  readonly compacting: Workload | null;
  /** ConfigMaps that could not be read: limits may be told there. */
  readonly unread: readonly Unread[];
}

/** A key of a ConfigMap that a Mimir mounts. */
export interface MimirText {
  readonly namespace: string;
  readonly name: string;
  readonly key: string;
  readonly text: string;
}

/** Every Mimir of the cluster, found by its image. */
export const mimirs = defineFact({
  id: 'mimirs',
  title: 'Grafana Mimir',
  reads: [listing(kinds.services), listing(kinds.configmaps)],
  needs: { workloads },
  async read({ workloads }, { source }): Promise<Many<Mimir>> {
    const parts = workloads.read.filter((workload) => isMimir(workload) || isGateway(workload));
    const groups = grouped(parts, ({ namespace, labels }) => `${namespace}/${labels['app.kubernetes.io/instance'] ?? ''}`);
    const whole = [...groups.values()].filter((members) => members.some(isMimir));
    const services = whole.length === 0 ? [] : await readOr(() => source.list(kinds.services), null, []);
    return { read: await Promise.all(whole.map((members) => mimirOf(source, members, services))), unread: served(workloads.unread) };
  },
});

/** A kind that the API server does not serve has no objects. */
function served(unread: readonly Unread[]): readonly Unread[] {
  return unread.filter(({ reason }) => reason !== 'absent');
}

/** grafana/mimir, whatever registry it comes from; its rollout operator, its caches and its nginx have images of their own. */
function mimirContainer({ containers }: Workload): Container | undefined {
  return containers.find(
    ({ image, init }) => !init && /^(?:grafana-)?(?:mimir|enterprise-metrics)(?:-distroless)?$/.test(imageOf(image).name),
  );
}

const isMimir = (workload: Workload): boolean => mimirContainer(workload) !== undefined;

/** charts/mimir-distributed templates/gateway and templates/nginx: labels of lib mimir.labels. */
function isGateway({ labels }: Workload): boolean {
  const component = labels['app.kubernetes.io/component'];
  return labels['app.kubernetes.io/name'] === 'mimir' && (component === 'gateway' || component === 'nginx');
}

async function mimirOf(source: Source, members: readonly Workload[], all: readonly KubeObject[] | null): Promise<Mimir> {
  const [first] = members as readonly [Workload];
  const { namespace } = first;
  const unread: Unread[] = [];
  const services = (all ?? []).filter(({ metadata }) => metadata.namespace === namespace);
  const maps = await readOr(() => source.list(kinds.configmaps, { namespace }), [], unread);
  const queried = answering(members);
  const named = queried ?? first;
  const mounted = new Set(members.flatMap(mountedMaps));
  const texts = maps
    .filter(({ metadata }) => mounted.has(metadata.name))
    .flatMap(({ metadata: { name }, data }) => Object.entries(strings(data)).map(([key, text]) => ({ namespace, name, key, text })));
  return {
    key: `mimir ${namespace}/${named.name}`,
    subject: named.subject,
    namespace,
    mode: members.every((member) => !isMimir(member) || targetOf(member) === 'all') ? 'monolithic' : 'distributed',
    queried,
    parts: members.map((workload) => ({ workload, target: targetOf(workload) })),
    port: queried === null ? 8080 : portOf(queried),
    services: services.flatMap((service) => serviceOf(service, members)),
    known: all === null ? null : new Set(all.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`)),
    limits: mimirLimits(
      texts.map(({ text }) => text),
      members.flatMap((member) => argvOf(member)),
    ),
    texts,
    compacting: members.find((member) => isMimir(member) && ['all', 'backend', 'compactor'].includes(targetOf(member))) ?? null,
    unread,
  };
}

// Parts that serve the query API, the best first: pkg/mimir/modules.go. A gateway in front of them serves it too.
const preferred = ['all', 'query-frontend', 'gateway', 'nginx', 'read', 'querier'];

function answering(members: readonly Workload[]): Workload | null {
  const ranked = members
    .map((member) => ({ member, rank: preferred.indexOf(targetOf(member)) }))
    .filter(({ rank }) => rank >= 0)
    .sort((a, b) => a.rank - b.rank);
  return ranked[0]?.member ?? null;
}

/** What part of Mimir a workload runs: its -target, else the chart's label; everything where neither says. */
function targetOf(workload: Workload): string {
  const component = workload.labels['app.kubernetes.io/component'] ?? '';
  if (!isMimir(workload)) return component;
  const target = flag(argvOf(workload), 'target');
  if (target !== null) return target.split(',')[0] ?? 'all';
  return [...preferred, ...others].includes(component) ? component : 'all';
}

const others = [
  'distributor',
  'ingester',
  'store-gateway',
  'compactor',
  'ruler',
  'alertmanager',
  'overrides-exporter',
  'query-scheduler',
  'write',
  'backend',
];

function argvOf(workload: Workload): readonly string[] {
  const container = mimirContainer(workload);
  return container === undefined ? [] : [...container.command, ...container.args];
}

/** The declared port of the chart's name, else -server.http-listen-port, whose default is 8080 (grafana/dskit server/server.go). */
function portOf(workload: Workload): number {
  const container = mimirContainer(workload) ?? workload.containers.find(({ init }) => !init);
  const declared = (container?.ports ?? []).find(({ name }) => name === 'http-metrics' || name === 'http' || name === 'http-metric');
  const given = Number(flag(argvOf(workload), 'server.http-listen-port') ?? Number.NaN);
  return declared?.number ?? (Number.isInteger(given) ? given : 8080);
}

function templateOf({ raw }: Workload): Readonly<Record<string, unknown>> {
  return record(record(raw.spec).template);
}

function mountedMaps(workload: Workload): readonly string[] {
  const volumes = records(record(templateOf(workload).spec).volumes);
  const projected = volumes.flatMap((volume) => records(record(volume.projected).sources));
  return [...volumes, ...projected].flatMap((volume) => text(record(volume.configMap).name) ?? []);
}

function serviceOf({ metadata, spec }: KubeObject, members: readonly Workload[]): readonly MimirService[] {
  const selector = Object.entries(strings(record(spec).selector));
  const chosen = members.filter((member) => {
    const labels = strings(record(templateOf(member).metadata).labels);
    return selector.length > 0 && selector.every(([name, value]) => labels[name] === value);
  });
  if (chosen.length === 0) return [];
  // Without an address of its own a Service leads to any port of its pods.
  const declared = record(spec).clusterIP === 'None' ? [] : list(record(spec).ports);
  const ports = declared.flatMap((port) => number(record(port).port) ?? []);
  return [{ namespace: metadata.namespace ?? '', name: metadata.name, ports, gateway: !chosen.some(isMimir) }];
}
