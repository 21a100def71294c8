import type { IncomingMessage, ServerResponse } from 'node:http';
import { request } from 'undici';
import { type Listening, listening } from './listening.ts';
import { admitted } from './mimir-push.ts';
import { type Store, startStore } from './mimir-store.ts';

/** How a Mimir is configured. */
export interface Mimir {
  /** multitenancy_enabled; else every request is of tenant "anonymous", whatever its header says. */
  readonly multitenant: boolean;
  /** Answers 503 to /ready and to everything that reads or writes. */
  readonly trouble?: 'unready';
  /** What it says it is; one of before 2.14 has the engine of a Prometheus 2. Absent: 3.0.5. */
  readonly version?: string;
}

/**
 * Mimir's HTTP port on a pod's own loopback address: routes and refusals as recorded from 3.0.5, and behind them a real Prometheus for each
 * tenant that answers the queries and keeps what is pushed. It differs from the real one in this: remote write 2.0 is passed on unlooked-at,
 * a sample out of order is refused in Prometheus's words, and nothing is sharded, limited or kept longer than it runs. Port 8080: its default.
 */
export async function startMimir(address: string, mimir: Mimir, port = 8080): Promise<Listening> {
  const stores = new Map<string, Promise<Store>>();
  const storeOf = (tenant: string): Promise<Store> => {
    const store = stores.get(tenant) ?? startStore(isOld(mimir) ? '2.55' : '3.16');
    stores.set(tenant, store);
    return store;
  };
  await storeOf(anonymous);
  const answer = (incoming: IncomingMessage, response: ServerResponse): unknown =>
    respond(incoming, response, mimir, storeOf).catch((error: unknown) => text(response, 500, String(error)));
  const server = await listening(answer, address, port);
  return {
    port: server.port,
    stop: async () => {
      await server.stop();
      for (const store of stores.values()) await (await store).stop();
    },
  };
}

const isOld = ({ version = '3.0.5' }: Mimir): boolean => version.startsWith('2.');

const anonymous = 'anonymous';
const prefix = '/prometheus';

/** What is asked of the tenant's store as it is; everything else of Prometheus's API is not there. */
const asked = /^\/api\/v1\/(query|query_range|query_exemplars|labels|label\/[^/]+\/values|series|format_query)$/;

const rulesOf: Readonly<Record<string, object>> = { '/api/v1/rules': { groups: [] }, '/api/v1/alerts': { alerts: [] } };

async function respond(
  incoming: IncomingMessage,
  response: ServerResponse,
  { multitenant, trouble, version = '3.0.5' }: Mimir,
  storeOf: (tenant: string) => Promise<Store>,
): Promise<void> {
  const [path = '/'] = (incoming.url ?? '/').split('?');
  if (trouble === 'unready' && path !== '/') return text(response, 503, 'Ingester not ready: waiting for 15s after being ready');
  if (path === '/ready') return void response.writeHead(200, { 'content-type': 'text/plain' }).end('ready');
  if (path === '/') return void response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(root);
  const inner = path.startsWith(`${prefix}/`) ? path.slice(prefix.length) : null;
  if ((inner ?? path) === '/api/v1/status/buildinfo') return json(response, buildinfo(version));
  const push = path === '/api/v1/push' && incoming.method === 'POST';
  const told = inner !== null && (asked.test(inner) || inner in rulesOf || inner === '/api/v1/metadata');
  if (!push && !told) return text(response, 404, '404 page not found');
  const tenant = multitenant ? tenantOf(incoming.headers['x-scope-orgid']) : { id: anonymous };
  if ('refused' in tenant) return text(response, tenant.status, tenant.refused);
  const store = await storeOf(tenant.id);
  if (push) return pushed(incoming, response, store);
  if (inner === '/api/v1/metadata') return json(response, { status: 'success', data: {} });
  if (inner !== null && inner in rulesOf) return json(response, { status: 'success', data: rulesOf[inner], errorType: '', error: '' });
  return passed(incoming, response, `${store.url}${(incoming.url ?? '').slice(prefix.length)}`);
}

type Tenant = { readonly id: string } | { readonly status: number; readonly refused: string };

/** grafana/dskit tenant/tenant.go and user/http.go; one header with "a|b" is refused unless federation is on. */
function tenantOf(header: string | readonly string[] | undefined): Tenant {
  const value = typeof header === 'string' ? header : (header?.[0] ?? '');
  if (value === '') return { status: 401, refused: 'no org id' };
  const ids = [...new Set(value.split('|'))];
  for (const id of ids) {
    const odd = /[^a-zA-Z0-9!_.*'()-]/.exec(id)?.[0];
    if (odd !== undefined) return { status: 401, refused: `tenant ID '${id}' contains unsupported character '${odd}'` };
    if (id === '.' || id === '..') return { status: 401, refused: "tenant ID is '.' or '..'" };
  }
  if (ids.length > 1) return { status: 422, refused: `too many tenant IDs present in the request. max: 1 actual: ${ids.length}` };
  return { id: value };
}

async function pushed(incoming: IncomingMessage, response: ServerResponse, store: Store): Promise<void> {
  const { body, refused } = admitted(await whole(incoming), String(incoming.headers['content-type'] ?? ''));
  const names = ['content-type', 'content-encoding', 'user-agent', 'x-prometheus-remote-write-version'];
  const headers = Object.fromEntries(Object.entries(incoming.headers).filter(([name]) => names.includes(name)));
  const answer = await request(`${store.url}/api/v1/write`, { method: 'POST', headers, body });
  const said = await answer.body.text();
  if (answer.statusCode >= 300) return text(response, answer.statusCode, said.trimEnd());
  if (refused !== null) return text(response, 400, refused);
  response.writeHead(200, answer.headers as Record<string, string>).end();
}

async function passed(incoming: IncomingMessage, response: ServerResponse, url: string): Promise<void> {
  const { 'content-type': type } = incoming.headers;
  const method = incoming.method === 'POST' ? 'POST' : 'GET';
  const body = method === 'POST' ? await whole(incoming) : null;
  const answer = await request(url, { method, headers: type === undefined ? {} : { 'content-type': type }, body });
  response.writeHead(answer.statusCode, { 'content-type': 'application/json', vary: 'Accept-Encoding' });
  response.end(Buffer.from(await answer.body.arrayBuffer()));
}

async function whole(incoming: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of incoming) parts.push(part as Buffer);
  return Buffer.concat(parts);
}

/** net/http's http.Error. */
function text(response: ServerResponse, status: number, message: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', 'x-content-type-options': 'nosniff' }).end(`${message}\n`);
}

function json(response: ServerResponse, value: unknown): void {
  response.writeHead(200, { 'content-type': 'application/json', vary: 'Accept-Encoding' }).end(JSON.stringify(value));
}

const features = { ruler_config_api: 'true', alertmanager_config_api: 'true', query_sharding: 'false', federated_rules: 'false' };
const build = { application: 'Grafana Mimir', revision: 'unknown', branch: 'unknown', goVersion: 'go1.26.8' };
const buildinfo = (version: string): object => ({ status: 'success', data: { ...build, version, features } });

const root = `<!DOCTYPE html>
<html>
<head>
    <meta charset="UTF-8">
    <title>Grafana Mimir</title>
</head>
<body><h1>Grafana Mimir Admin</h1></body>
</html>
`;
