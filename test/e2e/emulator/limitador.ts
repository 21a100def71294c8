import type { IncomingMessage, ServerResponse } from 'node:http';
import { limitadorPage } from './limitador-page.ts';
import { type Listening, listening } from './listening.ts';

/** Requests of one caller to one route that go on arriving. */
export interface TokenFlow {
  /** "ROUTE-NAMESPACE/ROUTE": becomes limitador_namespace. */
  readonly namespace: string;
  /** Name of the limit that applies: becomes limit_name of refused calls when telemetry is exhaustive. */
  readonly limit?: string;
  /** What a TelemetryPolicy's expressions gave, by their names as written: "user", "cost.center". Missing: no value; "": an empty one. */
  readonly labels: Readonly<Record<string, string>>;
  /** Tokens of one answer; 0 counts as 1; null: no usage was found in it, so there are calls and no hits. */
  readonly tokens: number | null;
  /** Requests before it started, and per second since. */
  readonly before: number;
  readonly perSecond: number;
  /** As many requests more that were refused. */
  readonly limited?: { readonly before: number; readonly perSecond: number };
  /** A RateLimitPolicy is on the route as well: each request adds a call and a hit more. */
  readonly rateLimited?: boolean;
}

/** An entry of its limits file. */
export interface Limit {
  readonly namespace: string;
  readonly max_value: number;
  readonly seconds: number;
  readonly name: string | null;
  readonly conditions: readonly string[];
  readonly variables: readonly string[];
}

/** What a Limitador has seen and how it was started. */
export interface Limitador {
  readonly flows: readonly TokenFlow[];
  readonly limits?: readonly Limit[];
  /** Started without --metric-labels-default: no label but limitador_namespace. */
  readonly unlabelled?: boolean;
  /** --limit-name-in-labels. */
  readonly exhaustive?: boolean;
  /** It lost its datastore. */
  readonly partitioned?: boolean;
  /** "reset": the connection ends at once, as behind strict mTLS. */
  readonly trouble?: 'reset' | 'http-500' | 'truncated';
}

/**
 * Limitador's HTTP port on a pod's own loopback address, with counters that rise: answers as recorded from 2.4.0-dev, in the fixed order of
 * the recording's families (the real order is another one each time). Port 8080: Kuadrant/limitador-operator, api/v1alpha1/limitador_types.go.
 */
export async function startLimitador(address: string, limitador: Limitador, port = 8080): Promise<Listening> {
  const start = new Date();
  return listening((request, response) => respond(request, response, limitador, start), address, port);
}

function respond(request: IncomingMessage, response: ServerResponse, limitador: Limitador, start: Date): unknown {
  if (limitador.trouble === 'reset') return request.socket.destroy();
  const path = (request.url ?? '/').split('?')[0] ?? '/';
  const [, what, encoded, ...more] = path.split('/');
  if (request.method !== 'GET' || more.length > 0) return notFound(response);
  const seconds = (Date.now() - start.getTime()) / 1000;
  if (path === '/metrics') return metrics(response, limitador, seconds);
  if (path === '/status') return json(response, status(start));
  const namespace = decodeURIComponent(encoded ?? '');
  if (namespace === '' || (what !== 'limits' && what !== 'counters')) return notFound(response);
  const limits = (limitador.limits ?? []).filter((limit) => limit.namespace === namespace);
  return json(response, what === 'limits' ? limits.map(limitOf) : limits.flatMap((limit) => countersOf(limit, limitador.flows, seconds)));
}

function metrics(response: ServerResponse, limitador: Limitador, seconds: number): void {
  if (limitador.trouble === 'http-500') return void response.writeHead(500, { 'content-length': 0 }).end();
  const page = Buffer.from(limitadorPage(limitador, seconds));
  response.writeHead(200, { 'content-length': page.length, 'content-type': 'text/plain; charset=utf-8' });
  if (limitador.trouble !== 'truncated') return void response.end(page);
  response.write(page.subarray(0, Math.floor(page.length * 0.6)), () => response.destroy());
}

function status(start: Date): object {
  const at = `${start.toISOString().replace('Z', '')}000000`;
  return { started_at: at, config_applied_at: at, config_version: 0, config_err_since: 0 };
}

function limitOf({ namespace, max_value, seconds, name, conditions, variables }: Limit): object {
  return { id: null, namespace, max_value, seconds, name, conditions, variables };
}

/** What is left of the window to each caller, told by the first of its labels. */
function countersOf(limit: Limit, flows: readonly TokenFlow[], seconds: number): readonly object[] {
  const [variable] = limit.variables;
  const own = flows.filter(
    (flow) => flow.namespace === limit.namespace && flow.limit === limit.name && flow.before + flow.perSecond * seconds >= 1,
  );
  return own.map((flow) => ({
    limit: limitOf(limit),
    set_variables: variable === undefined ? {} : { [variable]: Object.values(flow.labels)[0] ?? '' },
    remaining: Math.max(0, Math.floor(limit.max_value - (flow.tokens ?? 0) * flow.perSecond * limit.seconds)),
    expires_in_seconds: limit.seconds - 1,
  }));
}

function json(response: ServerResponse, value: unknown): void {
  const body = Buffer.from(JSON.stringify(value));
  response.writeHead(200, { 'content-length': body.length, 'content-type': 'application/json' }).end(body);
}

/** Whatever it does not know, and every other method: empty. */
function notFound(response: ServerResponse): void {
  response.writeHead(404, { 'content-length': 0 }).end();
}
