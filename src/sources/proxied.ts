import { type Endpoint, ReadError, type Reply } from '../model/source.ts';
import { codeOf } from './address.ts';
import type { Api, ApiOptions } from './api.ts';
import { type Deadline, startDeadline } from './deadline.ts';
import { type Body, beginningOf } from './decoded.ts';
import { lateReply, type Question, refusedPort, replyOf } from './endpoint.ts';
import { gate } from './gate.ts';
import type { Answer } from './http.ts';
import { forbidden, type KubeStatus, statusOf } from './status.ts';
import { WayClosed } from './way-closed.ts';

type Proxied = Extract<Endpoint, { at: 'pod' | 'service' }>;

// Removed or replaced by the API server: apimachinery/pkg/util/proxy. Authorization is the API server's own.
const own = ['authorization', 'user-agent', 'accept-encoding'];

/** The API server as a relay: some of its connections, so that its own answers need not wait. */
export interface Relay {
  /** A GET that the API server relays. Throws WayClosed when the proxy, not the endpoint, is the trouble. */
  get(endpoint: Proxied, question: Question): Promise<Reply>;
  destroy(error: Error): void;
}

const size = 4;

export function openRelay(api: Api, { requestTimeoutMs, signal }: ApiOptions): Relay {
  const turns = gate(size);
  return {
    destroy: turns.shut,
    get: async (endpoint, question) => {
      const leave = await turns.enter();
      let reached = false;
      const late = () => lateReply(question, requestTimeoutMs, reached);
      const deadline = startDeadline(requestTimeoutMs, signal, question.what, late);
      try {
        const answer = await ask(api, endpoint, question, deadline);
        // Until then the API server may still be dialling in vain.
        reached = true;
        return await told(answer, endpoint, question, replyOf(answer, question, deadline, 'proxy', leave));
      } catch (error) {
        deadline.end();
        leave();
        throw error;
      }
    },
  };
}

async function ask(api: Api, endpoint: Proxied, question: Question, deadline: Deadline): Promise<Answer> {
  const path = proxyPath(endpoint) + question.path;
  const request = { what: question.what, path, headers: endpointHeaders(question), own: false };
  return api.send(request, deadline).catch((error) => Promise.reject(brokenOff(error, question)));
}

/** The endpoint's answer, told from a Status of the API server. */
async function told(answer: Answer, endpoint: Proxied, question: Question, reply: Reply & { readonly body: Body }): Promise<Reply> {
  if (answer.status < 400) return reply;
  const text = await beginningOf(reply.body);
  const status = statusOf(text);
  // An empty 403 is the API server's way to refuse; everything else without a Status is the endpoint's.
  if (status === null && (answer.status !== 403 || text !== '')) return { ...reply, body: oneChunk(text) };
  throw proxyTrouble(answer, status, endpoint, question);
}

/** Go's ReverseProxy aborts its own connection when the endpoint cuts its answer short: net/http/httputil, ErrAbortHandler. */
function brokenOff(error: unknown, { what, from }: Question): unknown {
  if (!(error instanceof ReadError) || codeOf(error.cause) !== 'UND_ERR_SOCKET') return error;
  const message = `${from} cut its answer short: the API server, asked to relay it, closed the connection`;
  return new ReadError('malformed', what, message, { cause: error, fault: 'truncated' });
}

function proxyPath({ namespace, scheme, port, ...rest }: Proxied): string {
  const [resource, name] = rest.at === 'pod' ? ['pods', rest.pod] : ['services', rest.service];
  const target = `${scheme === 'https' ? 'https:' : ''}${name}:${port}`;
  return `/api/v1/namespaces/${encodeURIComponent(namespace)}/${resource}/${target}/proxy`;
}

function endpointHeaders({ headers }: Question): Record<string, string> {
  const pairs: [string, string][] = [];
  for (let at = 0; at + 1 < headers.length; at += 2) pairs.push([headers[at] ?? '', headers[at + 1] ?? '']);
  return Object.fromEntries(pairs.filter(([name]) => !own.includes(name)));
}

async function* oneChunk(text: string): AsyncIterable<Uint8Array> {
  if (text !== '') yield Buffer.from(text);
}

/** What a Status says that came instead of the endpoint's answer. */
function proxyTrouble(answer: Answer, status: KubeStatus | null, endpoint: Proxied, question: Question): Error {
  const { what, from } = question;
  const said = status?.message ?? '';
  const resource = endpoint.at === 'pod' ? 'pods/proxy' : 'services/proxy';
  if (answer.status === 401) return new ReadError('forbidden', what, 'the API server does not accept these credentials (401)');
  if (answer.status === 403)
    return new WayClosed(forbidden(what, { verbs: ['get'], resource, namespace: endpoint.namespace }, status), true);
  if (answer.status === 404) return new ReadError('unreachable', what, `${from} does not exist: ${said}`);
  // "error trying to reach service: dial tcp 10.0.0.7:1064: connect: connection refused", apimachinery/pkg/util/proxy/transport.go
  if (/connection refused/.test(said)) return refusedPort(what, from, undefined, ' of the API server');
  if (/: EOF$|unexpected EOF|reset by peer/.test(said))
    return new ReadError('malformed', what, `${from} closed the connection without an answer`, { fault: 'truncated' });
  if (/malformed HTTP|server gave HTTP response to HTTPS/.test(said))
    return new ReadError('malformed', what, `${from} does not answer in HTTP/1.1: ${said}`, { fault: 'not-http' });
  return new WayClosed(new ReadError('unreachable', what, `the API server cannot reach ${from}: ${said}`), false);
}
