import type { IncomingMessage } from 'node:http';
import type { Holdings } from './api.ts';
import type { Asked } from './asked.ts';
import type { Backends } from './backends.ts';
import type { Faults, Trouble } from './faults.ts';

/** Everything that one served cluster is made of. */
export interface Cluster {
  readonly holdings: Holdings;
  readonly backends: Backends;
  readonly faults: Faults;
  readonly token: string;
  log(asked: Asked): void;
}

/** Notes a request, and tells the trouble that it meets. */
export function logged(request: IncomingMessage, { log, faults }: Cluster): Trouble | null {
  const { method = 'GET', url = '/', headers } = request;
  log({ at: 'api', method, url, agent: headers['user-agent'] ?? '', headers });
  return faults.meet(`${method} ${url}`);
}

export const pathOf = (request: IncomingMessage): string => new URL(request.url ?? '/', 'http://sandbox').pathname;
