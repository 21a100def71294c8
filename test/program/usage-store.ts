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
  /** Nothing ever happens to it, nor to any other. */
  readonly still?: boolean;
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

/** A server with the API of Prometheus over a few series, which grow by so much in each `piece` of so many seconds. It does not evaluate PromQL: the queries of usage are told apart by their shape. */
export async function startStore(kept: readonly Kept[], answer: (path: string) => Answer = () => null, piece = 300): Promise<Store> {
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
    response.end(own?.body ?? JSON.stringify({ status: 'success', data: dataOf(url, kept, piece) }));
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

function dataOf(url: URL, kept: readonly Kept[], piece: number): unknown {
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
      return { resultType: 'matrix', result: ranged(query, named(query), { parameters: url.searchParams, piece }) };
    case '/api/v1/targets':
      return { activeTargets: [] };
    default:
      return { resultType: 'vector', result: [] };
  }
}

interface Asked {
  readonly parameters: URLSearchParams;
  readonly piece: number;
}

function ranged(query: string, series: readonly Kept[], { parameters, piece }: Asked): unknown {
  const [start, end, step] = ['start', 'end', 'step'].map((name) => Number(parameters.get(name)));
  const times: number[] = [];
  for (let at = start ?? 0; at <= (end ?? 0) + 0.001; at += step ?? 1) times.push(at);
  const groups =
    /^sum by \(([^)]*)\)/
      .exec(query)?.[1]
      ?.split(', ')
      .map((label) => label.replace(/^"|"$/g, '')) ?? [];
  const every = (value: number): unknown => [{ metric: {}, values: times.map((at) => [at, String(value)]) }];
  const still = series.every((each) => each.still === true);
  // Counters begin and are reset in each piece, so that the longest question is asked, which all others are parts of; or nothing happens.
  if (query.includes('resets(') && !query.includes('increase(')) return series.length === 0 ? [] : every(still ? series.length : 1e8 + 1);
  const labelsOf = (labels: Labels): Labels =>
    Object.fromEntries(groups.flatMap((label) => (label in labels ? [[label, labels[label] ?? '']] : [])));
  const counted = (value: (growth: number, at: number) => number): readonly unknown[] =>
    series.map(({ labels, growth }) => ({ metric: labelsOf(labels), values: times.map((time, at) => [time, String(value(growth, at))]) }));
  if (!query.includes('increase(')) {
    const alive = { metric: { __tokmeter_alive: '1' }, values: times.map((at) => [at, String(series.length)]) };
    return [...counted((growth, at) => growth * (at + 1)), ...(query.includes('_alive"') ? [alive] : [])];
  }
  const doubts = series.filter(({ first }) => first !== undefined && query.includes('_told"'));
  return [
    // parts of a piece share what it grew by
    ...counted((growth) => (growth * (step ?? piece)) / piece),
    ...doubts.map(({ labels, first }) => ({ metric: { ...labelsOf(labels), __tokmeter_told: '1' }, values: [[times[0], String(first)]] })),
  ];
}
