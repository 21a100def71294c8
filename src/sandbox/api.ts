import type { IncomingMessage } from 'node:http';
import type { Refusal } from '../model/snapshot.ts';
import type { KubeObject, Scope } from '../model/source.ts';
import { aggregatedDiscovery, discovery } from './discovery.ts';
import type { KnownLog } from './logs.ts';
import { formOf, pageAnswer, wantsTable } from './pages.ts';
import { isPartial, partialOf } from './partial.ts';
import type { Answer } from './respond.ts';
import { fieldTest, labelTest } from './selecting.ts';
import { type Attempt, forbidden, jsonAnswer, notFound, pageNotFound, statusAnswer } from './status.ts';
import type { ServedKind, Store } from './store.ts';
import { tableOf } from './table.ts';

/** What a path of the API names. */
export interface Place {
  readonly kind: ServedKind;
  readonly namespace: string | null;
  readonly name: string | null;
  readonly subresource: string | null;
  /** What follows a subresource: "/metrics" of "…/proxy/metrics". */
  readonly rest: string;
}

/** The API server of a recording: what it holds, and how it speaks. */
export interface Holdings {
  readonly store: Store;
  readonly now: Date;
  readonly server: string;
  readonly user: string;
  /** What is known of a container's log; null: whichever container. */
  log(namespace: string, pod: string, container: string | null): KnownLog;
}

/** "/api/v1/namespaces/a/pods/p/proxy/metrics" and its like; null when the server has no such kind. */
export function placeOf(path: string, store: Store): Place | null {
  const [, group = '', version = '', tail = ''] = /^\/(?:api|apis\/([^/]+))\/([^/]+)\/(.+)$/.exec(path) ?? [];
  const parts = tail.split('/');
  const within = parts[0] === 'namespaces' && parts.length > 2 && !['status', 'finalize'].includes(parts[2] ?? '');
  const namespace = within ? decodeURIComponent(parts[1] ?? '') : null;
  const [resource = '', name, subresource, ...rest] = within ? parts.slice(2) : parts;
  const kind = store.find(group, version, resource);
  if (kind === null) return null;
  return {
    kind,
    namespace,
    name: name === undefined || name === '' ? null : decodeURIComponent(name),
    subresource: subresource ?? null,
    rest: `/${rest.join('/')}`,
  };
}

/** The answer to a GET that reads objects, versions or discovery. */
export function answerApi(request: IncomingMessage, holdings: Holdings): Answer {
  const url = new URL(request.url ?? '/', 'http://sandbox');
  const accept = request.headers.accept ?? '';
  if (url.pathname === '/version') return versionAnswer(holdings.server);
  if (['/healthz', '/readyz', '/livez'].includes(url.pathname)) return { status: 200, headers: {}, body: Buffer.from('ok') };
  if (url.pathname === '/api' || url.pathname === '/apis') {
    const whole = aggregatedDiscovery(url.pathname, accept, holdings.store.kinds);
    if (whole !== null) return jsonAnswer(200, whole.body, whole.contentType);
  }
  const piece = discovery(url.pathname, holdings.store.kinds);
  if (piece !== null) return jsonAnswer(200, piece);
  const place = placeOf(url.pathname, holdings.store);
  if (place?.subresource === 'log' && place.kind.resource === 'pods') return logAnswer(place, url.searchParams, holdings);
  if (place === null || place.subresource !== null) return pageNotFound;
  return place.name === null ? listAnswer(place, url.searchParams, accept, holdings) : objectAnswer(place, accept, holdings);
}

function versionAnswer(gitVersion: string): Answer {
  const [, major = '', minor = ''] = /^v(\d+)\.(\d+)/.exec(gitVersion) ?? [];
  return jsonAnswer(200, { major, minor, gitVersion, gitTreeState: 'clean', compiler: 'gc', platform: 'linux/amd64' });
}

/** Who tried to do what, for the sentence of a 403. */
export function attemptOf({ kind, namespace, name, subresource }: Place, verb: string, user: string): Attempt {
  return { user, verb, kind, subresource, namespace, name };
}

