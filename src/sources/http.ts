import type { Readable } from 'node:stream';
import type { buildConnector, Dispatcher } from 'undici';
import request from 'undici/lib/api/api-request.js';
import Pool from 'undici/lib/dispatcher/pool.js';
import { orAborted } from './deadline.ts';

// undici's index loads fetch, caches, mocks and more; these two files are all that is needed (test/unit/sources/http.test.ts notices when they move).

/** Connections that are made, kept and reused for one origin. */
export interface Connections {
  /** One GET; resolves with the headers, rejects with undici's error, the connector's or the signal's reason. */
  get(path: string, headers: readonly string[], signal: AbortSignal): Promise<Answer>;
  /** Ends every connection at once; whatever is under way fails with the error. */
  destroy(error: Error): void;
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Readable;
}

/** Makes one connection to the origin, TLS included. */
export type Connector = () => Promise<import('node:stream').Duplex>;

/** A pool of at most `size` keep-alive connections over any kind of Duplex. HTTP/1.1 only. */
export function connections(origin: string, size: number, connector: Connector): Connections {
  const pool = new Pool(origin, {
    connections: size,
    pipelining: 1,
    allowH2: false,
    headersTimeout: 0,
    bodyTimeout: 0,
    // Prometheus and the API server answer with fewer; a hostile one shall not fill the memory.
    maxHeaderSize: 64 * 1024,
    connect: connectorOf(connector),
  });
  return {
    // undici looks at the signal only once it is connected.
    get: async (path, headers, signal) =>
      answerOf(await orAborted(request.call(pool, { path, method: 'GET', headers: [...headers], signal }), signal)),
    destroy: (error) => void pool.destroy(error),
  };
}

function connectorOf(connector: Connector): buildConnector.connector {
  return (_options, callback) => {
    // undici accepts any Duplex; its types ask for a socket.
    connector().then(
      (socket) => callback(null, socket as import('node:net').Socket),
      (error: Error) => callback(error, null),
    );
  };
}

function answerOf({ statusCode, headers, body }: Dispatcher.ResponseData): Answer {
  const flat = Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : (value ?? '')] as const);
  return { status: statusCode, headers: Object.fromEntries(flat), body };
}
