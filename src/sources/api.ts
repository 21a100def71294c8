import { ReadError } from '../model/source.ts';
import { basePath, codeOf, lowerCase, onceMore } from './address.ts';
import { apiConnections, apiTrouble } from './api-connections.ts';
import type { Connection, Credentials } from './connection.ts';
import { type Deadline, sleep, startDeadline } from './deadline.ts';
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
  deadline(what: string): Deadline;
  /** The headers are there; the body is still to be read, within the same deadline. */
  send(request: ApiRequest, deadline: Deadline): Promise<Answer>;
  read(request: ApiRequest): Promise<ApiDocument>;
  /** Credentials for an upgrade. */
  readonly credentials: Renewal;
  destroy(error: Error): void;
}

const maxRetries = 3;

export function openApi(options: ApiOptions): Api {
  const { connection, requestTimeoutMs, signal } = options;
  const name = connection.server.origin;
  const credentials = renewal(connection);
  const pools = apiConnections(options, credentials);
  const state = { count: 0, date: null as Date | null };

  async function once(request: ApiRequest, { credentials }: Held, deadline: Deadline): Promise<Answer> {
    const started = performance.now();
    const report = (status: number | string) => options.onRequest({ what: request.what, ms: performance.now() - started, status });
    if (request.own) state.count += 1;
    try {
      const answer = await onceMore(() =>
        pools
          .current(credentials)
          .get(basePath(connection.server) + request.path, headersOf(request, credentials, options), deadline.signal),
      );
      state.date ??= dateOf(answer);
      report(answer.status);
      return answer;
    } catch (error) {
      report(codeOf(error));
      throw apiTrouble(error, connection.server, request.what, deadline);
    }
  }

  async function send(request: ApiRequest, deadline: Deadline): Promise<Answer> {
    let held = await credentials();
    for (let retries = 0, renewed = false; ; ) {
      const answer = await once(request, held, deadline);
      if (answer.status === 401 && !renewed) {
        renewed = true;
        answer.body.on('error', () => {}).destroy();
        held = await credentials(held);
        continue;
      }
      const delay = request.own && retries < maxRetries ? retryDelay(answer, retries) : null;
      if (delay === null || delay >= deadline.left()) return answer;
      retries += 1;
      answer.body.on('error', () => {}).resume();
      await sleep(delay, deadline.signal);
    }
  }

  const deadline = (what: string) => startDeadline(requestTimeoutMs, signal, what, () => lateAnswer(name, what, requestTimeoutMs));
  return {
    name,
    date: () => state.date,
    count: () => state.count,
    deadline,
    send,
    credentials,
    destroy: pools.destroy,
    read: async (request) => {
      const limit = deadline(request.what);
      try {
        const answer = await send(request, limit);
        const body = decodedBody(answer, { what: request.what, from: name, deadline: limit, done: () => {}, blame: false });
        return { status: answer.status, headers: answer.headers, text: await wholeText(body) };
      } finally {
        limit.end();
      }
    },
  };
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
