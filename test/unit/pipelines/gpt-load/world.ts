import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { consequences } from '../../../../src/engine/consequence.ts';
import { gather } from '../../../../src/engine/gather.ts';
import type { Check, Finding, Verdict } from '../../../../src/model/check.ts';
import type { Options } from '../../../../src/model/fact.ts';
import type { KubeObject, Request } from '../../../../src/model/source.ts';
import { gptLoad } from '../../../../src/pipelines/gpt-load/index.ts';
import { type Answer, type Memory, memorySource } from '../../memory-source.ts';
import { pod, podMonitor, prometheus, workload } from './objects.ts';

type Fields = Readonly<Record<string, unknown>>;

export const noOptions: Options = { gateway: null, namespace: null, selector: null, expectLabels: [], prometheus: null };

/** A page as a real server answered it. */
export const page = (name: string): string => readFileSync(join(import.meta.dirname, 'pages', name), 'utf8');

export const html: Answer = { headers: { 'content-type': 'text/html; charset=utf-8' }, body: page('stock.html') };
export const plain = (body: string, status = 200): Answer => ({ status, headers: { 'content-type': 'text/plain; charset=utf-8' }, body });
export const missingToken = plain('missing or invalid authorization header', 401);

export const monitorPool = 'podMonitor/llm/gpt-load/0';

export interface FakeTarget {
  readonly index?: number;
  readonly pool?: string;
  readonly lastError?: string;
  readonly health?: string;
}

/** What the Prometheus of a test says: samples by the beginning of the query. */
export interface Stored {
  readonly targets?: readonly FakeTarget[];
  readonly answers?: Readonly<Record<string, readonly (readonly [Readonly<Record<string, string>>, number])[]>>;
}

const ok = (data: unknown): Answer => ({
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ status: 'success', data }),
});

function targetOf({ index = 0, pool = monitorPool, lastError = '', health }: FakeTarget): Fields {
  const instance = `10.0.1.${index + 1}:3001`;
  return {
    discoveredLabels: {},
    labels: { job: 'llm/gpt-load', instance, namespace: 'llm', pod: `gpt-load-5d9f-${index}` },
    scrapePool: pool,
    scrapeUrl: `http://${instance}/metrics`,
    lastError,
    lastScrape: '2026-11-24T11:59:50Z',
    health: health ?? (lastError === '' ? 'up' : 'down'),
    scrapeInterval: '30s',
  };
}

/** Tokens are stored, and nothing else is known. */
export const storedNames = { 'count by (__name__)': [[{ __name__: 'gpt_load_tokens_total' }, 9]] } as const;

function prometheusAnswers({ targets = [{}], answers = {} }: Stored): Record<string, Answer | ((request: Request) => Answer)> {
  const all = { ...storedNames, ...answers };
  const at = 'monitoring/prometheus-k8s-0:9090/api/v1';
  const asked = (request: Request, name: string): string => request.query?.find(([key]) => key === name)?.[1] ?? '';
  return {
    [`${at}/status/buildinfo`]: ok({ version: '3.5.0' }),
    [`${at}/status/runtimeinfo`]: ok({ reloadConfigSuccess: true, lastConfigTime: '2026-11-24T11:00:00Z' }),
    [`${at}/status/config`]: ok({ yaml: 'scrape_configs: []' }),
    [`${at}/scrape_pools`]: ok({ scrapePools: [monitorPool] }),
    [`${at}/targets`]: (request) =>
      ok(asked(request, 'state') === 'dropped' ? { activeTargets: [], droppedTargetCounts: {} } : { activeTargets: targets.map(targetOf) }),
    [`${at}/labels`]: ok(['__name__', 'instance', 'group', 'model', 'type']),
    [`${at}/query`]: (request) => {
      const query = asked(request, 'query');
      const found = Object.entries(all)
        .filter(([start]) => query.startsWith(start))
        .sort(([a], [b]) => b.length - a.length)[0]?.[1];
      return ok({ resultType: 'vector', result: (found ?? []).map(([metric, value]) => ({ metric, value: [0, String(value)] })) });
    },
  };
}

