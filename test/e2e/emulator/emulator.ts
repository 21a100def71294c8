import type { IncomingMessage, ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';
import { type Listening, listening } from './listening.ts';
import { answer, type Seen } from './sidecar.ts';

/** How an endpoint misbehaves. */
export type Trouble = 'refused' | 'http-500' | 'html' | 'truncated' | 'slow' | 'not-found';

export interface Emulated extends Omit<Seen, 'seconds'> {
  readonly trouble?: Trouble;
}

export interface Emulator extends Listening {
  readonly address: string;
}

/** A sidecar's admin port on the pod's own loopback address, with counters that rise. Port 1064: envoyproxy/ai-gateway internal/controller/gateway_mutator.go. */
export async function startEmulator(address: string, emulated: Emulated, port = 1064): Promise<Emulator | null> {
  if (emulated.trouble === 'refused') return null;
  const start = Date.now();
  const answered = (request: IncomingMessage, response: ServerResponse): unknown =>
    respond(request, response, { ...emulated, seconds: (Date.now() - start) / 1000 });
  return { address, ...(await listening(answered, address, port)) };
}

function respond(request: IncomingMessage, response: ServerResponse, emulated: Emulated & Seen): unknown {
  const path = (request.url ?? '/').split('?')[0];
  if (path === '/health') return void response.setHeader('content-type', 'text/plain').end('OK\n');
  if (path !== '/metrics' || emulated.trouble === 'not-found') return notFound(response);
  const { contentType, body: text } = answer(emulated, request.headers.accept ?? '');
  switch (emulated.trouble) {
    case 'http-500':
      return error(
        response,
        `An error has occurred while serving metrics:\n\ncollected metric "gen_ai_client_token_usage" has label with an invalid name\n`,
      );
    case 'html':
      return void response
        .setHeader('content-type', 'text/html; charset=utf-8')
        .end('<!doctype html>\n<html><body>welcome</body></html>\n');
    case 'truncated':
      return truncated(response, contentType, text);
    case 'slow':
      return void response.setHeader('content-type', contentType).write(text.slice(0, 80));
    default:
      return whole(request, response, contentType, text);
  }
}

function whole(request: IncomingMessage, response: ServerResponse, contentType: string, text: string): void {
  response.setHeader('content-type', contentType);
  if (!/\bgzip\b/.test(String(request.headers['accept-encoding'] ?? ''))) return void response.end(text);
  response.setHeader('content-encoding', 'gzip');
  response.end(gzipSync(text));
}

/** The connection dies inside a line. */
function truncated(response: ServerResponse, contentType: string, text: string): void {
  response.writeHead(200, { 'content-type': contentType, 'content-length': Buffer.byteLength(text) });
  response.write(text.slice(0, Math.floor(text.length * 0.6)), () => response.destroy());
}

/** net/http's http.Error. */
function error(response: ServerResponse, text: string): void {
  response.writeHead(500, { 'content-type': 'text/plain; charset=utf-8', 'x-content-type-options': 'nosniff' });
  response.end(text);
}

function notFound(response: ServerResponse): void {
  response.writeHead(404, { 'content-type': 'text/plain; charset=utf-8', 'x-content-type-options': 'nosniff' });
  response.end('404 page not found\n');
}
