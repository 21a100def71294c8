import { type Endpoint, ReadError, type Reply, type Request, type Via } from '../model/source.ts';
import { codeOf, isNoHttp, lowerCase, queryText } from './address.ts';
import type { Deadline } from './deadline.ts';
import { type Body, decodedBody } from './decoded.ts';
import type { Answer } from './http.ts';
import { TunnelError } from './tunnel-error.ts';

/** What a get is about, for its errors. */
export interface Question {
  /** "get /metrics from port 1064 of pod ns/name". */
  readonly what: string;
  /** "port 1064 of pod ns/name". */
  readonly from: string;
  /** Path and query. */
  readonly path: string;
  /** As a flat list, user-agent and accept-encoding included. */
  readonly headers: readonly string[];
}

/** An endpoint, for a sentence. */
export function placeOf(endpoint: Endpoint): string {
  switch (endpoint.at) {
    case 'pod':
      return `port ${endpoint.port} of pod ${endpoint.namespace}/${endpoint.pod}`;
    case 'service':
      return `port ${endpoint.port} of service ${endpoint.namespace}/${endpoint.service}`;
    case 'url':
      return bareUrl(endpoint.url);
    case 'logs':
      return `the log of container ${endpoint.container} of pod ${endpoint.namespace}/${endpoint.pod}`;
  }
}

/** A URL without the password that may stand in it. */
export function bareUrl(text: string): string {
  if (!URL.canParse(text)) return text;
  const url = new URL(text);
  url.username = '';
  url.password = '';
  return url.href.replace(/\/$/, '');
}

export function questionOf(endpoint: Endpoint, request: Request, userAgent: string): Question {
  const from = placeOf(endpoint);
  const headers = { 'user-agent': userAgent, accept: '*/*', ...lowerCase(request.headers ?? {}), 'accept-encoding': 'gzip' };
  const path = request.path + queryText(request.query ?? []);
  return { what: `get ${request.path} from ${from}`, from, path, headers: Object.entries(headers).flat() };
}

/** The answer as the outside sees it; `done` is called when its body is over. */
export function replyOf(
  answer: Answer,
  question: Question,
  deadline: Deadline,
  via: Via,
  done: () => void,
): Reply & { readonly body: Body } {
  const trouble = (error: unknown) => lostOnTheWay(error, question);
  const body = decodedBody(answer, { what: question.what, from: question.from, deadline, done, blame: true, trouble });
  return { status: answer.status, headers: decodedHeaders(answer.headers), body, via };
}

/** The headers that hold for the gunzipped body. */
function decodedHeaders(headers: Answer['headers']): Answer['headers'] {
  if (headers['content-encoding'] === undefined) return headers;
  const { 'content-encoding': _, 'content-length': __, ...rest } = headers;
  return rest;
}

function lostOnTheWay(error: unknown, { what, from }: Question): ReadError | null {
  if (!(error instanceof TunnelError) || error.problem === 'reset') return null;
  return new ReadError('unreachable', what, `the tunnel to ${from} broke off: ${error.said}`, { cause: error });
}

/** What an error before the headers means, when the connection had been made. */
export function answerTrouble(error: unknown, { what, from }: Question, deadline: Deadline): ReadError {
  if (deadline.signal.aborted && deadline.signal.reason instanceof ReadError) return deadline.signal.reason;
  if (error instanceof ReadError) return new ReadError(error.reason, what, error.message, { cause: error, ...faultOf(error) });
  if (error instanceof TunnelError) return tunnelTrouble(error, what, from);
  const code = codeOf(error);
  if (isNoHttp(error)) return new ReadError('malformed', what, `${from} does not answer in HTTP/1.1`, { cause: error, fault: 'not-http' });
  if (code === 'UND_ERR_SOCKET' || code === 'ECONNRESET' || code === 'EPIPE')
    return new ReadError('malformed', what, `${from} closed the connection without an answer`, { cause: error, fault: 'truncated' });
  const said = error instanceof Error ? error.message : String(error);
  return new ReadError('unreachable', what, `${from} cannot be read: ${said}`, { cause: error });
}

function faultOf({ fault, needs }: ReadError) {
  return { ...(fault === null ? {} : { fault }), ...(needs === null ? {} : { needs }) };
}

function tunnelTrouble(error: TunnelError, what: string, from: string): ReadError {
  switch (error.problem) {
    case 'refused':
      return refusedPort(what, from, error);
    case 'reset':
      return new ReadError('malformed', what, `${from} reset the connection without an answer`, { cause: error, fault: 'truncated' });
    case 'gone':
      return new ReadError('unreachable', what, `${from} cannot be reached any more: ${error.said}`, { cause: error });
    case 'lost':
      return new ReadError('unreachable', what, `the tunnel to ${from} broke off: ${error.said}`, { cause: error });
  }
}

export function refusedPort(what: string, from: string, cause: unknown, dialler = ''): ReadError {
  return new ReadError('unreachable', what, `${from} refused the connection${dialler}: nothing listens there`, { cause, fault: 'refused' });
}

/** The error of an answer that did not come in time: the endpoint's fault only when it could be reached. */
export function lateReply({ what, from }: Question, limitMs: number, reached: boolean): ReadError {
  const seconds = limitMs / 1000;
  if (!reached) return new ReadError('timeout', what, `${from} could not be reached within ${seconds} s`);
  return new ReadError('timeout', what, `${from} did not answer in full within ${seconds} s`, { fault: 'slow' });
}
