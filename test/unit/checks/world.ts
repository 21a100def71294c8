import { sharedChecks } from '../../../src/checks/shared.ts';
import { defaultIds } from '../../../src/checks/shared-ids.ts';
import { consequences } from '../../../src/engine/consequence.ts';
import { gather } from '../../../src/engine/gather.ts';
import type { Emission, Emitter, IdentityLabel, Nouns, TokenSeries } from '../../../src/facts/emitters.ts';
import { podOf } from '../../../src/facts/pods.ts';
import type { Verdict } from '../../../src/model/check.ts';
import { defineFact, type Options } from '../../../src/model/fact.ts';
import type { KubeObject, Source } from '../../../src/model/source.ts';
import { type Answer, memorySource } from '../memory-source.ts';

export type Fields = Readonly<Record<string, unknown>>;

export const options: Options = { gateway: null, namespace: null, selector: null, expectLabels: [], prometheus: null };

/** A gateway proxy whose sidecar counts tokens on port 1064, and whose Envoy has metrics of its own on 19001. */
export function proxyPod(
  name: string,
  ip: string | null,
  change: { readonly spec?: Fields; readonly status?: Fields; readonly metadata?: Fields } = {},
): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace: 'gateways',
      labels: { 'app.kubernetes.io/managed-by': 'envoy-gateway', 'app.kubernetes.io/component': 'proxy', 'pod-template-hash': '5c4d' },
      ...change.metadata,
    },
    spec: {
      containers: [{ name: 'envoy', image: 'envoy:v1', ports: [{ name: 'metrics', containerPort: 19001 }] }],
      initContainers: [
        { name: 'extproc', image: 'extproc:v0.5.0', restartPolicy: 'Always', ports: [{ name: 'aigw-admin', containerPort: 1064 }] },
      ],
      ...change.spec,
    },
    status: { phase: 'Running', ...(ip === null ? {} : { podIP: ip }), conditions: [{ type: 'Ready', status: 'True' }], ...change.status },
  };
}

export function podMonitor(name: string, spec: Fields = {}, metadata: Fields = {}): KubeObject {
  return {
    apiVersion: 'monitoring.coreos.com/v1',
    kind: 'PodMonitor',
    metadata: { name, namespace: 'gateways', generation: 1, labels: { release: 'kps' }, ...metadata },
    spec: {
      selector: { matchLabels: { 'app.kubernetes.io/component': 'proxy' } },
      podMetricsEndpoints: [{ port: 'aigw-admin', path: '/metrics' }],
      ...spec,
    },
  };
}

export function prometheusObject(name = 'k8s', spec: Fields = {}, kind = 'Prometheus'): KubeObject {
  return {
    apiVersion: `monitoring.coreos.com/${kind === 'Prometheus' ? 'v1' : 'v1alpha1'}`,
    kind,
    metadata: { name, namespace: 'monitoring' },
    spec: {
      podMonitorSelector: { matchLabels: { release: 'kps' } },
      podMonitorNamespaceSelector: {},
      serviceMonitorSelector: {},
      version: 'v3.5.0',
      ...spec,
    },
  };
}

export function prometheusPod(name = 'k8s', shard = 0, replica = 0): KubeObject {
  const suffix = shard === 0 ? '' : `-shard-${shard}`;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: `prometheus-${name}${suffix}-${replica}`,
      namespace: 'monitoring',
      labels: {
        'app.kubernetes.io/name': 'prometheus',
        'operator.prometheus.io/name': name,
        'operator.prometheus.io/shard': String(shard),
      },
    },
    spec: { containers: [{ name: 'prometheus', image: 'prometheus:v3.5.0', ports: [{ name: 'web', containerPort: 9090 }] }] },
    status: { phase: 'Running', podIP: '10.9.0.1', conditions: [{ type: 'Ready', status: 'True' }] },
  };
}

export function operatorDeployment(args: readonly string[] = [], ready = 1): KubeObject {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'operator', namespace: 'monitoring' },
    spec: {
      replicas: 1,
      template: { spec: { containers: [{ name: 'operator', image: 'quay.io/prometheus-operator/prometheus-operator:v0.85.0', args }] } },
    },
    status: { readyReplicas: ready },
  };
}

export function namespace(name: string, labels: Readonly<Record<string, string>> = {}): KubeObject {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels: { 'kubernetes.io/metadata.name': name, ...labels } } };
}

export interface FakeTarget {
  readonly pool?: string;
  readonly ip: string;
  readonly path?: string;
  readonly port?: number;
  readonly labels?: Readonly<Record<string, string>>;
  readonly lastError?: string;
}

