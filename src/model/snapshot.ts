import type { Options } from './fact.ts';
import { asksMetadataOnly } from './metadata-only.ts';
import type { Endpoint, Fault, Kind, KubeObject, ReadReason, Request, Scope, Source, Via } from './source.ts';

/** A ReadError as data. */
export interface Refusal {
  readonly reason: ReadReason;
  readonly what: string;
  readonly message: string;
  readonly needs: string | null;
  /** Set when the endpoint itself is at fault. */
  readonly fault: Fault | null;
}

/** What the API server said when it was asked for all objects of a kind within a scope. */
export interface RecordedList {
  readonly kind: Kind;
  readonly scope: Scope;
  readonly answer:
    | { readonly status: 'objects'; readonly objects: readonly KubeObject[] }
    | { readonly status: 'refused'; readonly refusal: Refusal };
}

/** The part of a request that makes it another question: without parameters that only say when, and without credentials. */
export interface Question {
  readonly path: string;
  /** Sorted. */
  readonly query: readonly (readonly [name: string, value: string])[];
  readonly accept: string | null;
  /** What of a log was to be kept; absent: no log was asked for. */
  readonly keep?: readonly string[];
}

export type RecordedBody = { readonly text: string } | { readonly base64: string };

export interface RecordedReply {
  readonly status: 'reply';
  readonly code: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: RecordedBody;
  /** The trouble that ended the body early. */
  readonly cut: Refusal | null;
  readonly via: Via;
}

/** What an endpoint answered to one request. */
export interface RecordedGet {
  readonly endpoint: Endpoint;
  readonly question: Question;
  readonly answer: RecordedReply | { readonly status: 'refused'; readonly refusal: Refusal };
}

/** The answers and refusals to exactly the questions that were asked, at one moment. */
export interface Snapshot {
  readonly format: 1;
  readonly origin: Source['origin'];
  /** The API server's clock, ISO 8601. */
  readonly now: string;
  /** The API server's version, "v1.34.2"; null when nobody asked. */
  readonly server: string | null;
  readonly requests: Source['requests'];
  readonly lists: readonly RecordedList[];
  readonly gets: readonly RecordedGet[];
}

/** A scenario: a healthy cluster plus one change, what must be said of it, and its recording. */
export interface World {
  readonly name: string;
  readonly title: string;
  /** The id of the check that it breaks; null for a healthy one. */
  readonly breaks: string | null;
  readonly expect: Expectation;
  /** The version of Prometheus that answered: "2.42", "2.55", "3.16". */
  readonly prometheus: string;
  /** What doctor was told by flags when it was recorded; tokens are those of emulated servers. Absent: nothing. */
  readonly options?: Partial<Options>;
  readonly snapshot: Snapshot;
}

export interface Expectation {
  readonly exitCode: number;
  readonly brokenAt: string | null;
  /** Ids of failures that only follow from it. */
  readonly consequences: readonly string[];
  /** Whatever else a test wants to assert. */
  readonly [more: string]: unknown;
}

const whenOnly: ReadonlySet<string> = new Set(['time', 'start', 'end']);

/** What of a request is recorded. */
export function questionOf(request: Request): Question {
  const query = (request.query ?? []).filter(([name]) => !whenOnly.has(name)).toSorted(byNameAndValue);
  const accept = Object.entries(request.headers ?? {}).find(([name]) => name.toLowerCase() === 'accept')?.[1] ?? null;
  return { path: request.path, query, accept, ...(request.keep === undefined ? {} : { keep: request.keep }) };
}

function byNameAndValue(a: readonly [string, string], b: readonly [string, string]): number {
  return compare(a[0], b[0]) || compare(a[1], b[1]);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Equal for equal listings. */
export function listKey(kind: Pick<Kind, 'group' | 'resource'>, scope: Scope = {}): string {
  const part = asksMetadataOnly(kind, scope) ? ['metadata'] : [];
  return JSON.stringify([kind.group, kind.resource, scope.namespace ?? null, scope.labelSelector ?? null, ...part]);
}

/** Equal for the same question to the same endpoint. */
export function getKey(endpoint: Endpoint, question: Question): string {
  const lines = endpoint.at === 'logs' ? [endpoint.tailLines, question.keep ?? []] : [];
  return JSON.stringify([endpointName(endpoint), question.path, question.query, question.accept, ...lines]);
}

/** "pod ns/name:1064", "service ns/name:web", "logs ns/name/container" or the URL without credentials. */
export function endpointName(endpoint: Endpoint): string {
  const scheme = 'scheme' in endpoint && endpoint.scheme === 'https' ? 'https ' : '';
  switch (endpoint.at) {
    case 'pod':
      return `${scheme}pod ${endpoint.namespace}/${endpoint.pod}:${endpoint.port}`;
    case 'service':
      return `${scheme}service ${endpoint.namespace}/${endpoint.service}:${endpoint.port}`;
    case 'url':
      return endpoint.url.replace(/^([a-z]+:\/\/)[^/@]*@/i, '$1');
    case 'logs':
      return `logs ${endpoint.namespace}/${endpoint.pod}/${endpoint.container}`;
  }
}

/** "pods", "podmonitors.monitoring.coreos.com", as RBAC and kubectl name a kind. */
export function resourceName(kind: Pick<Kind, 'group' | 'resource'>): string {
  return kind.group === '' ? kind.resource : `${kind.resource}.${kind.group}`;
}

/** The order in which a snapshot keeps what it holds, so that the same recording is the same file. */
export function inOrder(snapshot: Snapshot): Snapshot {
  return {
    ...snapshot,
    lists: snapshot.lists.toSorted((a, b) => compare(listKey(a.kind, a.scope), listKey(b.kind, b.scope))),
    gets: snapshot.gets.toSorted((a, b) => compare(getKey(a.endpoint, a.question), getKey(b.endpoint, b.question))),
  };
}
