import { ReadError } from '../model/source.ts';
import { list, number, record, records, strings, text } from './fields.ts';

/** An answer of a Prometheus HTTP API as it came. */
export interface ApiAnswer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

/** One active target; what the service discovery said of it is left out but for the address. */
export interface Target {
  readonly pool: string;
  readonly url: string;
  /** As stored with each series. */
  readonly labels: Readonly<Record<string, string>>;
  readonly health: string;
  readonly lastError: string;
  /** RFC 3339; null before the first scrape. */
  readonly lastScrape: string | null;
  /** "30s"; null where the server does not say (before 2.30, VictoriaMetrics, Thanos). */
  readonly interval: string | null;
}

/** One element of an instant vector. */
export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A successful answer. */
export interface Answered {
  readonly data: unknown;
  /** What the server says is wrong with it all the same: Thanos without one of its stores, Prometheus without a remote read. */
  readonly warnings: readonly string[];
}

/** The `data` of a successful answer; see `answeredBy`. */
export function dataOf(answer: ApiAnswer, what: string): unknown {
  return answeredBy(answer, what).data;
}

/** A successful answer with its warnings. `what` is the request in words: "GET /api/v1/targets of Prometheus monitoring/k8s". Throws ReadError with what would help. */
export function answeredBy(answer: ApiAnswer, what: string): Answered {
  if (answer.status === 401 || answer.status === 403) throw refused(answer, what);
  const json = parsed(answer, what);
  if (json.status === 'success') return { data: json.data, warnings: list(json.warnings).filter(isText).map(excerpt) };
  const message = text(json.error);
  if (json.status !== 'error' || message === null) throw unusual(answer, what);
  const reason = answer.status === 503 || answer.status === 504 ? 'timeout' : answer.status >= 500 ? 'unreachable' : 'malformed';
  throw new ReadError(reason, what, `${what}: ${text(json.errorType) ?? 'error'}: ${excerpt(message)}`);
}

const isText = (value: unknown): value is string => typeof value === 'string';

function refused(answer: ApiAnswer, what: string): ReadError {
  const said = excerpt(answer.body);
  const tenant = said.includes('org id') || said.includes('tenant');
  const needs = tenant ? '--prometheus-header "X-Scope-OrgID: TENANT"' : '--prometheus-token-file';
  const quoted = said === '' || said.startsWith('<') ? '' : `: ${said}`;
  return new ReadError('forbidden', what, `${what} is refused with HTTP ${answer.status}${quoted} (needs ${needs})`, { needs });
}

function parsed(answer: ApiAnswer, what: string): Readonly<Record<string, unknown>> {
  const body = answer.body.trimStart();
  if (!body.startsWith('{')) throw notJson(answer, what);
  try {
    return record(JSON.parse(body));
  } catch (cause) {
    const end = excerpt(body.slice(-60));
    throw new ReadError(
      'malformed',
      what,
      `${what} answered JSON that ends early or is broken after ${answer.body.length} characters: …${end}`,
      { cause },
    );
  }
}

function notJson(answer: ApiAnswer, what: string): ReadError {
  if (answer.body.trimStart().startsWith('<') || answer.type.includes('html'))
    return new ReadError(
      'malformed',
      what,
      `${what} answered an HTML page (HTTP ${answer.status}): a login page or another server stands in front of it`,
    );
  if (answer.status === 404 || answer.body.includes('unsupported path'))
    return new ReadError('absent', what, `${what} answered HTTP ${answer.status}: this server has no such API`);
  return unusual(answer, what);
}

function unusual(answer: ApiAnswer, what: string): ReadError {
  const reason = answer.status >= 500 ? 'unreachable' : 'malformed';
  return new ReadError(reason, what, `${what} answered HTTP ${answer.status}: ${excerpt(answer.body) || 'nothing'}`);
}

function excerpt(body: string): string {
  const line = body.trim().replace(/\s+/g, ' ');
  return line.length > 200 ? `${line.slice(0, 200)}…` : line;
}

/** /api/v1/targets, the active ones. */
export function activeTargets(data: unknown): readonly Target[] {
  return records(record(data).activeTargets).map((target) => ({
    pool: text(target.scrapePool) ?? '',
    url: text(target.scrapeUrl) ?? '',
    labels: strings(target.labels),
    health: text(target.health) ?? 'unknown',
    lastError: text(target.lastError) ?? '',
    lastScrape: scraped(text(target.lastScrape)),
    interval: text(target.scrapeInterval) ?? text(record(target.discoveredLabels).__scrape_interval__),
  }));
}

/** Go's zero time stands for "not yet". */
function scraped(time: string | null): string | null {
  return time === null || time.startsWith('0001-') ? null : time;
}

/** Dropped targets by pool (Prometheus 2.47 and later); null where the server does not count them. */
export function droppedCounts(data: unknown): Readonly<Record<string, number>> | null {
  const counts = record(data).droppedTargetCounts;
  if (typeof counts !== 'object' || counts === null) return null;
  return Object.fromEntries(
    Object.entries(record(counts)).flatMap(([pool, count]) => (number(count) === null ? [] : [[pool, number(count) ?? 0]])),
  );
}

/** /api/v1/scrape_pools. */
export function poolNames(data: unknown): readonly string[] {
  return list(record(data).scrapePools).map(String);
}

/** An instant vector; a scalar counts as one sample without labels. Throws ReadError for anything else. */
export function samplesOf(data: unknown, what: string): readonly Sample[] {
  const { resultType, result } = record(data);
  if (resultType === 'scalar') return [{ labels: {}, value: Number(list(result)[1]) }];
  if (resultType !== 'vector' || !Array.isArray(result)) throw new ReadError('malformed', what, `${what} answered no vector`);
  return records(result).map((sample) => ({ labels: strings(sample.metric), value: Number(list(sample.value)[1]) }));
}

/** /api/v1/labels. */
export function namesOf(data: unknown): readonly string[] {
  return list(data).filter((name): name is string => typeof name === 'string');
}

/** What kind of server answers the API. */
export interface Build {
  readonly product: 'prometheus' | 'thanos' | 'mimir' | 'victoriametrics';
  /** "3.5.3"; null when it does not say. */
  readonly version: string | null;
}

/** /api/v1/status/buildinfo: Mimir names itself, VictoriaMetrics answers {}, Thanos counts from 0. Recorded in real/mimir, real/victoriametrics. */
export function buildOf(data: unknown): Build {
  const { application, version } = record(data);
  const number = /^v?(\d+\.\d+(?:\.\d+)?)/.exec(text(version) ?? '')?.[1] ?? null;
  if (text(application)?.includes('Mimir')) return { product: 'mimir', version: number };
  if (text(version) === null || text(version) === '') return { product: 'victoriametrics', version: null };
  return { product: number?.startsWith('0.') ? 'thanos' : 'prometheus', version: number };
}

/** A build for people: "Prometheus 3.5.3". */
export function buildText(build: Build): string {
  const names = { prometheus: 'Prometheus', thanos: 'Thanos', mimir: 'Grafana Mimir', victoriametrics: 'VictoriaMetrics' };
  return build.version === null ? names[build.product] : `${names[build.product]} ${build.version}`;
}

/** Whether a Prometheus is at least this version; true when it does not tell. */
export function atLeast(version: string | null, major: number, minor: number): boolean {
  const [, x, y] = /^v?(\d+)\.(\d+)/.exec(version ?? '') ?? [];
  return x === undefined || Number(x) > major || (Number(x) === major && Number(y) >= minor);
}
