import { type Endpoint, ReadError, type Source } from '../model/source.ts';
import { jsonOf, record, text } from '../parse/fields.ts';

/** The HTTP API of one Grafana. */
export interface GrafanaPlace {
  /** For messages: "Deployment monitoring/grafana". */
  readonly name: string;
  readonly endpoint: Endpoint;
  /** Of a service account that may read dashboards. */
  readonly token: string;
}

// A dashboard of thousands of panels has 2 MB; beyond this it is no answer.
const largest = 16 * 1024 * 1024;

/**
 * What Grafana answers to a GET of its API; null for 404 with a sentence of its own. Throws ReadError: the token is refused, a page came in the place
 * of an answer. One that is served from a sub-path redirects there: pkg/middleware/subpath_redirect.go.
 */
export async function askGrafana(source: Source, place: GrafanaPlace, path: string, query: Query = []): Promise<unknown> {
  const what = `GET ${path} of ${place.name}`;
  const first = await said(source, place, path, query, what);
  const prefix = prefixOf(first.location, path);
  return answerOf(prefix === null ? first : await said(source, place, `${prefix}${path}`, query, what), what);
}

type Query = readonly (readonly [name: string, value: string])[];

interface Said {
  readonly status: number;
  readonly location: string | null;
  readonly body: string;
}

async function said(source: Source, { endpoint, token }: GrafanaPlace, path: string, query: Query, what: string): Promise<Said> {
  const headers = { accept: 'application/json', authorization: `Bearer ${token}` };
  const reply = await source.get(endpoint, { path, query, headers });
  const decoder = new TextDecoder();
  const parts: string[] = [];
  let size = 0;
  for await (const chunk of reply.body) {
    size += chunk.length;
    if (size > largest) throw new ReadError('malformed', what, `${what} answered more than ${largest / 1024 / 1024} MB`);
    parts.push(decoder.decode(chunk, { stream: true }));
  }
  return { status: reply.status, location: reply.headers.location ?? null, body: parts.join('') + decoder.decode() };
}

/** What stands before the path where it was sent; null: it was not sent to the same path elsewhere. */
function prefixOf(location: string | null, path: string): string | null {
  if (location === null || !URL.canParse(location, 'http://grafana')) return null;
  const { pathname } = new URL(location, 'http://grafana');
  return pathname.endsWith(path) && pathname !== path ? pathname.slice(0, -path.length) : null;
}

const flag = '--grafana-token-file';

function answerOf({ status, location, body }: Said, what: string): unknown {
  const json = jsonOf(body);
  const message = text(record(json).message);
  if (status === 401 || status === 403) {
    const why = status === 401 ? 'the token is refused' : 'the token may not read dashboards';
    throw new ReadError('forbidden', what, `${what}: ${why}${message === null ? '' : `: ${message.slice(0, 200)}`} (needs ${flag})`, {
      needs: flag,
    });
  }
  if (status >= 300 && status < 400)
    throw new ReadError('malformed', what, `${what} is sent to ${location ?? 'another page'}, as by a login in front of Grafana`);
  if (status === 404 && message !== null) return null;
  if (status !== 200)
    throw new ReadError('malformed', what, `${what} answers HTTP ${status}${message === null ? '' : `: ${message.slice(0, 200)}`}`);
  if (json === undefined) throw new ReadError('malformed', what, `${what} answers with a page and not as Grafana's API does`);
  return json;
}
