import type { Attempt, PrometheusChoice } from '../model/fact.ts';
import { type KubeObject, ReadError, type Source, type Unread } from '../model/source.ts';
import { grouped } from '../parse/grouped.ts';
import { type Coverage, takenBy } from './coverage.ts';
import { kinds } from './kinds.ts';
import { type Pod, podOf } from './pods.ts';
import type { Place } from './prometheus-api.ts';
import type { PrometheusObject, PrometheusObjects } from './prometheus-objects.ts';

/** A Prometheus that may answer: one place a shard, and what speaks against it already. */
export interface Candidate {
  readonly key: string;
  readonly subject: string;
  readonly object: PrometheusObject | null;
  readonly places: readonly Omit<Place, 'headers'>[];
  readonly unread: readonly Unread[];
}

/** Where the Prometheus servers are: behind the objects that take the emitters' monitors, else behind any, else in labelled pods; or where the user says. */
export async function candidates(
  source: Source,
  choice: PrometheusChoice | null,
  coverage: Attempt<Coverage>,
  objects: Attempt<PrometheusObjects>,
): Promise<readonly Candidate[]> {
  const all = objects.status === 'read' ? objects.value.read : [];
  const takers = coverage.status === 'read' ? all.filter((object) => takenBy(object, coverage.value).length > 0) : [];
  if (choice !== null) return [await chosen(source, choice, all, takers)];
  const relevant = takers.length > 0 ? takers : all;
  const pods = await prometheusPods(
    source,
    relevant.some(({ agent }) => agent),
  );
  if (relevant.length > 0) return relevant.map((object) => ofObject(object, pods));
  return podsByInstance(pods);
}

/** prometheus-operator pkg/prometheus/{server,agent}/statefulset.go: the labels of its pods; the community chart uses the first one too. */
async function prometheusPods(source: Source, agents: boolean): Promise<readonly Pod[]> {
  const names = agents ? ['prometheus', 'prometheus-agent'] : ['prometheus'];
  const lists = await Promise.all(names.map((name) => source.list(kinds.pods, { labelSelector: `app.kubernetes.io/name=${name}` })));
  return lists
    .flat()
    .map(podOf)
    .filter(({ deleting }) => !deleting);
}

function ofObject(object: PrometheusObject, pods: readonly Pod[]): Candidate {
  const { key, subject } = object;
  const own = pods.filter(
    ({ namespace, labels }) =>
      namespace === object.namespace &&
      labels['operator.prometheus.io/name'] === object.name &&
      (labels['app.kubernetes.io/name'] === 'prometheus-agent') === object.agent,
  );
  const shards = Array.from({ length: object.shards }, (_, shard) => {
    const ofShard = own.filter(({ labels }) => (labels['operator.prometheus.io/shard'] ?? '0') === String(shard));
    return { shard, pod: firstReady(ofShard) };
  });
  const unread = shards.filter(({ pod }) => pod === null).map(({ shard }) => noPod(object, shard, own.length));
  const places = shards.flatMap(({ pod }) => (pod === null ? [] : [podPlace(subject, pod, object)]));
  return { key, subject, object, places, unread };
}

function noPod({ subject, shards, namespace }: PrometheusObject, shard: number, pods: number): Unread {
  const which = shards > 1 ? `shard ${shard} of ${subject}` : subject;
  const message = pods === 0 ? `${which} has no pod in namespace ${namespace}` : `no pod of ${which} is ready`;
  return { what: `GET ${subject}`, reason: 'unreachable', message, needs: null };
}

function firstReady(pods: readonly Pod[]): Pod | null {
  return [...pods].sort((a, b) => (a.name < b.name ? -1 : 1)).find(({ ready }) => ready) ?? null;
}

function podPlace(name: string, pod: Pod, object: PrometheusObject | null): Omit<Place, 'headers'> {
  const port = portOf(pod, object?.portName ?? 'web');
  const endpoint = { at: 'pod', namespace: pod.namespace, pod: pod.name, port, scheme: object?.scheme ?? 'http' } as const;
  return { name, endpoint, prefix: object?.prefix ?? '' };
}

