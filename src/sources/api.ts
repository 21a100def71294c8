import { ReadError } from '../model/source.ts';
import { basePath, codeOf, lowerCase, onceMore } from './address.ts';
import { type ApiConnections, apiConnections, apiTrouble } from './api-connections.ts';
import type { Connection, Credentials } from './connection.ts';
import { type Deadline, orAborted, sleep, startDeadline } from './deadline.ts';
import { decodedBody, wholeText } from './decoded.ts';
import type { Answer } from './http.ts';
import { type Held, type Renewal, renewal } from './renewal.ts';
import { retryDelay } from './retry.ts';

/** Something that happened on the wire, for -v. */
export interface RequestEvent {
  readonly what: string;
  readonly ms: number;
  /** HTTP status, or the code of an error. */
  readonly status: number | string;
}

export interface ApiOptions {
  readonly connection: Connection;
  readonly requestTimeoutMs: number;
  readonly userAgent: string;
  /** Ends whatever is under way. */
  readonly signal: AbortSignal;
  readonly onRequest: (event: RequestEvent) => void;
}

/** A request to the API server. */
export interface ApiRequest {
  /** "list podmonitors.monitoring.coreos.com". */
  readonly what: string;
  /** Path and query below the server's address. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Whether the API server itself answers: such requests are counted, and its 429 and 5xx are worth another try. */
  readonly own: boolean;
}

/** An answer read to its end. */
export interface ApiDocument {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

/** GETs to one API server over a few kept connections, with credentials, retries and a time limit. */
export interface Api {
  /** "https://10.0.0.1:6443". */
  readonly name: string;
  /** The Date of the first answer. */
  readonly date: () => Date | null;
  /** Requests that the API server itself answered. */
  readonly count: () => number;
  /** The headers are there; the body is still to be read, within the same deadline. */
  send(request: ApiRequest, deadline: Deadline): Promise<Answer>;
  read(request: ApiRequest): Promise<ApiDocument>;
  /** Credentials for an upgrade. */
  readonly credentials: Renewal;
  destroy(error: Error): void;
}

const maxRetries = 3;

export function openApi(options: ApiOptions): Api {
  const credentials = renewal(options.connection);
  const wire: Wire = { options, credentials, connections: apiConnections(options, credentials), count: 0, date: null };
  return {
    name: options.connection.server.origin,
    date: () => wire.date,
    count: () => wire.count,
    send: (request, deadline) => send(wire, request, deadline),
    read: (request) => read(wire, request),
    credentials,
    destroy: wire.connections.destroy,
  };
}

interface Wire {
  readonly options: ApiOptions;
  readonly credentials: Renewal;
  readonly connections: ApiConnections;
  count: number;
  date: Date | null;
}

async function read(wire: Wire, request: ApiRequest): Promise<ApiDocument> {
  const { connection, requestTimeoutMs, signal } = wire.options;
  const { what } = request;
  const from = connection.server.origin;
  const deadline = startDeadline(requestTimeoutMs, signal, what, () => lateAnswer(from, what, requestTimeoutMs));
  try {
    const answer = await send(wire, request, deadline);
    const body = decodedBody(answer, { what, from, deadline, done: () => {}, blame: false });
    return { status: answer.status, headers: answer.headers, text: await wholeText(body) };
  } finally {
    deadline.end();
  }
}

/** Renews refused credentials once, and asks an overloaded server again while there is time. */
async function send(wire: Wire, request: ApiRequest, deadline: Deadline): Promise<Answer> {
  let held = await credentialsOf(wire, deadline);
  for (let retries = 0, renewed = false; ; ) {
    const answer = await once(wire, request, held, deadline);
    if (answer.status === 401 && !renewed) {
      renewed = true;
      answer.body.on('error', () => {}).resume();
      held = await credentialsOf(wire, deadline, held);
      continue;
    }
    const delay = request.own && retries < maxRetries ? retryDelay(answer, retries) : null;
    if (delay === null || delay >= deadline.left()) return answer;
    retries += 1;
    answer.body.on('error', () => {}).resume();
    await sleep(delay, deadline.signal);
  }
}

/** Someone may be logging in with a browser meanwhile: that is no slow answer. */
async function credentialsOf({ credentials }: Wire, deadline: Deadline, refused?: Held): Promise<Held> {
  deadline.pause();
  const held = await orAborted(credentials(refused), deadline.signal);
  deadline.resume();
  return held;
}

async function once(wire: Wire, request: ApiRequest, { credentials }: Held, deadline: Deadline): Promise<Answer> {
  const { connection, onRequest } = wire.options;
  const started = performance.now();
  const report = (status: number | string) => onRequest({ what: request.what, ms: performance.now() - started, status });
  const pool = wire.connections.current(credentials);
  const path = basePath(connection.server) + request.path;
  if (request.own) wire.count += 1;
  try {
    const answer = await onceMore(() => pool.get(path, headersOf(request, credentials, wire.options), deadline.signal));
    wire.date ??= dateOf(answer);
    report(answer.status);
    return answer;
  } catch (error) {
    report(codeOf(error));
    throw apiTrouble(error, connection.server, request.what, deadline);
  }
}

function lateAnswer(name: string, what: string, limitMs: number): ReadError {
  return new ReadError('timeout', what, `${name} did not answer within ${limitMs / 1000} s when asked to ${what}`);
}

function headersOf(request: ApiRequest, credentials: Credentials, { userAgent }: ApiOptions): string[] {
  const own = { 'user-agent': userAgent, accept: 'application/json', 'accept-encoding': 'gzip', ...lowerCase(request.headers ?? {}) };
  return [...Object.entries(own).flat(), ...credentials.headers.flat()];
}

function dateOf({ headers }: Answer): Date | null {
  const date = new Date(headers.date ?? '');
  return Number.isNaN(date.getTime()) ? null : date;
}
