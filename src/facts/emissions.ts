import { type Many, ReadError, type Reply, type Source, type Unread, unreadOf } from '../model/source.ts';
import { type DuplicateLabel, ExpositionError, type ExpositionFault, expositionParser, formatOf } from '../parse/exposition.ts';
import type { Emission, Emitter } from './emitters.ts';
import { type LabelPool, labelPool, type Meter, type Page, pageOf } from './metrics-page.ts';
import { wantedBy } from './page-names.ts';

/** Why a metrics endpoint told nothing, through its own fault. */
export type Unreadable = Extract<Emission['outcome'], { status: 'unreadable' }>;

/** How the pages of one run are read. */
export interface Reading {
  readonly meter: Meter;
  /** The Accept header. */
  readonly accept: string;
  readonly pool: LabelPool;
  /** Further request headers, such as Authorization. Secret: never printed. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** Reads the metrics endpoints of all emitters of a pipeline, each once; `told` says what a page that could be read means. */
export async function readEmissions(
  source: Source,
  emitters: Many<Emitter>,
  reading: Omit<Reading, 'pool'>,
  told: (emitter: Emitter, page: Page) => Emission,
): Promise<Many<Emission>> {
  const whole = { ...reading, pool: labelPool() };
  const settled = await Promise.all(emitters.read.map((emitter) => emissionOf(source, emitter, whole, told)));
  const read = settled.flatMap((entry) => ('emitter' in entry ? [entry] : []));
  const unread = settled.flatMap((entry) => ('emitter' in entry ? [] : [entry]));
  return { read, unread: [...emitters.unread, ...unread] };
}

async function emissionOf(
  source: Source,
  emitter: Emitter,
  reading: Reading,
  told: (emitter: Emitter, page: Page) => Emission,
): Promise<Emission | Unread> {
  const { phase, namespace, name } = emitter.pod;
  if (phase !== 'Running') {
    const message = `the pod is ${phase}: nothing serves port ${emitter.port} yet`;
    return { emitter, outcome: { status: 'unreadable', problem: 'refused', message }, target: {} };
  }
  try {
    const page = await readPage(source, emitter, reading);
    return 'status' in page ? { emitter, outcome: page, target: {} } : told(emitter, page);
  } catch (error) {
    return unreadOf(error, `metrics of pod ${namespace}/${name}`);
  }
}

/** Reads the metrics endpoint of one emitter, once. Throws ReadError when we could not look. */
async function readPage(source: Source, emitter: Emitter, reading: Reading): Promise<Page | Unreadable> {
  const { pod, port, path } = emitter;
  const { accept, headers = {} } = reading;
  try {
    const reply = await source.get(
      { at: 'pod', namespace: pod.namespace, pod: pod.name, port },
      { path, headers: { Accept: accept, ...headers } },
    );
    return reply.status === 200 ? await pageIn(reply, reading) : await refusalIn(reply);
  } catch (error) {
    const fault = error instanceof ReadError ? error.fault : null;
    if (fault === null) throw error;
    return { status: 'unreadable', problem: fault === 'not-http' ? 'not-metrics' : fault, message: (error as ReadError).message };
  }
}

async function pageIn(reply: Reply, { meter, pool }: Reading): Promise<Page | Unreadable> {
  const type = reply.headers['content-type'] ?? '';
  if (/\bhtml\b/i.test(type)) return notMetrics(`content type ${type}`, await excerptOf(reply));
  const collected = pageOf(meter, pool);
  const parser = expositionParser({
    wanted: wantedBy(meter),
    sample: ({ name, labels, value }) => collected.add(name, labels, value),
    format: formatOf(type),
  });
  try {
    for await (const chunk of reply.body) parser.push(chunk);
    const [twice] = parser.end().duplicateLabels;
    return twice === undefined ? collected.page() : repeated(twice);
  } catch (error) {
    if (!(error instanceof ExpositionError)) throw error;
    return { status: 'unreadable', problem: problems[error.reason], message: error.message };
  }
}

const problems: Readonly<Record<ExpositionFault, Unreadable['problem']>> = {
  syntax: 'malformed',
  html: 'not-metrics',
  truncated: 'truncated',
  unclosed: 'truncated',
  'too-long': 'malformed',
};

/** Prometheus refuses the whole page for it: scrape/scrape.go, "label name … is not unique". */
function repeated({ line, name, label }: DuplicateLabel): Unreadable {
  const message = `line ${line}: label name ${JSON.stringify(label)} is not unique in ${name}: a scraper refuses the whole page`;
  return { status: 'unreadable', problem: 'malformed', message };
}

async function refusalIn(reply: Reply): Promise<Unreadable> {
  const excerpt = await excerptOf(reply);
  return { status: 'unreadable', problem: 'http-status', message: `HTTP ${reply.status}${excerpt === '' ? '' : `: ${excerpt}`}` };
}

function notMetrics(what: string, excerpt: string): Unreadable {
  return { status: 'unreadable', problem: 'not-metrics', message: excerpt === '' ? what : `${what}: ${excerpt}` };
}

/** Longest excerpt of a body in a message. */
const excerptBytes = 200;

/** The beginning of a body on one line; the rest is not fetched. */
async function excerptOf(reply: Reply): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of reply.body) {
    text += decoder.decode(chunk, { stream: true });
    if (text.length >= excerptBytes) break;
  }
  return text.slice(0, excerptBytes).replace(/\s+/g, ' ').trim();
}