/** The declared port of that name, else the usual one: with listenLocal none is declared. */
function portOf(pod: Pod, name: string): number {
  const containers = pod.containers.filter((container) => container.name.startsWith('prometheus'));
  const ports = containers.flatMap((container) => container.ports);
  const named = ports.find((port) => port.name === name) ?? ports.find((port) => port.name === 'http' || port.number === 9090);
  return named?.number ?? 9090;
}

function podsByInstance(pods: readonly Pod[]): readonly Candidate[] {
  const groups = grouped(pods, ({ namespace, labels, name }) => `${namespace}/${labels['app.kubernetes.io/instance'] ?? name}`);
  return [...groups].map(([name, members]) => podCandidate(`Prometheus ${name}`, name, members));
}

function podCandidate(subject: string, name: string, members: readonly Pod[]): Candidate {
  const pod = firstReady(members);
  const unread: Unread = { what: `GET ${subject}`, reason: 'unreachable', message: `no pod of ${subject} is ready`, needs: null };
  return {
    key: `prometheus ${name}`,
    subject,
    object: null,
    places: pod === null ? [] : [podPlace(subject, pod, null)],
    unread: pod === null ? [unread] : [],
  };
}

/** What --prometheus names. It stands for the one object that takes the monitors, when there is just one. */
async function chosen(
  source: Source,
  { target }: PrometheusChoice,
  all: readonly PrometheusObject[],
  takers: readonly PrometheusObject[],
): Promise<Candidate> {
  const object = takers.length === 1 ? (takers[0] ?? null) : null;
  switch (target.at) {
    case 'url': {
      const shown = withoutCredentials(target.url);
      const endpoint = { at: 'url', url: target.url } as const;
      return {
        key: `prometheus ${shown}`,
        subject: `Prometheus ${shown}`,
        object,
        places: [{ name: `Prometheus ${shown}`, endpoint, prefix: '' }],
        unread: [],
      };
    }
    case 'service': {
      const { namespace, service } = target;
      const name = `${namespace}/${service}`;
      const endpoint = { at: 'service', namespace, service, port: target.port ?? 9090 } as const;
      const place = { name: `Service ${name}`, endpoint, prefix: object?.prefix ?? '' };
      return { key: `prometheus ${name}`, subject: `Service ${name}`, object, places: [place], unread: [] };
    }
    case 'object':
      return namedObject(source, target, all);
  }
}

async function namedObject(
  source: Source,
  { namespace, kind, name }: { readonly namespace: string; readonly kind: string; readonly name: string },
  all: readonly PrometheusObject[],
): Promise<Candidate> {
  const wanted = kind.toLowerCase();
  if (wanted === 'prometheus' || wanted === 'prometheusagent') {
    const object = all.find((it) => it.namespace === namespace && it.name === name && it.agent === (wanted === 'prometheusagent'));
    if (object !== undefined) return ofObject(object, await prometheusPods(source, object.agent));
    throw new ReadError('absent', `${kind} ${namespace}/${name}`, `--prometheus names ${kind} ${namespace}/${name}, and there is none`);
  }
  const pods = (await source.list(kinds.pods, { namespace })).filter((pod) => belongs(pod, wanted, name)).map(podOf);
  if (pods.length === 0)
    throw new ReadError('absent', `${kind} ${namespace}/${name}`, `--prometheus names ${kind} ${namespace}/${name}, and it has no pods`);
  const candidate = podCandidate(`${kind} ${namespace}/${name}`, `${namespace}/${name}`, pods);
  const owner = pods[0]?.labels['operator.prometheus.io/name'];
  return { ...candidate, object: all.find((it) => it.namespace === namespace && it.name === owner) ?? null };
}

/** A Deployment's pods belong to its ReplicaSets, whose names are the Deployment's and a hash. */
function belongs({ metadata }: KubeObject, kind: string, name: string): boolean {
  if (kind === 'pod') return metadata.name === name;
  const owner = metadata.ownerReferences?.find(({ controller }) => controller === true);
  if (owner === undefined) return false;
  if (kind === 'deployment') return owner.kind === 'ReplicaSet' && owner.name.replace(/-[^-]+$/, '') === name;
  return owner.kind.toLowerCase() === kind && owner.name === name;
}

function withoutCredentials(url: string): string {
  if (!URL.canParse(url)) return url;
  const { protocol, host, pathname } = new URL(url);
  return `${protocol}//${host}${pathname === '/' ? '' : pathname}`;
}