/** What each test changes of one pod with a token, a claim, a PodMonitor and a page with traffic. */
export interface Change extends Partial<Memory> {
  readonly workloads?: readonly KubeObject[];
  readonly pods?: readonly KubeObject[];
  readonly extra?: readonly KubeObject[];
  readonly options?: Partial<Options>;
  /** Of each pod. */
  readonly metrics?: Answer | ((request: Request) => Answer);
  readonly health?: Answer;
  readonly stored?: Stored;
}

export function memoryOf(change: Change = {}): Memory {
  const pods = change.pods ?? [pod()];
  const pages = pods.flatMap(({ metadata: { name } }) => [
    [`llm/${name}:3001/metrics`, change.metrics ?? plain(busy)] as const,
    [`llm/${name}:3001/health`, change.health ?? '{"status":"healthy"}'] as const,
  ]);
  return {
    ...change,
    objects: [...(change.workloads ?? [workload()]), ...pods, ...(change.extra ?? [podMonitor()]), ...prometheus],
    endpoints: { ...Object.fromEntries(pages), ...prometheusAnswers(change.stored ?? {}), ...change.endpoints },
  };
}

/** One group and model with prompt and completion tokens. */
export const busy = `# TYPE gpt_load_requests_total counter
gpt_load_requests_total{group="openai",model="gpt-4o-mini"} 128

# TYPE gpt_load_tokens_total counter
gpt_load_tokens_total{type="prompt",group="openai",model="gpt-4o-mini"} 51840
gpt_load_tokens_total{type="completion",group="openai",model="gpt-4o-mini"} 20736
gpt_load_tokens_total{type="total",group="openai",model="gpt-4o-mini"} 72576

# TYPE gpt_load_cost_total counter
`;

const given: Partial<Options> = { metricsToken: 'right' };

/** A reader of a world; the token is given unless the test says otherwise. */
export function readerOf(change: Change = {}) {
  return gather(memorySource(memoryOf(change)), { ...noOptions, ...given, ...change.options }).reader;
}

export const withoutToken: Partial<Options> = { metricsToken: undefined } as unknown as Partial<Options>;

/** What one check of the pipeline says. */
export function judged(id: string, change: Change = {}): Promise<Verdict> {
  return checkOf(id).examine(readerOf(change));
}

export function checkOf(id: string): Check {
  const check = gptLoad.checks.find((each) => each.id === id);
  if (check === undefined) throw new Error(`no check ${id}`);
  return check;
}

/** A verdict in a line: its status and its messages. */
export function lineOf(verdict: Verdict): string {
  switch (verdict.status) {
    case 'pass':
      return ['pass', verdict.note].filter(Boolean).join(': ');
    case 'fail':
      return `fail: ${verdict.findings.map(graded).join(' | ')}`;
    case 'unknown':
      return `unknown: ${verdict.unread.map(({ reason, needs }) => [reason, needs].filter(Boolean).join(' ')).join(' | ')}`;
    case 'skip':
      return `skip: ${verdict.because}`;
  }
}

const graded = ({ message, severity }: Finding): string => (severity === 'warning' ? `[warning] ${message}` : message);

/** Failing checks of the whole pipeline: those that stand, and those that follow, as "id < root". */
export async function standing(change: Change = {}): Promise<readonly string[]> {
  const reader = readerOf(change);
  const all = await Promise.all(
    gptLoad.checks.map(async ({ id, severity, follows, examine }) => {
      const verdict = await examine(reader);
      return { id, severity, follows, status: verdict.status, findings: verdict.status === 'fail' ? verdict.findings : [] };
    }),
  );
  const roots = consequences(all);
  return all.filter(({ status }) => status === 'fail').map(({ id }) => (roots.has(id) ? `${id} < ${roots.get(id)}` : id));
}
