import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

type Labels = Readonly<Record<string, string>>;

/** What a store keeps: by name, series with the growth of each piece of the window. */
export interface Kept {
  readonly name: string;
  readonly labels: Labels;
  readonly growth: number;
  /** Values at which it was first seen. */
  readonly first?: number;
}

export interface Store {
  readonly url: string;
  /** Paths that were asked for, and the headers of the last request. */
  readonly asked: string[];
  readonly headers: () => IncomingMessage['headers'];
  stop(): Promise<void>;
}

/** An answer of its own to a path; null: the store's. */
export type Answer = { readonly status: number; readonly body: string } | null | 'silence';

/** A server with the API of Prometheus over a few series. It does not evaluate PromQL: the queries of usage are told apart by their shape. */
export async function startStore(kept: readonly Kept[], answer: (path: string) => Answer = () => null): Promise<Store> {
  const asked: string[] = [];
  let headers: IncomingMessage['headers'] = {};
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://store');
    asked.push(url.pathname);
    headers = request.headers;
    const own = answer(url.pathname);
    if (own === 'silence') return;
    response.statusCode = own?.status ?? 200;
    response.setHeader('content-type', 'application/json');
    response.end(own?.body ?? JSON.stringify({ status: 'success', data: dataOf(url, kept) }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    headers: () => headers,
    stop: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

function dataOf(url: URL, kept: readonly Kept[]): unknown {
  const query = url.searchParams.get('query') ?? '';
  const named = (text: string): readonly Kept[] => kept.filter(({ name }) => text.includes(`__name__="${name}"`));
  switch (url.pathname) {
    case '/api/v1/status/buildinfo':
      return { version: '3.5.3' };
    case '/api/v1/status/runtimeinfo':
      return { storageRetention: '15d' };
    case '/api/v1/label/__name__/values':
      return [...new Set(kept.map(({ name }) => name).filter((name) => name.endsWith('_sum')))];
    case '/api/v1/labels':
      return ['__name__', ...new Set(named(url.searchParams.get('match[]') ?? '').flatMap(({ labels }) => Object.keys(labels)))];
    case '/api/v1/query_range':
      return { resultType: 'matrix', result: ranged(query, named(query), url.searchParams) };
    case '/api/v1/targets':
      return { activeTargets: [] };
    default:
      return { resultType: 'vector', result: [] };
  }
}

function ranged(query: string, series: readonly Kept[], parameters: URLSearchParams): unknown {
  const [start, end, step] = ['start', 'end', 'step'].map((name) => Number(parameters.get(name)));
  const times: number[] = [];
  for (let at = start ?? 0; at <= (end ?? 0) + 0.001; at += step ?? 1) times.push(at);
  const groups =
    /^sum by \(([^)]*)\)/
      .exec(query)?.[1]
      ?.split(', ')
      .map((label) => label.replace(/^"|"$/g, '')) ?? [];
  // Whether counters begin or are reset: the longest question is asked, which all others are parts of.
  if (query.startsWith('count(')) return series.length === 0 ? [] : [{ metric: {}, values: times.map((at) => [at, '1']) }];
  const unsure = !query.includes('increase(');
  return series
    .filter(({ first }) => !unsure || first !== undefined)
    .map(({ labels, growth, first = 0 }) => ({
      metric: Object.fromEntries(groups.filter((label) => label in labels).map((label) => [label, labels[label]])),
      values: unsure ? [[times[0], String(first)]] : times.map((at) => [at, String(growth)]),
    }));
}
