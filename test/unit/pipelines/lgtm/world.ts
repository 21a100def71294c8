import type { Check, Verdict } from '../../../../src/model/check.ts';
import type { KubeObject, Request } from '../../../../src/model/source.ts';
import { memorySource } from '../../memory-source.ts';
import { readerOf } from '../envoy-ai-gateway/reader.ts';
import { type Change as GatewayChange, memoryOf } from '../envoy-ai-gateway/world.ts';
import { configMap, datasourceMap, grafana, mimir, mimirConfig, mimirLabels, pod, service, workload } from './objects.ts';
import { letIn } from './rbac-objects.ts';

/** What a test changes of a sound gateway whose sidecar a collector scrapes into one Mimir. */
export interface Change extends Omit<GatewayChange, 'extra'> {
  readonly collector?: readonly KubeObject[];
  readonly mimir?: readonly KubeObject[];
  readonly grafana?: readonly KubeObject[];
  readonly extra?: readonly KubeObject[];
  /** Who may list pods; absent: the collectors of namespace monitoring. */
  readonly rbac?: readonly KubeObject[];
  /** What the Mimir answers by part of the query; null: nothing listens. */
  readonly answers?: Answers | null;
}

export interface Answers {
  /** The tenant without which it answers 401. */
  readonly tenant?: string;
  readonly labels?: readonly string[];
  /** Samples by the first key that a query contains: labels and value. */
  readonly samples?: Readonly<Record<string, readonly (readonly [labels: Readonly<Record<string, string>>, value: number])[]>>;
}

const base = 'monitoring/lgtm-pack-mimir-0:8080';
const ok = (data: unknown): string => JSON.stringify({ status: 'success', data });

function mimirEndpoints(answers: Answers | null): Record<string, (request: Request) => { status?: number; body: string }> {
  if (answers === null) return {};
  const guarded = (answer: (request: Request) => string) => (request: Request) =>
    answers.tenant !== undefined && request.headers?.['X-Scope-OrgID'] !== answers.tenant
      ? { status: 401, body: 'no org id\n' }
      : { body: answer(request) };
  const query = (request: Request): string => {
    const asked = request.query?.find(([name]) => name === 'query')?.[1] ?? '';
    const found = Object.entries(answers.samples ?? {}).find(([part]) => asked.includes(part))?.[1] ?? [];
    return ok({ resultType: 'vector', result: found.map(([metric, value]) => ({ metric, value: [1_764_000_000, String(value)] })) });
  };
  return {
    [`${base}/api/v1/status/buildinfo`]: () => ({ body: ok({ application: 'Grafana Mimir', version: '3.0.5' }) }),
    [`${base}/prometheus/api/v1/query`]: guarded(query),
    [`${base}/prometheus/api/v1/labels`]: guarded(() => ok(answers.labels ?? sidecarLabels)),
  };
}

const sidecarLabels = [
  '__name__',
  'instance',
  'job',
  'pod',
  'gen_ai_operation_name',
  'gen_ai_request_model',
  'gen_ai_token_type',
  'user_id',
];

/** What a collector of the pack is told. */
export function relay(
  exporter: string = writeTo('http://lgtm-pack-mimir.monitoring.svc:8080/api/v1/push'),
  job = 'ai-gateway-extproc',
  port = 1064,
): string {
  return `
receivers:
  prometheus:
    config:
      scrape_configs:
        - job_name: ${job}
          kubernetes_sd_configs: [{role: pod}]
          relabel_configs:
            - {source_labels: [__meta_kubernetes_pod_container_port_number], regex: "${port}", action: keep}
            - {source_labels: [__meta_kubernetes_namespace], target_label: namespace}
            - {source_labels: [__meta_kubernetes_pod_name], target_label: pod}
exporters:
  ${exporter}
service:
  pipelines:
    metrics: {receivers: [prometheus], exporters: [prometheusremotewrite]}
`;
}

export const writeTo = (endpoint: string, tenant?: string): string =>
  `prometheusremotewrite: {endpoint: "${endpoint}"${tenant === undefined ? '' : `, headers: {X-Scope-OrgID: ${tenant}}`}}`;

const collectorLabels = { 'app.kubernetes.io/name': 'opentelemetry-collector', 'app.kubernetes.io/instance': 'opentelemetry-collector' };

/** The DaemonSet of the chart and its ConfigMap. */
export function collector(config = relay(), name = 'opentelemetry-collector-agent'): readonly KubeObject[] {
  const labels = { ...collectorLabels, component: name };
  const shape = workload(name, {
    kind: 'DaemonSet',
    image: 'otel/opentelemetry-collector-k8s:0.143.0',
    args: ['--config=/conf/relay.yaml'],
    labels,
  });
  const template = (shape.spec as { template: { spec: { containers: Record<string, unknown>[] } } }).template.spec;
  const [container = {}] = template.containers;
  const mounted = { ...container, volumeMounts: [{ name: 'cm', mountPath: '/conf' }] };
  const volumes = [{ name: 'cm', configMap: { name, items: [{ key: 'relay', path: 'relay.yaml' }] } }];
  return [
    {
      ...shape,
      spec: {
        ...(shape.spec as object),
        template: { ...(shape.spec as { template: object }).template, spec: { containers: [mounted], volumes } },
      },
    },
    configMap(name, { relay: config }),
    pod(`${name}-x7k2p`, labels),
  ];
}

export const sound: Answers = {
  samples: {
    '/ sum(avg by': [[{}, 1]],
    '/ sum(avg without': [[{}, 1]],
    'count by (__name__)': [[{ __name__: 'gen_ai_client_token_usage_sum' }, 4]],
    'count by (instance)': [[{ instance: '10.244.1.27:1064' }, 4]],
    'time() - max(timestamp(': [[{}, 12]],
    'user_id!=""': [[{}, 4]],
    'sum(rate(': [[{}, 0]],
    'offset 120s': [[{}, 400]],
    topk: [[{ user_id: 'alice' }, 200]],
    'sum(': [[{}, 400]],
  },
};

/** The whole cluster. */
export function lgtmMemory({
  collector: collectors = collector(),
  mimir: store,
  grafana: reader,
  extra = [],
  rbac = letIn,
  answers = sound,
  ...change
}: Change = {}) {
  const memory = memoryOf({
    ...change,
    extra: [
      ...collectors,
      ...(store ?? [mimir(), mimirConfig(), pod('lgtm-pack-mimir-0', mimirLabels), service('lgtm-pack-mimir', mimirLabels)]),
      ...(reader ?? [grafana(), datasourceMap()]),
      ...rbac,
      ...extra,
    ],
  });
  return { ...memory, endpoints: { ...mimirEndpoints(answers), ...memory.endpoints } };
}

/** What a check says of a sound cluster with one change. */
export function judgedLgtm(check: Check, change: Change = {}): Promise<Verdict> {
  return check.examine(readerOf(memorySource(lgtmMemory(change)), change.options));
}
