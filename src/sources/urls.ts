import { type Endpoint, ReadError, type Reply, type Request } from '../model/source.ts';
import { addressOf, basePath, codeOf, onceMore, timerOf } from './address.ts';
import type { ApiOptions } from './api.ts';
import { startDeadline } from './deadline.ts';
import { answerTrouble, bareUrl, lateReply, type Question, questionOf, refusedPort, replyOf } from './endpoint.ts';
import { type Answer, type Connections, connections } from './http.ts';
import { openSocket } from './socket.ts';

export type UrlEndpoint = Extract<Endpoint, { at: 'url' }>;

export interface UrlsOptions extends Pick<ApiOptions, 'requestTimeoutMs' | 'userAgent' | 'signal' | 'onRequest'> {
  /** The proxy for an address after HTTPS_PROXY and NO_PROXY; null for none. */
  readonly proxyFor: (url: URL) => URL | null;
}

/** GETs to servers outside the cluster, such as --prometheus https://…. */
export interface Urls {
  get(endpoint: UrlEndpoint, request: Request): Promise<Reply>;
  destroy(error: Error): void;
}

const size = 4;
const maxRedirects = 3;

interface Origin {
  readonly connections: Connections;
  reached: boolean;
}

export function openUrls(options: UrlsOptions): Urls {
  const origins = new Map<string, Origin>();
  const originOf = (url: URL): Origin => {
    const known = origins.get(url.origin) ?? openOrigin(url, options);
    origins.set(url.origin, known);
    return known;
  };
  return {
    get: async (endpoint, request) => {
      const url = parsedUrl(endpoint.url);
      const question = withLogin(questionOf(endpoint, request, options.userAgent), url);
      return ask(originOf(url), url, question, options);
    },
    destroy: (error) => {
      for (const { connections } of origins.values()) connections.destroy(error);
    },
  };
}

function parsedUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url !== null && /^https?:$/.test(url.protocol)) return url;
  throw new ReadError('unreachable', `get ${bareUrl(text)}`, `${JSON.stringify(text)} is no http or https address`);
}

/** https://user:password@host becomes basic authentication, as in curl; a header of the request goes first. */
function withLogin(question: Question, { username, password }: URL): Question {
  if (username === '' || question.headers.includes('authorization')) return question;
  const login = Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`).toString('base64');
  return { ...question, headers: [...question.headers, 'authorization', `Basic ${login}`] };
}

function openOrigin(url: URL, { requestTimeoutMs, signal, userAgent, proxyFor }: UrlsOptions): Origin {
  const tls = url.protocol === 'https:' ? { rejectUnauthorized: true } : null;
  const origin: Origin = { connections: connections(url.origin, size, connect), reached: false };
  async function connect() {
    const socket = await openSocket({
      ...addressOf(url),
      tls,
      proxy: proxyFor(url),
      timeoutMs: timerOf(requestTimeoutMs),
      signal,
      userAgent,
    });
    origin.reached = true;
    return socket;
  }
  return origin;
}

async function ask(origin: Origin, url: URL, question: Question, options: UrlsOptions): Promise<Reply> {
  const late = () => lateReply(question, options.requestTimeoutMs, origin.reached);
  const deadline = startDeadline(options.requestTimeoutMs, options.signal, question.what, late);
  const started = performance.now();
  const report = (status: number | string) => options.onRequest({ what: question.what, ms: performance.now() - started, status });
  try {
    const answer = await followed(origin, url, question, deadline.signal);
    report(answer.status);
    return replyOf(answer, question, deadline, 'direct', () => {});
  } catch (error) {
    deadline.end();
    report(codeOf(error));
    throw connectTrouble(error, question) ?? answerTrouble(error, question, deadline);
  }
}

/** Follows redirects within the origin: one to a login page elsewhere is an answer to be told of. */
async function followed(origin: Origin, url: URL, question: Question, signal: AbortSignal): Promise<Answer> {
  let path = basePath(url) + question.path;
  for (let redirects = 0; ; redirects += 1) {
    const answer = await onceMore(() => origin.connections.get(path, question.headers, signal));
    const next = redirectOf(answer, new URL(path, url.origin));
    if (next === null || next.origin !== url.origin || redirects === maxRedirects) return answer;
    answer.body.on('error', () => {}).resume();
    path = next.pathname + next.search;
  }
}

function redirectOf({ status, headers }: Answer, from: URL): URL | null {
  const location = headers.location ?? '';
  if (![301, 302, 303, 307, 308].includes(status) || !URL.canParse(location, from.href)) return null;
  return new URL(location, from);
}

/** Sentences that hold for a server which no kubeconfig speaks of. */
function connectTrouble(error: unknown, { what, from }: Question): ReadError | null {
  if (!(error instanceof ReadError)) return null;
  const code = codeOf(error.cause);
  if (code === 'ECONNREFUSED' && !error.message.startsWith('proxy ')) return refusedPort(what, from, error);
  if (!/SELF_SIGNED|UNABLE_TO_|DEPTH_ZERO|CERT_SIGNATURE/.test(code)) return null;
  const message = `the certificate of ${from} is not trusted on this machine: NODE_EXTRA_CA_CERTS can name the CA that signed it`;
  return new ReadError('unreachable', what, message, { cause: error });
}