/** The lines of a log as text, the last of them when so many are asked for: kubernetes pkg/registry/core/pod/rest/log.go. */
function logAnswer(place: Place, query: URLSearchParams, { log, user }: Holdings): Answer {
  const { namespace, name } = place;
  if (query.get('previous') === 'true') return statusAnswer(400, 'BadRequest', `previous terminated container of pod "${name}" not found`);
  const known = log(namespace ?? '', name ?? '', query.get('container') || null);
  if (known.status === 'refused') return refusalAnswer(known.refusal, attemptOf(place, 'get', user));
  if (known.status === 'unrecorded')
    return statusAnswer(501, 'NotImplemented', `not in the recording: the log of pod ${namespace}/${name}`);
  const wanted = query.get('tailLines') ?? '';
  const lines = /^\d+$/.test(wanted) ? known.lines.slice(Math.max(0, known.lines.length - Number(wanted))) : known.lines;
  const body = Buffer.from(lines.map((line) => `${line}\n`).join(''), 'utf8');
  return { status: 200, headers: { 'content-type': 'text/plain; charset=utf-8' }, body };
}

function objectAnswer(place: Place, accept: string, { store, now, user }: Holdings): Answer {
  const { kind, namespace, name } = place;
  const listing = store.list(kind, {});
  const found = store.all(kind).find(({ metadata }) => metadata.name === name && (metadata.namespace ?? null) === namespace);
  if (found !== undefined && isPartial(accept)) return jsonAnswer(200, partialOf(found));
  if (found !== undefined) return wantsTable(accept) ? jsonAnswer(200, tableOf([found], now, {})) : jsonAnswer(200, found);
  if (listing.status === 'refused') return refusalAnswer(listing.refusal, attemptOf(place, 'get', user));
  return listing.status === 'unrecorded' ? unrecorded(place) : notFound(kind, name ?? '');
}

function listAnswer(place: Place, query: URLSearchParams, accept: string, { store, now, user }: Holdings): Answer {
  const labelSelector = query.get('labelSelector') ?? '';
  const scope: Scope = {
    ...(place.namespace === null ? {} : { namespace: place.namespace }),
    ...(labelSelector === '' ? {} : { labelSelector }),
    ...(isPartial(accept) ? { metadataOnly: true as const } : {}),
  };
  const listing = store.list(place.kind, scope);
  if (listing.status === 'refused') return refusalAnswer(listing.refusal, attemptOf(place, 'list', user));
  if (listing.status === 'unrecorded') return unrecorded(place);
  const test = labelTest(labelSelector);
  if (test === null) return statusAnswer(400, 'BadRequest', `unable to parse requirement: found '${labelSelector}'`);
  const inField = fieldTest(query.get('fieldSelector') ?? '');
  const chosen = listing.objects.filter(inField).filter((object) => listing.exact || inScope(object, place.namespace, test));
  return pageAnswer(place.kind, chosen, query, formOf(accept, now));
}

function inScope({ metadata }: KubeObject, namespace: string | null, test: (labels: Readonly<Record<string, string>>) => boolean): boolean {
  return (namespace === null || metadata.namespace === namespace) && test(metadata.labels ?? {});
}

/** A recorded refusal, told again as an API server would cause it. */
function refusalAnswer(refusal: Refusal, attempt: Attempt): Answer {
  switch (refusal.reason) {
    case 'absent':
      return pageNotFound;
    case 'forbidden':
      return forbidden(attempt);
    case 'malformed':
      return { status: 200, headers: { 'content-type': 'text/html' }, body: Buffer.from('<html>not an API server</html>') };
    case 'timeout':
      return statusAnswer(504, 'Timeout', refusal.message);
    case 'unreachable':
    case 'unrecorded':
    case 'interrupted':
      return statusAnswer(503, 'ServiceUnavailable', refusal.message);
  }
}

function unrecorded({ kind }: Place): Answer {
  return statusAnswer(501, 'NotImplemented', `not in the recording: ${kind.resource}`);
}
