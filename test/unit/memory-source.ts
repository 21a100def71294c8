import { asAsked } from '../../src/model/metadata-only.ts';
import {
  type Endpoint,
  type Fault,
  type Kind,
  type KubeObject,
  ReadError,
  type Reply,
  type Request,
  type Scope,
  type Source,
} from '../../src/model/source.ts';
import { keptOfLog } from '../../src/parse/log-lines.ts';

/** What an endpoint answers: a body with status 200 and a text content type, or all of it, or an error. */
export type Answer =
  | string
  | { readonly status?: number; readonly headers?: Readonly<Record<string, string>>; readonly body: string }
  | ReadError;

/** A small cluster held in memory. */
export interface Memory {
  readonly objects?: readonly KubeObject[];
  /** By "NAMESPACE/POD:PORT/PATH", "NAMESPACE/SERVICE:PORT/PATH", the whole URL or "logs NAMESPACE/POD/CONTAINER"; a function sees the request. */
  readonly endpoints?: Readonly<Record<string, Answer | ((request: Request) => Answer)>>;
  /** Kinds by plural resource that are not served (absent) or refused. */
  readonly refused?: Readonly<Record<string, 'absent' | 'forbidden' | 'timeout' | 'unreachable'>>;
  readonly now?: string;
}

/** A Source over objects and answers, with a log of what was asked. Kinds without objects are served and empty. */
export function memorySource(memory: Memory): Source & { readonly log: readonly string[] } {
  const log: string[] = [];
  const requests = { kubernetes: 0, tunnels: 0, prometheus: 0 };
  return {
    origin: { kind: 'demo', name: 'memory' },
    now: new Date(memory.now ?? '2026-11-24T12:00:00Z'),
    requests,
    log,
    list: async (kind, scope = {}) => {
      requests.kubernetes += 1;
      log.push(`list ${[kind.resource, scope.namespace, scope.labelSelector].filter(Boolean).join(' ')}`);
      return listed(memory, kind, scope);
    },
    get: async (endpoint, request) => {
      log.push(`get ${nameOf(endpoint)}${request.path}`);
      if (request.peer === 'prometheus') requests.prometheus += 1;
      else requests.tunnels += 1;
      return replied(memory, endpoint, request);
    },
  };
}

/** The error of an endpoint that is itself at fault. */
export function faulty(fault: Fault, message: string = fault): ReadError {
  const reason = ({ refused: 'unreachable', slow: 'timeout', truncated: 'malformed', 'not-http': 'malformed' } as const)[fault];
  return new ReadError(reason, 'get /metrics', message, { fault });
}

function listed(memory: Memory, kind: Kind, scope: Scope): readonly KubeObject[] {
  const group = kind.group === '' ? '' : `.${kind.group}`;
  const what = `list ${kind.resource}${group}`;
  const reason = memory.refused?.[kind.resource];
  if (reason !== undefined)
    throw new ReadError(reason, what, `${kind.resource}${group}: ${reason}`, { needs: `${what} in all namespaces` });
  return asAsked(kind, scope, memory.objects ?? [])
    .filter((object) => object.kind === kind.kind && (kind.group === '' || object.apiVersion.startsWith(`${kind.group}/`)))
    .filter((object) => scope.namespace === undefined || object.metadata.namespace === scope.namespace)
    .filter((object) => selected(object.metadata.labels ?? {}, scope.labelSelector));
}

/** Equality terms only: what facts ask with. */
function selected(labels: Readonly<Record<string, string>>, selector = ''): boolean {
  return selector
    .split(',')
    .filter((term) => term !== '')
    .every((term) => {
      const [, key = '', operator, value = ''] = /^([^=!]+)(!=|==?)?(.*)$/.exec(term) ?? [];
      if (operator === undefined) return key in labels;
      return operator === '!=' ? labels[key] !== value : labels[key] === value;
    });
}

function nameOf(endpoint: Endpoint): string {
  if (endpoint.at === 'pod') return `${endpoint.namespace}/${endpoint.pod}:${endpoint.port}`;
  if (endpoint.at === 'logs') return `logs ${endpoint.namespace}/${endpoint.pod}/${endpoint.container}`;
  return endpoint.at === 'service' ? `${endpoint.namespace}/${endpoint.service}:${endpoint.port}` : endpoint.url;
}

function replied(memory: Memory, endpoint: Endpoint, request: Request): Reply {
  const name = endpoint.at === 'logs' ? nameOf(endpoint) : `${nameOf(endpoint)}${request.path}`;
  const found = memory.endpoints?.[name];
  const answer = typeof found === 'function' ? found(request) : (found ?? faulty('refused', `connection refused: ${name}`));
  if (answer instanceof ReadError) throw answer;
  const { status = 200, headers = {}, body } = typeof answer === 'string' ? { body: answer } : answer;
  const type = { 'content-type': 'text/plain; version=0.0.4; charset=utf-8; escaping=allow-utf-8' };
  const said = endpoint.at === 'logs' ? keptOfLog(body, request.keep ?? []) : body;
  return { status, headers: { ...type, ...headers }, body: chunks(said), via: 'port-forward' };
}

/** In pieces, so that whoever reads has to join them. */
async function* chunks(body: string): AsyncIterable<Uint8Array> {
  const bytes = new TextEncoder().encode(body);
  for (let start = 0; start < bytes.length; start += 1000) yield bytes.subarray(start, start + 1000);
}
