import { consequences } from '../../../../src/engine/consequence.ts';
import { gather } from '../../../../src/engine/gather.ts';
import type { Check, Finding, Verdict } from '../../../../src/model/check.ts';
import type { Options } from '../../../../src/model/fact.ts';
import type { KubeObject, Request } from '../../../../src/model/source.ts';
import { kuadrant } from '../../../../src/pipelines/kuadrant/index.ts';
import { type Answer, type Memory, memorySource } from '../../memory-source.ts';
import * as healthy from './objects.ts';

type Fields = Readonly<Record<string, unknown>>;

const noOptions: Options = { gateway: null, namespace: null, selector: null, expectLabels: [], prometheus: null };

const prometheus: readonly KubeObject[] = [
  {
    apiVersion: 'monitoring.coreos.com/v1',
    kind: 'Prometheus',
    metadata: { name: 'k8s', namespace: 'monitoring' },
    spec: {
      podMonitorSelector: {},
      podMonitorNamespaceSelector: {},
      serviceMonitorSelector: {},
      serviceMonitorNamespaceSelector: {},
      version: 'v3.5.0',
    },
  },
  {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: 'prometheus-k8s-0',
      namespace: 'monitoring',
      labels: { 'app.kubernetes.io/name': 'prometheus', 'operator.prometheus.io/name': 'k8s', 'operator.prometheus.io/shard': '0' },
    },
    spec: { containers: [{ name: 'prometheus', image: 'prometheus:v3.5.0', ports: [{ name: 'web', containerPort: 9090 }] }] },
    status: { phase: 'Running', podIP: '10.9.0.1', conditions: [{ type: 'Ready', status: 'True' }] },
  },
];

/** What the Prometheus of a test says: samples by the beginning of the query. */
export interface Stored {
  /** Errors of the targets, one a target; "": it is up. */
  readonly targets?: readonly string[];
  readonly pool?: string;
  readonly labels?: readonly string[];
  readonly answers?: Readonly<Record<string, readonly (readonly [Readonly<Record<string, string>>, number])[]>>;
}

const ok = (data: unknown): Answer => ({
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ status: 'success', data }),
});
export const monitorPool = 'podMonitor/kuadrant-system/kuadrant-limitador-monitor/0';

function targetOf(lastError: string, pool: string): Fields {
  const instance = '10.0.1.1:8080';
  return {
    discoveredLabels: {},
    labels: {
      job: 'kuadrant-system/kuadrant-limitador-monitor',
      instance,
      namespace: 'kuadrant-system',
      pod: 'limitador-limitador-6b9d-x',
    },
    scrapePool: pool,
    scrapeUrl: `http://${instance}/metrics`,
    lastError,
    lastScrape: '2026-11-24T11:59:50Z',
    health: lastError === '' ? 'up' : 'down',
    scrapeInterval: '30s',
  };
}

function prometheusAnswers({
  targets = [''],
  pool = monitorPool,
  labels,
  answers = {},
}: Stored): Record<string, Answer | ((request: Request) => Answer)> {
  const all: NonNullable<Stored['answers']> = {
    'count by (__name__)': [[{ __name__: 'authorized_hits' }, 2]],
    'count({__name__=~"authorized_hits(_total)?",user!=""})': [[{}, 2]],
    'count({__name__=~"authorized_hits(_total)?",group!=""})': [[{}, 2]],
    ...answers,
  };
  const at = 'monitoring/prometheus-k8s-0:9090/api/v1';
  const asked = (request: Request, name: string): string => request.query?.find(([key]) => key === name)?.[1] ?? '';
  return {
    [`${at}/status/buildinfo`]: ok({ version: '3.5.0' }),
    [`${at}/status/runtimeinfo`]: ok({ reloadConfigSuccess: true, lastConfigTime: '2026-11-24T11:00:00Z' }),
    [`${at}/status/config`]: ok({ yaml: 'scrape_configs: []' }),
    [`${at}/scrape_pools`]: ok({ scrapePools: [pool] }),
    [`${at}/targets`]: (request) =>
      ok(
        asked(request, 'state') === 'dropped' || targets.length === 0
          ? { activeTargets: [], droppedTargetCounts: {} }
          : { activeTargets: targets.map((error) => targetOf(error, pool)) },
      ),
    [`${at}/labels`]: ok(labels ?? ['__name__', 'instance', 'group', 'user', 'limitador_namespace']),
    [`${at}/query`]: (request) => {
      const query = asked(request, 'query');
      const found = Object.entries(all)
        .filter(([start]) => query.startsWith(start))
        .sort(([a], [b]) => b.length - a.length)[0]?.[1];
      return ok({ resultType: 'vector', result: (found ?? []).map(([metric, value]) => ({ metric, value: [0, String(value)] })) });
    },
  };
}

