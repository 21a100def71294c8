import { ReadError, type Reply, type Source } from '../model/source.ts';
import { type DuplicateLabel, ExpositionError, type ExpositionFault, expositionParser, formatOf } from '../parse/exposition.ts';
import type { Emission, Emitter, TokenSeries } from './emitters.ts';

/** Which samples of a metrics page make an emission, and under which names. */
export interface Meter {
  /** What a sample is by its name; null: not wanted. */
  role(name: string): 'sum' | 'count' | 'requests' | 'target' | null;
  /** The family of a sum or count sample: its name without the suffix. */
  familyOf(name: string): string;
  /** A label name as under underscore escaping; null: left out. */
  labelOf(name: string): string | null;
  /** Whether requests are told apart by a label, by its escaped name: by model and operation, not by user. */
  tellsRequests(label: string): boolean;
}

/** What the wanted samples of one metrics page add up to. */
export interface Page {
  /** Null: no token series. */
  readonly family: string | null;
  readonly series: readonly TokenSeries[];
  /** Label names of token series as exposed. */
  readonly labelNames: readonly string[];
  readonly requests: readonly { readonly labels: Readonly<Record<string, string>>; readonly count: number }[];
  /** Null: the page has no target_info. */
  readonly target: Readonly<Record<string, string>> | null;
}

type Labels = Readonly<Record<string, string>>;

type Entry = { readonly labels: Labels; sum: number; count: number };

/** Collects the samples of one metrics page. */
export function pageOf(meter: Meter): { add(name: string, labels: Labels, value: number): void; page(): Page } {
  const tokens = relabeller(meter.labelOf);
  const entryAt = entries(tokens.of);
  const requests = counters(meter);
  let family: string | null = null;
  let target: Labels | null = null;
  return {
    add: (name, labels, value) => {
      const role = meter.role(name);
      if (role === 'sum' || role === 'count') {
        family ??= meter.familyOf(name);
        entryAt.of(labels)[role] += value;
      } else if (role === 'requests') requests.add(labels, value);
      else if (role === 'target') target = { ...labels };
    },
    page: () => ({ family, series: entryAt.all(), labelNames: tokens.names(), requests: requests.all(), target }),
  };
}

/** One entry a label set. A sum and its count follow each other with equal labels, often as one object, and always in one order. */
function entries(relabel: (labels: Labels) => Labels) {
  const known = new Map<string, Entry>();
  let last: { readonly labels: Labels; readonly entry: Entry } | null = null;
  const of = (labels: Labels): Entry => {
    if (last?.labels === labels) return last.entry;
    const key = keyOf(labels);
    const entry = known.get(key) ?? { labels: relabel(labels), sum: 0, count: 0 };
    known.set(key, entry);
    last = { labels, entry };
    return entry;
  };
  return { of, all: (): readonly TokenSeries[] => [...known.values()] };
}

function keyOf(labels: Labels): string {
  let key = '';
  // U+0000 is in no label: the parser's UTF-8 check lets it through, but no HTTP header and no label name may hold it.
  for (const name in labels) key += `${name}\0${labels[name]}\0`;
  return key;
}

/** Requests by the labels that tell them apart: thousands of users become a few models. */
function counters(meter: Meter) {
  const known = new Map<string, { labels: Labels; count: number }>();
  const { of } = relabeller((name) => {
    const label = meter.labelOf(name);
    return label !== null && meter.tellsRequests(label) ? label : null;
  });
  return {
    add: (labels: Labels, count: number): void => {
      const told = of(labels);
      const key = keyOf(told);
      const counter = known.get(key) ?? { labels: told, count: 0 };
      counter.count += count;
      known.set(key, counter);
    },
    all: (): Page['requests'] => [...known.values()],
  };
}

/** Renames labels, asking about each name once. */
function relabeller(labelOf: Meter['labelOf']) {
  const renamed = new Map<string, string | null>();
  const nameOf = (name: string): string | null => {
    const known = renamed.get(name);
    if (known !== undefined) return known;
    const fresh = labelOf(name);
    renamed.set(name, fresh);
    return fresh;
  };
  const of = (labels: Labels): Labels => {
    const pairs: [string, string][] = [];
    for (const name in labels) {
      const label = nameOf(name);
      if (label !== null) pairs.push([label, labels[name] ?? '']);
    }
    return Object.fromEntries(pairs);
  };
  return { of, names: (): readonly string[] => [...renamed].flatMap(([name, label]) => (label === null ? [] : [name])).sort() };
}

/** Why a metrics endpoint told nothing, through its own fault. */
export type Unreadable = Extract<Emission['outcome'], { status: 'unreadable' }>;

/** Reads the metrics endpoint of one emitter, once. Throws ReadError when we could not look. */
export async function readPage(source: Source, emitter: Emitter, meter: Meter, accept: string): Promise<Page | Unreadable> {
  const { pod, port, path } = emitter;
  try {
    const reply = await source.get({ at: 'pod', namespace: pod.namespace, pod: pod.name, port }, { path, headers: { Accept: accept } });
    return reply.status === 200 ? await pageIn(reply, meter) : await refusalIn(reply);
  } catch (error) {
    const fault = error instanceof ReadError ? error.fault : null;
    if (fault === null) throw error;
    return { status: 'unreadable', problem: fault === 'not-http' ? 'not-metrics' : fault, message: (error as ReadError).message };
  }
}

async function pageIn(reply: Reply, meter: Meter): Promise<Page | Unreadable> {
  const type = reply.headers['content-type'] ?? '';
  if (/\bhtml\b/i.test(type)) return notMetrics(`content type ${type}`, await excerptOf(reply));
  const collected = pageOf(meter);
  const wanted = (name: string): boolean => meter.role(name) !== null;
  const parser = expositionParser({
    wanted,
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
