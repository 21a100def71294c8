import { type Attempt, defineFact, type Fact, type PrometheusChoice } from '../model/fact.ts';
import { type KubeObject, ReadError, type Source, type Unread, unreadOf } from '../model/source.ts';
import { grouped } from '../parse/grouped.ts';
import { type Build, buildOf, dataOf } from '../parse/promapi.ts';
import { type Coverage, coverage, takenBy } from './coverage.ts';
import type { Nouns } from './emitters.ts';
import { kinds, listing, tunnelling } from './kinds.ts';
import { type Pod, podOf } from './pods.ts';
import { fetched, type Place } from './prometheus-api.ts';
import { type PrometheusObject, type PrometheusObjects, prometheusObjects } from './prometheus-objects.ts';

/** One Prometheus of the cluster, or what the user named as such. Shards belong together; of replicas one answers for all. */
export interface Server {
  /** "prometheus NAMESPACE/NAME". */
  readonly key: string;
  /** "Prometheus NAMESPACE/NAME". */
  readonly subject: string;
  /** The object it belongs to; null when it has none or it is not known. */
  readonly object: PrometheusObject | null;
  /** One place a shard that answered. */
  readonly shards: readonly Shard[];
  /** Shards that no ready pod serves or that did not answer. */
  readonly unread: readonly Unread[];
}

export interface Shard extends Place {
  readonly build: Build;
}

/** The Prometheus servers that ought to scrape the emitters. */
export interface Servers {
  readonly servers: readonly Server[];
  /** What was looked for, to say so when there is none. */
  readonly lookedFor: readonly string[];
}

const made = new WeakMap<Nouns, Fact<Servers>>();

/** The Prometheus servers of one pipeline: those whose objects take the monitors of its emitters, else any; or the one the user named. */
export function prometheusServers(nouns: Nouns): Fact<Servers> {
  const known = made.get(nouns);
  if (known !== undefined) return known;
  const fact = defineFact({
    id: `prometheus-of-${nouns.many.replace(/\W+/g, '-')}`,
    title: `Prometheus of each ${nouns.one}`,
    reads: [listing(kinds.pods), ...tunnelling],
    wants: { coverage: coverage(nouns), objects: prometheusObjects },
    async read({ coverage, objects }, { source, options }): Promise<Servers> {
      const headers = options.prometheus?.headers ?? {};
      const found = await candidates(source, options.prometheus, coverage, objects);
      const servers = await Promise.all(found.map((candidate) => reached(source, candidate, headers)));
      return { servers, lookedFor: ['Prometheus objects', 'pods labelled app.kubernetes.io/name=prometheus'] };
    },
  });
  made.set(nouns, fact);
  return fact;
}

interface Candidate extends Pick<Server, 'key' | 'subject' | 'object' | 'unread'> {
  readonly places: readonly Omit<Place, 'headers'>[];
}

async function candidates(
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

async function reached(source: Source, candidate: Candidate, headers: Readonly<Record<string, string>>): Promise<Server> {
  const { key, subject, object } = candidate;
  const tried = await Promise.all(candidate.places.map((place) => probed(source, { ...place, headers })));
  return {
    key,
    subject,
    object,
    shards: tried.flatMap((it) => ('build' in it ? [it] : [])),
    unread: [...candidate.unread, ...tried.flatMap((it) => ('build' in it ? [] : [it]))],
  };
}

/** Asks what the server is, finding its route prefix on the way: with --web.route-prefix every other path is 404 and / redirects there. */
async function probed(source: Source, place: Place): Promise<Shard | Unread> {
  const path = '/api/v1/status/buildinfo';
  const what = `GET ${path} of ${place.name}`;
  try {
    const first = await fetched(source, place, `${place.prefix}${path}`, [], what);
    const prefix = first.answer.status === 404 ? await redirected(source, place) : null;
    if (prefix === null) return placed(place, buildOf(dataOf(first.answer, what)));
    const second = await fetched(source, place, `${prefix}${path}`, [], what);
    return placed({ ...place, prefix }, buildOf(dataOf(second.answer, what)));
  } catch (error) {
    if (error instanceof ReadError) return unreadOf(error);
    throw error;
  }
}

/** Mimir serves buildinfo anywhere and the rest under /prometheus alone. */
function placed(place: Place, build: Build): Shard {
  const base = place.endpoint.at === 'url' ? place.endpoint.url : place.prefix;
  const bare = build.product === 'mimir' && !base.replace(/\/+$/, '').endsWith('/prometheus');
  return { ...place, prefix: bare ? `${place.prefix}/prometheus` : place.prefix, build };
}

async function redirected(source: Source, place: Place): Promise<string | null> {
  const { answer, location } = await fetched(source, place, '/', [], `GET / of ${place.name}`);
  if (location === null || answer.status < 300 || answer.status > 399) return null;
  const path = new URL(location, 'http://prometheus').pathname.replace(/\/(graph|query)?$/, '');
  // The path of a URL that the user gave is asked for anyway.
  const base =
    place.endpoint.at === 'url' && URL.canParse(place.endpoint.url) ? new URL(place.endpoint.url).pathname.replace(/\/$/, '') : '';
  const prefix = base !== '' && path.startsWith(base) ? path.slice(base.length) : path;
  return prefix === '' || prefix === place.prefix ? null : prefix;
}
