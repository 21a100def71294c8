import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Listening, listening } from './listening.ts';

/** How a Grafana is configured, and what it has. */
export interface Grafana {
  /** Of a service account; `viewing` false: it may not read dashboards. */
  readonly token: string;
  readonly viewing?: boolean;
  readonly dashboards: readonly { readonly uid: string; readonly title: string }[];
  /** root_url with a path, and serve_from_sub_path: "/grafana". */
  readonly subPath?: string;
  /** A proxy that asks for a login stands in front. */
  readonly login?: boolean;
}

/**
 * Grafana's HTTP port on a pod's own loopback address, as far as dashboards are read: docs/sources/developers/http_api/dashboard.md and
 * folder_dashboard_search.md; refusals of pkg/services/authn/clients/api_key.go and pkg/services/accesscontrol/middleware.go. Port 3000: conf/defaults.ini.
 */
export async function startGrafana(address: string, grafana: Grafana, port = 3000): Promise<Listening> {
  return listening((request, response) => respond(request, response, grafana), address, port);
}

function respond(request: IncomingMessage, response: ServerResponse, grafana: Grafana): unknown {
  const { subPath = '', login, token, viewing = true, dashboards } = grafana;
  const url = request.url ?? '/';
  if (login === true) return moved(response, 302, '/login');
  // pkg/middleware/subpath_redirect.go
  if (!url.startsWith(subPath)) return moved(response, 301, `https://grafana.example${subPath}${url}`);
  const { pathname, searchParams } = new URL(url.slice(subPath.length) || '/', 'http://grafana');
  if (!pathname.startsWith('/api/')) return void response.writeHead(200, { 'content-type': 'text/html; charset=UTF-8' }).end(page);
  if (pathname === '/api/health') return json(response, 200, { database: 'ok', version: '12.2.0', commit: 'unknown' });
  const given = /^Bearer (.*)$/.exec(request.headers.authorization ?? '')?.[1];
  if (given === undefined) return refused(response, 'auth.unauthorized', 'Unauthorized');
  if (given !== token) return refused(response, 'api-key.invalid', 'Invalid API key');
  const uid = /^\/api\/dashboards\/uid\/([^/]+)$/.exec(pathname)?.[1];
  if (uid === undefined && pathname !== '/api/search') return json(response, 404, { message: 'Not found' });
  if (!viewing) return forbidden(response, uid === undefined);
  if (uid !== undefined) return one(response, dashboards, decodeURIComponent(uid));
  return found(response, dashboards, searchParams.get('query') ?? '');
}

function one(response: ServerResponse, dashboards: Grafana['dashboards'], uid: string): unknown {
  const dashboard = dashboards.find((each) => each.uid === uid);
  if (dashboard === undefined) return json(response, 404, { message: 'Dashboard not found' });
  const meta = { ...metaOf(dashboard), provisioned: true, provisionedExternalId: `${uid}.json` };
  return json(response, 200, { meta, dashboard: { id: 1, ...dashboard, schemaVersion: 39, version: 1, panels: [] } });
}

function metaOf({ uid }: { readonly uid: string }): object {
  return { isStarred: false, url: `/d/${uid}/${uid}`, folderId: 0, folderUid: '', slug: uid, type: 'db' };
}

/** Titles that hold the words, whatever their case. */
function found(response: ServerResponse, dashboards: Grafana['dashboards'], query: string): unknown {
  const matching = dashboards.filter(({ title }) => title.toLowerCase().includes(query.toLowerCase()));
  const hits = matching.map(({ uid, title }, index) => ({
    id: index + 1,
    uid,
    title,
    uri: `db/${uid}`,
    url: `/d/${uid}/${uid}`,
    type: 'dash-db',
    tags: [],
  }));
  return json(response, 200, hits);
}

function refused(response: ServerResponse, messageId: string, message: string): unknown {
  return json(response, 401, { message, messageId, statusCode: 401, traceID: '' });
}

function forbidden(response: ServerResponse, search: boolean): unknown {
  // Whoever may see none finds none.
  if (search) return json(response, 200, []);
  const message = "You'll need additional permissions to perform this action. Permissions needed: dashboards:read";
  return json(response, 403, { accessErrorId: 'ACE0000000000', message, title: 'Access denied' });
}

function json(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=UTF-8' }).end(JSON.stringify(value));
}

function moved(response: ServerResponse, status: number, location: string): void {
  response.writeHead(status, { location, 'content-type': 'text/html; charset=utf-8' }).end(`<a href="${location}">Found</a>.\n\n`);
}

const page = '<!DOCTYPE html>\n<html lang="en-US"><head><title>Grafana</title></head><body class="app-grafana"></body></html>\n';
