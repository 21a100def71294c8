import type { KubeObject } from '../../../../src/model/source.ts';

/** Shapes of the objects that a healthy gateway consists of; each test changes one thing. */

export interface ControllerShape {
  readonly version?: string;
  readonly image?: string;
  readonly mapping?: readonly string[];
  readonly labels?: Readonly<Record<string, string>>;
  readonly status?: Readonly<Record<string, unknown>>;
  readonly replicas?: number;
  readonly args?: readonly string[];
}

export function controller(shape: ControllerShape = {}): KubeObject {
  const { version = 'v0.5.0', replicas = 1 } = shape;
  const image = shape.image ?? `docker.io/envoyproxy/ai-gateway-controller:${version}`;
  const mapping = shape.mapping ?? ['--metricsRequestHeaderAttributes=x-user-id:user.id'];
  const args = shape.args ?? [
    '-logLevel=info',
    `--extProcImage=docker.io/envoyproxy/ai-gateway-extproc:${version}`,
    ...mapping,
    '--rootPrefix=/',
  ];
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: {
      name: 'ai-gateway-controller',
      namespace: 'envoy-ai-gateway-system',
      labels: shape.labels ?? { 'app.kubernetes.io/version': version },
      annotations: { 'meta.helm.sh/release-name': 'aieg', 'meta.helm.sh/release-namespace': 'envoy-ai-gateway-system' },
    },
    spec: {
      replicas,
      selector: { matchLabels: { 'app.kubernetes.io/name': 'ai-gateway-helm' } },
      template: { spec: { containers: [{ name: 'ai-gateway-helm', image, args }] } },
    },
    status: shape.status ?? { replicas, readyReplicas: replicas, updatedReplicas: replicas, availableReplicas: replicas },
  };
}

export function controllerPod(name: string, status: Readonly<Record<string, unknown>> = {}): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'envoy-ai-gateway-system', labels: { 'app.kubernetes.io/name': 'ai-gateway-helm' } },
    spec: { containers: [{ name: 'ai-gateway-helm', image: 'docker.io/envoyproxy/ai-gateway-controller:v0.5.0', args: [] }] },
    status: {
      phase: 'Running',
      containerStatuses: [{ name: 'ai-gateway-helm', ready: true, restartCount: 0, state: { running: {} } }],
      ...status,
    },
  };
}

export interface PodShape {
  readonly name?: string;
  readonly namespace?: string;
  readonly version?: string;
  readonly image?: string;
  readonly args?: readonly string[];
  readonly mapping?: readonly string[];
  readonly ports?: readonly { readonly name?: string; readonly containerPort: number }[];
  readonly native?: boolean;
  readonly sidecar?: false;
  readonly labels?: Readonly<Record<string, string>>;
  readonly env?: readonly { readonly name: string; readonly value: string }[];
  readonly state?: Readonly<Record<string, unknown>>;
  readonly phase?: string;
  readonly deletionTimestamp?: string;
}

const owned = {
  'app.kubernetes.io/managed-by': 'envoy-gateway',
  'app.kubernetes.io/component': 'proxy',
  'gateway.envoyproxy.io/owning-gateway-name': 'maas',
  'gateway.envoyproxy.io/owning-gateway-namespace': 'maas-system',
};

export function proxyPod(shape: PodShape = {}): KubeObject {
  const { name = 'envoy-maas-0', namespace = 'envoy-gateway-system', native = true } = shape;
  const envoy = { name: 'envoy', image: 'envoyproxy/envoy:distroless-v1.36.2', ports: [{ name: 'metrics', containerPort: 19001 }] };
  const sidecar = shape.sidecar === false ? [] : [sidecarContainer(shape)];
  const status = { name: 'ai-gateway-extproc', ready: true, restartCount: 0, state: { running: {} }, ...shape.state };
  const statuses = sidecar.length === 0 ? [] : [status];
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace,
      labels: shape.labels ?? owned,
      creationTimestamp: '2026-11-24T08:00:00Z',
      ...(shape.deletionTimestamp === undefined ? {} : { deletionTimestamp: shape.deletionTimestamp }),
      ownerReferences: [{ kind: 'ReplicaSet', name: 'envoy-maas-7c9d8f6b5d', controller: true }],
    },
    spec: { nodeName: 'worker-1', containers: native ? [envoy] : [envoy, ...sidecar], initContainers: native ? sidecar : [] },
    status: {
      phase: shape.phase ?? 'Running',
      podIP: '10.244.1.27',
      conditions: [{ type: 'Ready', status: 'True' }],
      containerStatuses: native ? [] : statuses,
      initContainerStatuses: native ? statuses : [],
    },
  };
}