/** What a Prometheus of the table says. */
export interface FakePrometheus {
  readonly version?: string;
  readonly targets?: readonly FakeTarget[];
  readonly pools?: readonly string[];
  readonly dropped?: Readonly<Record<string, number>>;
  readonly reload?: boolean;
  /** Series by stored name. */
  readonly names?: Readonly<Record<string, number>>;
  /** Labels that series carry. */
  readonly labels?: readonly string[];
  readonly age?: number;
  readonly overcount?: number;
  /** Age of the last sample, where nothing is stored now. */
  readonly lastAge?: number;
}

export const pool = 'podMonitor/gateways/tokens/0';

export const healthyPrometheus: FakePrometheus = {
  targets: [{ ip: '10.0.0.1' }, { ip: '10.0.0.2' }],
  pools: [pool],
  names: { gen_ai_client_token_usage_sum: 12 },
  labels: ['user_id'],
  age: 7,
};

const ok = (data: unknown): Answer => ({
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ status: 'success', data }),
});

/** The endpoints of a fake Prometheus at "NAMESPACE/POD:PORT", "NAMESPACE/SERVICE:PORT" or a URL. */
export function prometheusEndpoints(
  at: string,
  fake: FakePrometheus,
): Record<string, Answer | ((request: { readonly query?: readonly (readonly [string, string])[] }) => Answer)> {
  const asked = (request: { readonly query?: readonly (readonly [string, string])[] }, name: string): string =>
    request.query?.find(([key]) => key === name)?.[1] ?? '';
  return {
    [`${at}/api/v1/status/buildinfo`]: ok({ version: fake.version ?? '3.5.0' }),
    [`${at}/api/v1/status/runtimeinfo`]: ok({ reloadConfigSuccess: fake.reload ?? true, lastConfigTime: '2026-11-24T11:00:00Z' }),
    [`${at}/api/v1/scrape_pools`]: ok({ scrapePools: fake.pools ?? [] }),
    [`${at}/api/v1/targets`]: (request) =>
      asked(request, 'state') === 'dropped'
        ? ok({ activeTargets: [], droppedTargetCounts: fake.dropped ?? {} })
        : ok({ activeTargets: (fake.targets ?? []).map(targetOf) }),
    [`${at}/api/v1/labels`]: ok(['__name__', 'instance', ...(fake.labels ?? [])]),
    [`${at}/api/v1/query`]: (request) => ok({ resultType: 'vector', result: answered(asked(request, 'query'), fake) }),
  };
}

function targetOf({ ip, path = '/metrics', port = 1064, lastError = '', ...rest }: FakeTarget): Fields {
  const job = (rest.pool ?? pool).split('/').slice(1, 3).join('/');
  return {
    discoveredLabels: {},
    labels: { job, endpoint: 'aigw-admin', instance: `${ip}:${port}`, ...rest.labels },
    scrapePool: rest.pool ?? pool,
    scrapeUrl: `http://${ip}:${port}${path}`,
    lastError,
    lastScrape: '2026-11-24T11:59:50Z',
    health: lastError === '' ? 'up' : 'down',
    scrapeInterval: '30s',
  };
}

/** Just the shapes of question that tokmeter asks. */
function answered(query: string, fake: FakePrometheus): readonly Fields[] {
  const names = Object.entries(fake.names ?? {});
  const one = (value: number | undefined): readonly Fields[] => (value === undefined ? [] : [{ metric: {}, value: [0, String(value)] }]);
  if (query.startsWith('count by (__name__)'))
    return names.map(([name, count]) => ({ metric: { __name__: name }, value: [0, String(count)] }));
  const label = /,"?([^",!]+)"?!=""\}\)$/.exec(query)?.[1];
  if (label !== undefined) return one(fake.labels?.includes(label) ? 12 : undefined);
  if (query.startsWith('time() - max(timestamp(')) return one(fake.age);
  if (query.startsWith('time() - max(max_over_time(')) return one(fake.lastAge);
  if (query.startsWith('sum(')) return one(fake.overcount);
  throw new Error(`unexpected query ${query}`);
}

export interface World {
  readonly proxies?: readonly KubeObject[];
  readonly objects?: readonly KubeObject[];
  readonly endpoints?: Readonly<Record<string, Answer | ((request: never) => Answer)>>;
  readonly refused?: Readonly<Record<string, 'absent' | 'forbidden'>>;
  readonly options?: Partial<Options>;
  /** By pod name; "idle" for no traffic. Default: user_id=alice on every pod. */
  readonly emissions?: Readonly<Record<string, 'idle' | Readonly<Record<string, string>>>>;
  readonly identity?: readonly IdentityLabel[];
  /** Whether ServiceMonitors may scrape the pods. */
  readonly services?: boolean;
}

