import { setMaxListeners } from 'node:events';
import { type Kind, type KubeObject, ReadError, type Scope, type Source, type Via } from '../model/source.ts';
import { record, text } from '../parse/fields.ts';
import { type Api, type ApiOptions, openApi, type RequestEvent } from './api.ts';
import type { Connection } from './connection.ts';
import { discovery } from './discovery.ts';
import { questionOf } from './endpoint.ts';
import { listObjects } from './listing.ts';
import { podAddresses } from './pod-addresses.ts';
import { podLog } from './pod-log.ts';
import { openPods, type Pods, type ViaChoice } from './pods.ts';
import { openRelay } from './proxied.ts';
import { proxyFromEnvironment } from './proxy.ts';
import { documentOf, refusal } from './refusal.ts';
import { openUrls } from './urls.ts';
import { WayClosed } from './way-closed.ts';

export interface ClusterOptions {
  /** For one request, its body included; 0 for none. */
  readonly requestTimeoutMs: number;
  readonly via: ViaChoice;
  /** Of tokmeter, for the User-Agent. */
  readonly version: string;
  /** Ends everything under way; a ReadError as its reason is what callers see, else `interrupted`. */
  readonly signal?: AbortSignal;
  readonly onRequest?: (event: RequestEvent) => void;
  /** The proxy for a URL outside the cluster; absent: as HTTPS_PROXY and NO_PROXY say. */
  readonly proxyFor?: (url: URL) => URL | null;
  readonly originKind?: 'cluster' | 'demo';
  /** How the cluster is called; absent: its context or its address. */
  readonly name?: string;
}

/** A live cluster. */
export interface Cluster extends Source {
  /** "v1.34.1"; null when the API server does not say. */
  readonly serverVersion: string | null;
  /** How many pod ports were reached in which way. */
  readonly viaCounts: Readonly<Record<Via, number>>;
  /** Ends every connection at once. */
  close(): Promise<void>;
}

/** Opens a cluster with one request, which tells its version and the time. Throws ReadError when it does not answer. */
export async function openCluster(connection: Connection, options: ClusterOptions): Promise<Cluster> {
  const ending = endingWith(options.signal);
  const wire: ApiOptions = {
    connection,
    requestTimeoutMs: options.requestTimeoutMs,
    userAgent: `tokmeter/${options.version}`,
    signal: ending.signal,
    onRequest: options.onRequest ?? (() => {}),
  };
  const api = openApi(wire);
  try {
    const serverVersion = await versionOf(api);
    return cluster({ api, wire, options, serverVersion, now: api.date() ?? new Date(), end: ending.end });
  } catch (error) {
    ending.end();
    api.destroy(closed());
    throw error;
  }
}

interface Parts {
  readonly api: Api;
  readonly wire: ApiOptions;
  readonly options: ClusterOptions;
  readonly serverVersion: string | null;
  readonly now: Date;
  readonly end: () => void;
}

function cluster({ api, wire, options, serverVersion, now, end }: Parts): Cluster {
  const served = discovery(api);
  const addresses = podAddresses(api);
  const relay = openRelay(api, wire);
  const pods = openPods(api, relay, { ...wire, via: options.via, serverVersion: minorOf(serverVersion), addressOf: addresses.of });
  const urls = openUrls({ ...wire, proxyFor: options.proxyFor ?? proxyOfEnvironment });
  let prometheus = 0;

  const list = async (kind: Kind, scope: Scope = {}): Promise<readonly KubeObject[]> => {
    const objects = await listObjects(api, kind, await served.version(kind), scope);
    if (kind.group === '' && kind.resource === 'pods') addresses.remember(objects);
    return objects;
  };
  const get: Source['get'] = async (endpoint, request) => {
    if (request.peer === 'prometheus') prometheus += 1;
    switch (endpoint.at) {
      case 'pod':
        return pods.get(endpoint, request);
      case 'service':
        return relay.get(endpoint, questionOf(endpoint, request, wire.userAgent)).catch(unwrapped);
      case 'url':
        return urls.get(endpoint, request);
      case 'logs':
        return podLog(api, endpoint, request);
    }
  };
  return {
    origin: { kind: options.originKind ?? 'cluster', name: options.name ?? wire.connection.context ?? wire.connection.server.host },
    now,
    serverVersion,
    get requests() {
      return { kubernetes: api.count(), tunnels: pods.count(), prometheus };
    },
    get viaCounts() {
      return countsOf(pods);
    },
    list,
    get,
    close: async () => {
      end();
      for (const part of [pods, relay, urls, api]) part.destroy(closed());
    },
  };
}

/** There is one way to a service only. */
function unwrapped(error: unknown): never {
  throw error instanceof WayClosed ? error.error : error;
}

function proxyOfEnvironment(url: URL): URL | null {
  return proxyFromEnvironment(url, process.env);
}

function closed(): ReadError {
  return new ReadError('interrupted', 'read the cluster', 'the connection to the cluster was closed');
}

/** A signal that follows the caller's and ends with the cluster; waiting requests are many, which is no leak. */
function endingWith(outer: AbortSignal | undefined): { readonly signal: AbortSignal; end(): void } {
  const controller = new AbortController();
  setMaxListeners(0, controller.signal);
  const follow = () => controller.abort(outer?.reason);
  if (outer?.aborted) follow();
  outer?.addEventListener('abort', follow, { once: true });
  return {
    signal: controller.signal,
    end: () => {
      outer?.removeEventListener('abort', follow);
      controller.abort(closed());
    },
  };
}

/** /version is open to everyone who may log in (system:public-info-viewer); a cluster that keeps it to itself can still be read. */
async function versionOf(api: Api): Promise<string | null> {
  const what = 'get /version';
  const answer = await api.read({ what, path: '/version', own: true });
  if (answer.status === 200) return text(record(documentOf(api.name, what, answer)).gitVersion);
  const error = refusal(api.name, what, answer, { verbs: ['get'], resource: '/version', namespace: null });
  if (error.reason === 'forbidden' && answer.status === 403) return null;
  throw error.reason === 'absent'
    ? new ReadError('malformed', what, `${api.name} answered 404 to /version: no API server is there`)
    : error;
}

function minorOf(version: string | null): { readonly major: number; readonly minor: number } | null {
  const [, major, minor] = /^v(\d+)\.(\d+)/.exec(version ?? '') ?? [];
  return major === undefined || minor === undefined ? null : { major: Number(major), minor: Number(minor) };
}

function countsOf({ ways }: Pods): Readonly<Record<Via, number>> {
  const counts = { 'port-forward': 0, proxy: 0, direct: 0 };
  for (const via of ways.values()) counts[via] += 1;
  return counts;
}
