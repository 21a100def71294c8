import { defineFact, type Fact } from '../model/fact.ts';
import { ReadError, type Source, type Unread, unreadOf } from '../model/source.ts';
import { type Build, buildOf, dataOf } from '../parse/promapi.ts';
import { withoutEndSlashes } from '../parse/slashes.ts';
import { coverage } from './coverage.ts';
import type { Nouns } from './emitters.ts';
import { kinds, listing, tunnelling } from './kinds.ts';
import { fetched, type Place } from './prometheus-api.ts';
import { type PrometheusObject, prometheusObjects } from './prometheus-objects.ts';
import { type Candidate, candidates } from './prometheus-places.ts';

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
  const known = nouns.servers ?? made.get(nouns);
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

/** Asks one candidate what it is: the places that answered, and why the others did not. */
export async function reached(source: Source, candidate: Candidate, headers: Readonly<Record<string, string>>): Promise<Server> {
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
  const bare = build.product === 'mimir' && !withoutEndSlashes(base).endsWith('/prometheus');
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
