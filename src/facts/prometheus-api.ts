import { type Endpoint, ReadError, type Source } from '../model/source.ts';
import { type Answered, type ApiAnswer, answeredBy, type Sample, samplesOf } from '../parse/promapi.ts';

/** One HTTP API of a Prometheus or of something that speaks like it. */
export interface Place {
  /** For messages: "Prometheus monitoring/k8s". */
  readonly name: string;
  readonly endpoint: Endpoint;
  /** Path before /api/v1, without a slash at its end. */
  readonly prefix: string;
  readonly headers: Readonly<Record<string, string>>;
}

type Query = readonly (readonly [name: string, value: string])[];

// 60,000 active targets at 4.3 kB each (measured on 3.5): beyond that it is no answer but an attack on memory.
const largest = 256 * 1024 * 1024;

/** The `data` of one API request. Throws ReadError with a sentence that names the request and the server. */
export async function askPrometheus(source: Source, place: Place, path: string, query: Query = []): Promise<unknown> {
  return (await askedOf(source, place, path, query)).data;
}

/** The same with the warnings of the server. */
export async function askedOf(source: Source, place: Place, path: string, query: Query): Promise<Answered> {
  const what = `GET ${path} of ${place.name}`;
  const { answer } = await fetched(source, place, `${place.prefix}${path}`, query, what);
  return answeredBy(answer, what);
}

/** The samples that a query has now. */
export async function askInstant(source: Source, place: Place, query: string): Promise<readonly Sample[]> {
  const path = '/api/v1/query';
  return samplesOf(await askPrometheus(source, place, path, [['query', query]]), `GET ${path} of ${place.name}`);
}

/** The answer to one request as it came, with the redirect it names. */
export async function fetched(
  source: Source,
  place: Place,
  path: string,
  query: Query,
  what: string,
): Promise<{ answer: ApiAnswer; location: string | null }> {
  const reply = await source.get(place.endpoint, {
    path,
    query,
    headers: { accept: 'application/json', ...place.headers },
    peer: 'prometheus',
  });
  const body = await textOf(reply.body, what);
  return { answer: { status: reply.status, type: reply.headers['content-type'] ?? '', body }, location: reply.headers.location ?? null };
}

async function textOf(body: AsyncIterable<Uint8Array>, what: string): Promise<string> {
  const decoder = new TextDecoder();
  const parts: string[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > largest) throw new ReadError('malformed', what, `${what} answered more than ${largest / 1024 / 1024} MB`);
    parts.push(decoder.decode(chunk, { stream: true }));
  }
  return parts.join('') + decoder.decode();
}