export const proxies = [proxyPod('gw-1', '10.0.0.1'), proxyPod('gw-2', '10.0.0.2')];
export const healthyObjects = [
  podMonitor('tokens'),
  prometheusObject(),
  prometheusPod(),
  operatorDeployment(),
  namespace('gateways'),
  namespace('monitoring'),
];
export const prometheusAt = 'monitoring/prometheus-k8s-0:9090';
export const userId: IdentityLabel = { label: 'user_id', attribute: 'user.id', header: 'x-user-id' };

export function emitterOf(object: KubeObject): Emitter {
  const pod = podOf(object);
  const ports = pod.containers.flatMap((container) => container.ports).filter(({ number }) => number === 1064);
  const names = ports.flatMap(({ name }) => (name === null ? [] : [name]));
  const name = `${pod.namespace}/${pod.name}`;
  return {
    key: `pod ${name}`,
    subject: `Pod ${name}`,
    pod,
    container: 'extproc',
    port: 1064,
    portNames: ports.length === 0 ? null : names,
    path: '/metrics',
    release: 'v0.5.0',
  };
}

export function emissionOf(emitter: Emitter, labels: 'idle' | Readonly<Record<string, string>> = { user_id: 'alice' }): Emission {
  if (labels === 'idle') return { emitter, outcome: { status: 'idle' }, target: {} };
  const series: TokenSeries[] = [{ labels: { ...labels, gen_ai_token_type: 'input' }, sum: 120, count: 3 }];
  return {
    emitter,
    outcome: { status: 'metered', family: 'gen_ai_client_token_usage', series, labelNames: Object.keys(labels), requests: [] },
    target: {},
  };
}

export function nounsOf(world: World): Nouns {
  const emitters = (world.proxies ?? proxies).map(emitterOf);
  return {
    one: 'proxy',
    many: 'proxies',
    family: {
      name: 'gen_ai_client_token_usage',
      sumPattern: 'gen_ai[._]client[._]token[._]usage(_token)?_sum',
      spellings: ['gen_ai_client_token_usage_sum'],
      total: null,
    },
    emitters: defineFact({ id: 'emitters', title: 'emitters', read: () => ({ read: emitters, unread: [] }) }),
    emissions: defineFact({
      id: 'emissions',
      title: 'emissions',
      read: () => ({ read: emitters.map((emitter) => emissionOf(emitter, world.emissions?.[emitter.pod.name])), unread: [] }),
    }),
    identity: defineFact({ id: 'identity', title: 'identity', read: () => world.identity ?? [userId] }),
    ...(world.services === true ? { services: true } : {}),
  };
}

export function sourceOf(world: World): Source & { readonly log: readonly string[] } {
  return memorySource({
    objects: [...(world.proxies ?? proxies), ...(world.objects ?? healthyObjects)],
    endpoints: (world.endpoints ?? prometheusEndpoints(prometheusAt, healthyPrometheus)) as Record<string, Answer>,
    refused: world.refused ?? {},
  });
}

export interface Judgement {
  readonly verdicts: Readonly<Record<string, Verdict>>;
  readonly failing: readonly string[];
  readonly unknown: readonly string[];
  /** Failures that follow from no other. */
  readonly roots: readonly string[];
  readonly log: readonly string[];
}

/** Checks of what relabeling does to series; they have tables of their own. */
const elsewhere: ReadonlySet<string> = new Set(['tenants-merged', 'tokens-dropped', 'counts-disagree']);

/** Runs the shared checks over a world, from the declared port to the stored series. */
export async function judged(world: World): Promise<Judgement> {
  const source = sourceOf(world);
  const { reader } = gather(source, { ...options, ...world.options });
  const grouped = sharedChecks(nounsOf(world), defaultIds);
  const all = [...grouped.expose, ...grouped.discover, ...grouped.collect, ...grouped.query];
  const checks = all.filter(({ id }) => !elsewhere.has(id));
  const results = await Promise.all(checks.map(async (check) => ({ check, verdict: await check.examine(reader) })));
  const rows = results.map(({ check, verdict }) => ({
    id: check.id,
    severity: check.severity,
    follows: check.follows,
    status: verdict.status,
    findings: verdict.status === 'fail' ? verdict.findings : [],
  }));
  const folded = consequences(rows);
  const failing = rows.filter(({ status }) => status === 'fail').map(({ id }) => id);
  return {
    verdicts: Object.fromEntries(results.map(({ check, verdict }) => [check.id, verdict])),
    failing,
    unknown: rows.filter(({ status }) => status === 'unknown').map(({ id }) => id),
    roots: failing.filter((id) => !folded.has(id)),
    log: source.log,
  };
}

/** Messages of a failing check. */
export function messages(judgement: Judgement, id: string): readonly string[] {
  const verdict = judgement.verdicts[id];
  return verdict?.status === 'fail' ? verdict.findings.map(({ message }) => message) : [];
}
