import type { IncomingMessage } from 'node:http';
import type { Refusal } from '../model/snapshot.ts';
import type { KubeObject, Scope } from '../model/source.ts';
import { aggregatedDiscovery, discovery } from './discovery.ts';
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

function objectAnswer(place: Place, accept: string, { store, now, user }: Holdings): Answer {
  const { kind, namespace, name } = place;
  const listing = store.list(kind, {});
  const found = store.all(kind).find(({ metadata }) => metadata.name === name && (metadata.namespace ?? null) === namespace);
  if (found !== undefined) return wantsTable(accept) ? jsonAnswer(200, tableOf([found], now, {})) : jsonAnswer(200, found);
  if (listing.status === 'refused') return refusalAnswer(listing.refusal, attemptOf(place, 'get', user));
  return listing.status === 'unrecorded' ? unrecorded(place) : notFound(kind, name ?? '');
}

function listAnswer(place: Place, query: URLSearchParams, accept: string, { store, now, user }: Holdings): Answer {
  const labelSelector = query.get('labelSelector') ?? '';
  const scope: Scope = {
    ...(place.namespace === null ? {} : { namespace: place.namespace }),
    ...(labelSelector === '' ? {} : { labelSelector }),
  };
  const listing = store.list(place.kind, scope);
  if (listing.status === 'refused') return refusalAnswer(listing.refusal, attemptOf(place, 'list', user));
  if (listing.status === 'unrecorded') return unrecorded(place);
  const test = labelTest(labelSelector);
  if (test === null) return statusAnswer(400, 'BadRequest', `unable to parse requirement: found '${labelSelector}'`);
  const inField = fieldTest(query.get('fieldSelector') ?? '');
  const chosen = listing.objects.filter(inField).filter((object) => listing.exact || inScope(object, place.namespace, test));
  return pageAnswer(place.kind, chosen, query, wantsTable(accept) ? now : null);
}

function inScope({ metadata }: KubeObject, namespace: string | null, test: (labels: Readonly<Record<string, string>>) => boolean): boolean {
  return (namespace === null || metadata.namespace === namespace) && test(metadata.labels ?? {});
}

const wantsTable = (accept: string): boolean => accept.includes('as=Table');

/** One page, as `limit` and `continue` ask for it; a table when there is a time to tell ages by. */
function pageAnswer(kind: ServedKind, objects: readonly KubeObject[], query: URLSearchParams, tableAt: Date | null): Answer {
  const limit = Number(query.get('limit') ?? 0);
  const start = startOf(query.get('continue') ?? '');
  if (start === null) return statusAnswer(410, 'Expired', 'The provided continue parameter is too old');
  const end = limit > 0 ? start + limit : objects.length;
  const page = objects.slice(start, end);
  const left = Math.max(0, objects.length - end);
  const more = left > 0 ? { continue: Buffer.from(`from ${end}`).toString('base64'), remainingItemCount: left } : {};
  const metadata = { resourceVersion: '1', ...more };
  if (tableAt !== null) return jsonAnswer(200, tableOf(page, tableAt, metadata));
  const apiVersion = kind.group === '' ? kind.version : `${kind.group}/${kind.version}`;
  return jsonAnswer(200, { kind: `${kind.kind}List`, apiVersion, metadata, items: isCustom(kind) ? page : page.map(bare) });
}

function startOf(token: string): number | null {
  if (token === '') return 0;
  const [, from] = /^from (\d+)$/.exec(Buffer.from(token, 'base64').toString('utf8')) ?? [];
  return from === undefined ? null : Number(from);
}

/** Custom resources, the Gateway API's included, come from CustomResourceDefinitions. */
const isCustom = ({ group }: ServedKind): boolean =>
  group === 'gateway.networking.k8s.io' || (group.includes('.') && !group.endsWith('.k8s.io'));

/** Items of built-in lists carry neither apiVersion nor kind: the types of k8s.io/api are encoded without their TypeMeta. */
function bare({ apiVersion: _apiVersion, kind: _kind, ...object }: KubeObject): unknown {
  return object;
}

/** A recorded refusal, told again as an API server would cause it. */
export function refusalAnswer(refusal: Refusal, attempt: Attempt): Answer {
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
