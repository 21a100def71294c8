import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type Duplex, duplexPair } from 'node:stream';
import { endpointName, questionOf, type RecordedGet, type RecordedReply, type Refusal, type Snapshot } from '../model/snapshot.ts';
import type { Asked } from './asked.ts';
import type { Faults, Trouble } from './faults.ts';
import { type Answer, respond } from './respond.ts';

/** What stands behind pods and services: HTTP servers that never listen, and answer what was recorded. */
export interface Backends {
  /** "pod ns/name:1064", "service ns/name:web". */
  has(endpoint: string): boolean;
  /** The refusal that everything asked of this endpoint met. */
  refusal(endpoint: string): Refusal | null;
  /** A connection to a pod port; null when nothing listens there. */
  dial(endpoint: string): Duplex | null;
  /** Answers a request that the API server proxies. */
  answer(endpoint: string, request: IncomingMessage, response: ServerResponse, url: string): Promise<void>;
  close(): void;
}

// net/http handlers of Prometheus and of the ext-proc sidecar gzip whatever they are asked to; tiny answers are not worth it.
const gzipAbove = 1024;

export function backendsOf(snapshot: Snapshot, faults: Faults, log: (asked: Asked) => void): Backends {
  const endpoints = grouped(snapshot.gets);
  const connections = new WeakMap<object, string>();
  const manner = { now: new Date(snapshot.now), gzipAbove };

  async function answer(endpoint: string, request: IncomingMessage, response: ServerResponse, url: string): Promise<void> {
    const { method = 'GET', headers } = request;
    log({ at: 'backend', method, url: `${endpoint}${url}`, agent: headers['user-agent'] ?? '', headers });
    const injected = faults.meet(`${method} ${endpoint}${url}`);
    const recorded = recordedAnswer(endpoints.get(endpoint) ?? [], request, url);
    await respond(request, response, recorded.answer, injected ?? recorded.trouble, manner);
  }

  const server = createServer((request, response) => {
    void answer(connections.get(request.socket) ?? '', request, response, request.url ?? '/');
  });

  return {
    has: (endpoint) => endpoints.has(endpoint),
    refusal: (endpoint) => commonRefusal(endpoints.get(endpoint) ?? []),
    dial: (endpoint) => {
      const nothingListens = commonRefusal(endpoints.get(endpoint) ?? [])?.fault === 'refused';
      if (!endpoints.has(endpoint) || nothingListens || faults.refuses(`CONNECT ${endpoint}`)) return null;
      const [near, far] = duplexPair();
      connections.set(far, endpoint);
      tied(near, far);
      server.emit('connection', far);
      return near;
    },
    answer,
    close: () => server.closeAllConnections(),
  };
}

/** A pair does not pass on that one side was destroyed, as a network would: what was written still arrives, then the end. */
function tied(near: Duplex, far: Duplex): void {
  far.on('error', () => far.destroy());
  near.once('close', () => far.destroy());
  far.once('close', () => {
    if (!far.writableFinished) near.push(null);
  });
}

function grouped(gets: readonly RecordedGet[]): ReadonlyMap<string, readonly RecordedGet[]> {
  const endpoints = new Map<string, RecordedGet[]>();
  for (const get of gets) {
    const name = endpointName(get.endpoint);
    endpoints.set(name, [...(endpoints.get(name) ?? []), get]);
  }
  return endpoints;
}

function commonRefusal(gets: readonly RecordedGet[]): Refusal | null {
  const first = gets[0]?.answer;
  return first?.status === 'refused' && gets.every(({ answer }) => answer.status === 'refused') ? first.refusal : null;
}

/** The recorded reply or trouble of a question; for one that differs only in what it accepts (curl, a browser), the first of them. */
function recordedAnswer(
  gets: readonly RecordedGet[],
  request: IncomingMessage,
  url: string,
): { readonly answer: Answer; readonly trouble: Trouble | null } {
  const { pathname, searchParams } = new URL(url, 'http://sandbox');
  const { query } = questionOf({ path: pathname, query: [...searchParams] });
  const same = gets.filter(({ question }) => question.path === pathname && JSON.stringify(question.query) === JSON.stringify(query));
  const { accept = '*/*' } = request.headers;
  const found = (same.find(({ question }) => (question.accept ?? '*/*') === accept) ?? same[0])?.answer;
  if (found?.status === 'reply') return { answer: answerOf(found), trouble: null };
  return { answer: unrecorded(url), trouble: found === undefined ? null : troubleOf(found.refusal) };
}

function troubleOf({ fault }: Refusal): Trouble {
  if (fault === 'slow') return { hang: true };
  return fault === 'not-http' ? { garbage: true } : { reset: true };
}

function answerOf({ code, headers, body, cut }: RecordedReply): Answer {
  const bytes = 'text' in body ? Buffer.from(body.text, 'utf8') : Buffer.from(body.base64, 'base64');
  return { status: code, headers, body: bytes, cut: cut !== null };
}

function unrecorded(url: string): Answer {
  const sentence = `not in the recording: what this endpoint answers to ${url}\n`;
  return { status: 501, headers: { 'content-type': 'text/plain; charset=utf-8' }, body: Buffer.from(sentence, 'utf8') };
}