function sidecarContainer(shape: PodShape): Readonly<Record<string, unknown>> {
  const version = shape.version ?? 'v0.5.0';
  const mapping = shape.mapping ?? ['-metricsRequestHeaderAttributes', 'x-user-id:user.id'];
  const common = [
    '-logLevel',
    'info',
    '-extProcAddr',
    'unix:///etc/ai-gateway-extproc-uds/run.sock',
    '-adminPort',
    '1064',
    '-rootPrefix',
    '/',
  ];
  return {
    name: 'ai-gateway-extproc',
    image: shape.image ?? `docker.io/envoyproxy/ai-gateway-extproc:${version}`,
    args: shape.args ?? [...common, '-maxRecvMsgSize', '536870912', ...mapping],
    ports: shape.ports ?? [{ name: 'aigw-admin', containerPort: 1064 }],
    env: shape.env ?? [],
    restartPolicy: 'Always',
  };
}

export function gateway(
  name = 'maas',
  extra: { readonly annotations?: Readonly<Record<string, string>>; readonly gatewayClass?: string } = {},
): KubeObject {
  return {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'Gateway',
    metadata: { name, namespace: 'maas-system', annotations: extra.annotations ?? {} },
    spec: { gatewayClassName: extra.gatewayClass ?? 'eg', listeners: [{ name: 'http', protocol: 'HTTP', port: 80 }] },
  };
}

export function aiRoute(
  spec: Readonly<Record<string, unknown>> = {},
  status?: Readonly<Record<string, unknown>>,
  name = 'maas-route',
): KubeObject {
  return {
    apiVersion: 'aigateway.envoyproxy.io/v1alpha1',
    kind: 'AIGatewayRoute',
    metadata: { name, namespace: 'maas-system' },
    spec: {
      parentRefs: [{ group: 'gateway.networking.k8s.io', kind: 'Gateway', name: 'maas' }],
      llmRequestCosts: [{ metadataKey: 'llm_total_token', type: 'TotalToken' }],
      ...spec,
    },
    status: status ?? { conditions: [{ type: 'Accepted', status: 'True', reason: 'ReconciliationSucceeded', message: 'ok' }] },
  };
}

export function httpRoute(conditions?: readonly Readonly<Record<string, unknown>>[], name = 'maas-route'): KubeObject {
  const healthy = [
    { type: 'Accepted', status: 'True', reason: 'Accepted' },
    { type: 'ResolvedRefs', status: 'True', reason: 'ResolvedRefs' },
  ];
  return {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'HTTPRoute',
    metadata: { name, namespace: 'maas-system' },
    spec: {},
    status: {
      parents: [
        { parentRef: { name: 'maas' }, controllerName: 'gateway.envoyproxy.io/gatewayclass-controller', conditions: conditions ?? healthy },
      ],
    },
  };
}

/** A metrics page of v0.5 and later with one request per user; null: no label. */
export function metricsPage(users: readonly (string | null)[], tokens = 100): string {
  const lines = ['# TYPE gen_ai_client_token_usage histogram'];
  const duration = ['# TYPE gen_ai_server_request_duration_seconds histogram'];
  for (const user of users) {
    const identity = user === null ? '' : `,user_id="${user}"`;
    const model = `gen_ai_operation_name="chat",gen_ai_request_model="gpt-4o"`;
    for (const type of ['input', 'output']) {
      const labels = `{${model},gen_ai_token_type="${type}",otel_scope_name="envoyproxy/ai-gateway"${identity}}`;
      lines.push(
        `gen_ai_client_token_usage_bucket{${model},gen_ai_token_type="${type}",otel_scope_name="envoyproxy/ai-gateway"${identity},le="+Inf"} 1`,
      );
      lines.push(`gen_ai_client_token_usage_sum${labels} ${tokens}`, `gen_ai_client_token_usage_count${labels} 1`);
    }
    duration.push(`gen_ai_server_request_duration_seconds_count{${model},otel_scope_name="envoyproxy/ai-gateway"${identity}} 1`);
  }
  return `${[...lines, ...duration, idlePage('1.39.0')].join('\n')}`;
}

/** What a sidecar serves that has served no request. */
export function idlePage(sdk = '1.39.0'): string {
  return [
    '# HELP target_info Target metadata',
    '# TYPE target_info gauge',
    `target_info{service_name="unknown_service:app",telemetry_sdk_language="go",telemetry_sdk_name="opentelemetry",telemetry_sdk_version="${sdk}"} 1`,
    '',
  ].join('\n');
}