/** What each test changes of a healthy Kuadrant with one route; null: the object is not there. */
export interface Change extends Partial<Memory> {
  readonly kuadrant?: KubeObject | null;
  readonly operator?: KubeObject | null;
  readonly limitador?: KubeObject | null;
  readonly pods?: readonly KubeObject[];
  readonly gatewayClass?: KubeObject;
  readonly gateway?: KubeObject | null;
  readonly route?: KubeObject | null;
  readonly auth?: readonly KubeObject[];
  readonly limits?: readonly KubeObject[];
  readonly telemetry?: readonly KubeObject[];
  readonly carriers?: readonly KubeObject[];
  readonly monitors?: readonly KubeObject[];
  readonly extra?: readonly KubeObject[];
  readonly options?: Partial<Options>;
  /** Of the Limitador. */
  readonly metrics?: Answer;
  readonly stored?: Stored;
}

const one = (given: KubeObject | null | undefined, usual: KubeObject): readonly KubeObject[] => (given === null ? [] : [given ?? usual]);

export const metricsAt = 'kuadrant-system/limitador-limitador-6b9d-x:8080/metrics';

export function memoryOf(change: Change = {}): Memory {
  return {
    ...change,
    refused: { servicemonitors: 'absent', ...absentKinds, ...change.refused },
    objects: [
      ...one(change.kuadrant, healthy.kuadrantObject()),
      ...one(change.operator, healthy.operator()),
      ...one(change.limitador, healthy.limitador()),
      ...(change.pods ?? [healthy.limitadorPod()]),
      change.gatewayClass ?? healthy.gatewayClass(),
      ...one(change.gateway, healthy.gateway()),
      ...one(change.route, healthy.route()),
      ...(change.auth ?? [healthy.authPolicy()]),
      ...(change.limits ?? [healthy.tokenPolicy()]),
      ...(change.telemetry ?? [healthy.telemetryPolicy()]),
      ...(change.carriers ?? [healthy.wasmPlugin()]),
      ...(change.monitors ?? [healthy.podMonitor()]),
      ...(change.extra ?? []),
      ...prometheus,
    ],
    endpoints: {
      [metricsAt]: change.metrics ?? {
        headers: { 'content-type': 'text/plain; charset=utf-8' },
        body: healthy.trafficPage(['user-1', 'user-2']),
      },
      ...prometheusAnswers(change.stored ?? {}),
      ...change.endpoints,
    },
  };
}

/** Of Envoy Gateway, which is not there. */
const absentKinds = { envoyextensionpolicies: 'absent', envoypatchpolicies: 'absent' } as const;

export function readerOf(change: Change = {}) {
  return gather(memorySource(memoryOf(change)), { ...noOptions, ...change.options }).reader;
}

export function checkOf(id: string): Check {
  const check = kuadrant.checks.find((each) => each.id === id);
  if (check === undefined) throw new Error(`no check ${id}`);
  return check;
}

/** What one check of the pipeline says. */
export function judged(id: string, change: Change = {}): Promise<Verdict> {
  return checkOf(id).examine(readerOf(change));
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
    kuadrant.checks.map(async ({ id, severity, follows, examine }) => {
      const verdict = await examine(reader).catch((error: unknown) => {
        if ((error as Error).name !== 'ReadError') throw error;
        return { status: 'unknown' as const, unread: [] };
      });
      return { id, severity, follows, status: verdict.status, findings: verdict.status === 'fail' ? verdict.findings : [] };
    }),
  );
  const roots = consequences(all);
  return all.filter(({ status }) => status === 'fail').map(({ id }) => (roots.has(id) ? `${id} < ${roots.get(id)}` : id));
}
