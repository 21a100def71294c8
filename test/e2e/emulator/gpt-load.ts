import type { IncomingMessage, ServerResponse } from 'node:http';
import { gptLoadPage, type RequestLog } from './gpt-load-page.ts';
import { type Listening, listening } from './listening.ts';

/** How one gpt-load was built and started. */
export interface GptLoad {
  /** Its database: pods with the same one show the same counters. */
  readonly log: RequestLog;
  /** A build of the project itself, which has no metrics: its page answers for every path. */
  readonly stock?: boolean;
  /** METRICS_TOKEN. */
  readonly token?: string;
  /** "database": the query of the counters fails, as without the columns of migration v1.2.0; "busy": MAX_CONCURRENT_REQUESTS is reached; "slow": the log is long. */
  readonly trouble?: 'database' | 'busy' | 'slow';
}

// As recorded from main@cc5383c and from the unmerged change, refs/pull/416/head@77f11ff.
const security = {
  'Permissions-Policy': 'camera=(), microphone=(), geolocation=(), payment=(), usb=()',
  'Referrer-Policy': 'strict-origin-when-cross-origin',
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'SAMEORIGIN',
};
const spa =
  '<!doctype html><html lang="en"><head><meta charset="UTF-8"><title>GPT Load</title></head><body><div id="app"></div></body></html>\n';

/** gpt-load's one port on a pod's own loopback address, with counters that rise. Port 3001: README.md, PORT. */
export async function startGptLoad(address: string, gptLoad: GptLoad, port = 3001): Promise<Listening> {
  const start = Date.now();
  return listening((request, response) => respond(request, response, gptLoad, start), address, port);
}

function respond(request: IncomingMessage, response: ServerResponse, gptLoad: GptLoad, start: number): unknown {
  const path = (request.url ?? '/').split('?')[0] ?? '/';
  if (path === '/health') return json(response, 200, { status: 'healthy', timestamp: now(), uptime: `${(Date.now() - start) / 1000}s` });
  if (path.startsWith('/api/')) return json(response, 404, { error: 'Not Found' });
  if (path.startsWith('/proxy/')) return json(response, 401, { code: 'UNAUTHORIZED', message: 'Authentication failed' });
  if (path !== '/metrics' || request.method !== 'GET' || gptLoad.stock === true) return page(response, path);
  return metrics(request, response, gptLoad);
}

function metrics(request: IncomingMessage, response: ServerResponse, { log, token, trouble }: GptLoad): unknown {
  if (trouble === 'busy') return json(response, 500, { code: 'INTERNAL_SERVER_ERROR', message: 'Too many concurrent requests' });
  const given = /^Bearer (.*)$/.exec(request.headers.authorization ?? '')?.[1];
  if (token !== undefined && given === undefined) return plain(response, 401, 'missing or invalid authorization header');
  if (token !== undefined && given !== token) return plain(response, 401, 'invalid metrics token');
  if (trouble === 'database') return plain(response, 500, 'internal error');
  const answer = (): void => plain(response, 200, gptLoadPage(log, Date.now()));
  return trouble === 'slow' ? setTimeout(answer, 2600) : answer();
}

/** What no route takes: NoRoute of internal/router/router.go. */
function page(response: ServerResponse, path: string): void {
  const uncached = { 'Cache-Control': 'no-cache, no-store, must-revalidate', Expires: '0', Pragma: 'no-cache' };
  response.writeHead(200, { 'Content-Type': 'text/html; charset=utf-8', ...(path === '/' ? {} : uncached), ...security }).end(spa);
}

function json(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { 'Content-Type': 'application/json; charset=utf-8', ...security }).end(JSON.stringify(value));
}

function plain(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8', ...security }).end(text);
}

const now = (): string => `${new Date().toISOString().slice(0, 19)}Z`;
