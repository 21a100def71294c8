import { ReadError } from '../model/source.ts';
import { addressOf, codeOf, isNoHttp, timerOf } from './address.ts';
import type { ApiOptions } from './api.ts';
import type { Credentials } from './connection.ts';
import type { Deadline } from './deadline.ts';
import { type Connections, connections } from './http.ts';
import type { Renewal } from './renewal.ts';
import { openSocket } from './socket.ts';
import { socketTrouble } from './socket-trouble.ts';

// Lists go out in rounds of about six; more connections won nothing when measured.
const size = 6;

/** The kept connections to the API server: one pool for each client certificate in use. */
export interface ApiConnections {
  current(credentials: Credentials): Connections;
  destroy(error: Error): void;
}

/** What an error on the way to the API server means. */
export function apiTrouble(error: unknown, server: URL, what: string, deadline: Deadline): ReadError {
  if (deadline.signal.aborted && deadline.signal.reason instanceof ReadError) return deadline.signal.reason;
  if (codeOf(error) === 'UND_ERR_SOCKET')
    return new ReadError('unreachable', what, `${server.origin} closed the connection without an answer when asked to ${what}`, {
      cause: error,
    });
  if (isNoHttp(error))
    return new ReadError('malformed', what, `${server.origin} does not answer in HTTP/1.1: no API server is there`, { cause: error });
  const { reason, message } = socketTrouble(error, { role: 'server', name: server.origin, host: server.hostname });
  return new ReadError(reason, what, message, { cause: error });
}

export function apiConnections(options: ApiOptions, credentials: Renewal): ApiConnections {
  const { connection, requestTimeoutMs, userAgent, signal } = options;
  const { server, proxy } = connection;
  const made: { readonly cert: string; readonly pool: Connections }[] = [];
  const make = () =>
    connections(server.origin, size, async () =>
      openSocket({
        ...addressOf(server),
        tls: server.protocol === 'https:' ? (await credentials()).credentials.tls : null,
        proxy,
        timeoutMs: timerOf(requestTimeoutMs),
        signal,
        userAgent,
      }),
    );
  return {
    /** A renewed client certificate needs new connections. */
    current: ({ tls }: Credentials): Connections => {
      const cert = tls.cert?.toString('base64') ?? '';
      const found = made.find((entry) => entry.cert === cert);
      if (found !== undefined) return found.pool;
      const pool = make();
      made.push({ cert, pool });
      return pool;
    },
    destroy: (error: Error) => {
      for (const { pool } of made) pool.destroy(error);
    },
  };
}
