import type { KubeObject } from '../../../../src/model/source.ts';

/** Shapes of the objects that a healthy Kuadrant 1.4 on Istio consists of; each test changes one thing. */

export type Fields = Readonly<Record<string, unknown>>;

export const old = '2026-11-20T08:00:00Z';
const ready = (reason = 'Ready', message = 'is ready'): Fields => ({ conditions: [{ type: 'Ready', status: 'True', reason, message }] });
export const enforced: Fields = {
  conditions: [
    { type: 'Accepted', status: 'True', reason: 'Accepted', message: 'has been accepted' },
    { type: 'Enforced', status: 'True', reason: 'Enforced', message: 'has been successfully enforced' },
  ],
};
/** A policy that is accepted and not enforced. */
export const unenforced = (reason: string, message: string): Fields => ({
  conditions: [
    { type: 'Accepted', status: 'True', reason: 'Accepted', message: 'has been accepted' },
    { type: 'Enforced', status: 'False', reason, message },
  ],
});
export const unready = (reason: string, message: string): Fields => ({ conditions: [{ type: 'Ready', status: 'False', reason, message }] });

export function kuadrantObject(
  spec: Fields = { observability: { enable: true } },
  status: Fields = ready(),
  name = 'kuadrant',
): KubeObject {
  return {
    apiVersion: 'kuadrant.io/v1beta1',
    kind: 'Kuadrant',
    metadata: { name, namespace: 'kuadrant-system', creationTimestamp: old },
    spec,
    status,
  };
}

export function operator(env: readonly Fields[] = [], image = 'quay.io/kuadrant/kuadrant-operator:v1.4.6'): KubeObject {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'kuadrant-operator-controller-manager', namespace: 'kuadrant-system' },
    spec: {
      replicas: 1,
      selector: { matchLabels: { app: 'kuadrant' } },
      template: { spec: { containers: [{ name: 'manager', image, env }] } },
    },
    status: { readyReplicas: 1 },
  };
}

/** Where the limits of the healthy policy stand. */
export const programmed = [
  {
    name: 'free',
    namespace: 'llm/llm-sim',
    max_value: 100,
    seconds: 60,
    conditions: ['descriptors[0]["tokenlimit.free__cca14490"] == "1"'],
    variables: ['descriptors[0]["auth.identity.userid"]'],
  },
];

export function limitador(spec: Fields = {}, status: Fields = ready()): KubeObject {
  return {
    apiVersion: 'limitador.kuadrant.io/v1alpha1',
    kind: 'Limitador',
    metadata: { name: 'limitador', namespace: 'kuadrant-system', creationTimestamp: old },
    spec: { metricLabelsDefault: 'descriptors[1]', limits: programmed, ...spec },
    status,
  };
}

export interface PodShape {
  readonly name?: string;
  readonly image?: string;
  readonly args?: readonly string[];
  readonly command?: readonly string[];
  readonly ports?: readonly Fields[];
  readonly labels?: Readonly<Record<string, string>>;
  readonly state?: Fields;
  readonly phase?: string;
  readonly container?: string;
}

export const limitadorArgs: readonly string[] = [
  '--http-port',
  '8080',
  '--rls-port',
  '8081',
  '--metric-labels-default',
  'descriptors[1]',
  '/home/limitador/etc/limitador-config.yaml',
  'memory',
];

export function limitadorPod(shape: PodShape = {}): KubeObject {
  const { name = 'limitador-limitador-6b9d-x', image = 'quay.io/kuadrant/limitador:v2.3.0', container = 'limitador' } = shape;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace: 'kuadrant-system',
      creationTimestamp: old,
      labels: shape.labels ?? { app: 'limitador', 'limitador-resource': 'limitador', 'app.kubernetes.io/name': 'limitador' },
    },
    spec: {
      nodeName: 'worker-1',
      containers: [
        {
          name: container,
          image,
          command: shape.command ?? ['limitador-server'],
          args: shape.args ?? limitadorArgs,
          ports: shape.ports ?? [
            { name: 'http', containerPort: 8080 },
            { name: 'grpc', containerPort: 8081 },
          ],
        },
      ],
    },
    status: {
      phase: shape.phase ?? 'Running',
      podIP: '10.0.1.1',
      conditions: [{ type: 'Ready', status: 'True' }],
      containerStatuses: [{ name: container, ready: true, restartCount: 0, state: { running: { startedAt: old } }, ...shape.state }],
    },
  };
}

export function gatewayClass(controllerName = 'istio.io/gateway-controller', name = 'istio'): KubeObject {
  return { apiVersion: 'gateway.networking.k8s.io/v1', kind: 'GatewayClass', metadata: { name }, spec: { controllerName } };
}

const sound = (...types: readonly string[]): readonly Fields[] => types.map((type) => ({ type, status: 'True', reason: type }));

export function gateway(
  conditions: readonly Fields[] = sound('Accepted', 'Programmed'),
  name = 'external',
  className = 'istio',
): KubeObject {
  return {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'Gateway',
    metadata: { name, namespace: 'api-gateway' },
    spec: { gatewayClassName: className, listeners: [{ name: 'http', port: 80, protocol: 'HTTP' }] },
    status: { conditions },
  };
}

export function route(conditions: readonly Fields[] = sound('Accepted', 'ResolvedRefs'), name = 'llm-sim'): KubeObject {
  const parentRef = { name: 'external', namespace: 'api-gateway' };
  return {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'HTTPRoute',
    metadata: { name, namespace: 'llm' },
    spec: { parentRefs: [parentRef] },
    status: {
      parents: [
        { parentRef, controllerName: 'istio.io/gateway-controller', conditions },
        {
          parentRef,
          controllerName: 'kuadrant.io/policy-controller',
          conditions: [{ type: 'kuadrant.io/AuthPolicyAffected', status: 'True', reason: 'Accepted' }],
        },
      ],
    },
  };
}

const toRoute = { group: 'gateway.networking.k8s.io', kind: 'HTTPRoute', name: 'llm-sim' };
export const toGateway = { group: 'gateway.networking.k8s.io', kind: 'Gateway', name: 'external' };

export const properties: Fields = {
  groups: { selector: 'auth.identity.metadata.annotations.kuadrant\\.io/groups' },
  userid: { selector: 'auth.identity.metadata.annotations.kuadrant\\.io/user-id' },
};

export function authPolicy(
  shape: { readonly filters?: Fields; readonly status?: Fields; readonly spec?: Fields; readonly name?: string } = {},
): KubeObject {
  const filters = shape.filters ?? { identity: { json: { properties } } };
  const rules = {
    authentication: { 'api-key-users': { apiKey: { allNamespaces: true, selector: { matchLabels: { app: 'my-llm' } } } } },
    response: { success: { filters } },
  };
  return {
    apiVersion: 'kuadrant.io/v1',
    kind: 'AuthPolicy',
    metadata: { name: shape.name ?? 'llm-api-keys', namespace: 'llm', creationTimestamp: old },
    spec: { targetRef: toRoute, rules, ...shape.spec },
    status: shape.status ?? enforced,
  };
}

export const onChat = { predicate: 'request.path == "/v1/chat/completions"' };
export const byUser = [{ expression: 'auth.identity.userid' }];

export function tokenPolicy(
  shape: { readonly limits?: Fields; readonly status?: Fields; readonly spec?: Fields; readonly namespace?: string } = {},
): KubeObject {
  const limits = shape.limits ?? { free: { rates: [{ limit: 100, window: '1m' }], when: [onChat], counters: byUser } };
  return {
    apiVersion: 'kuadrant.io/v1alpha1',
    kind: 'TokenRateLimitPolicy',
    metadata: { name: 'token-limits', namespace: shape.namespace ?? 'llm', creationTimestamp: old },
    spec: { targetRef: toRoute, limits, ...shape.spec },
    status: shape.status ?? enforced,
  };
}

export function ratePolicy(status: Fields = enforced): KubeObject {
  return {
    apiVersion: 'kuadrant.io/v1',
    kind: 'RateLimitPolicy',
    metadata: { name: 'request-limits', namespace: 'llm', creationTimestamp: old },
    spec: { targetRef: toRoute, limits: { all: { rates: [{ limit: 5, window: '10s' }] } } },
    status,
  };
}

export function telemetryPolicy(
  shape: { readonly labels?: Fields; readonly status?: Fields; readonly namespace?: string; readonly created?: string } = {},
): KubeObject {
  return {
    apiVersion: 'extensions.kuadrant.io/v1alpha1',
    kind: 'TelemetryPolicy',
    metadata: { name: 'user-group', namespace: shape.namespace ?? 'api-gateway', creationTimestamp: shape.created ?? old },
    spec: {
      targetRef: toGateway,
      metrics: { default: { labels: shape.labels ?? { user: 'auth.identity.userid', group: 'auth.identity.groups' } } },
    },
    status: shape.status ?? enforced,
  };
}

/** The plugin's configuration, as far as words of it are looked for. */
export const pluginConfig = {
  requestData: { 'metrics.labels.user': 'auth.identity.userid', 'metrics.labels.group': 'auth.identity.groups' },
  services: { 'auth-service': {}, 'ratelimit-check-service': {}, 'ratelimit-report-service': {} },
  actionSets: [
    {
      actions: [
        { service: 'ratelimit-report-service', data: [{ key: 'ratelimit.hits_addend', value: 'responseBodyJSON("/usage/total_tokens")' }] },
      ],
    },
  ],
};

export function wasmPlugin(config: Fields = pluginConfig, name = 'kuadrant-external'): KubeObject {
  return {
    apiVersion: 'extensions.istio.io/v1alpha1',
    kind: 'WasmPlugin',
    metadata: { name, namespace: 'api-gateway' },
    spec: { phase: 'STATS', pluginConfig: config },
  };
}

export function podMonitor(endpoint: Fields = {}, metadata: Fields = {}): KubeObject {
  return {
    apiVersion: 'monitoring.coreos.com/v1',
    kind: 'PodMonitor',
    metadata: {
      name: 'kuadrant-limitador-monitor',
      namespace: 'kuadrant-system',
      labels: { app: 'limitador', 'kuadrant.io/observability': 'true' },
      creationTimestamp: old,
      ...metadata,
    },
    spec: {
      namespaceSelector: { matchNames: ['kuadrant-system'] },
      podMetricsEndpoints: [{ port: 'http', path: '/metrics', scheme: 'http', ...endpoint }],
      selector: { matchLabels: { app: 'limitador', 'limitador-resource': 'limitador' } },
    },
  };
}

/** The monitor of Authorino, which is made with the other and not taken away. */
export const sibling: KubeObject = {
  apiVersion: 'monitoring.coreos.com/v1',
  kind: 'ServiceMonitor',
  metadata: {
    name: 'kuadrant-authorino-monitor',
    namespace: 'kuadrant-system',
    labels: { 'kuadrant.io/observability': 'true', 'control-plane': 'controller-manager' },
    creationTimestamp: old,
  },
  spec: { endpoints: [{ port: 'http', path: '/metrics' }], selector: { matchLabels: { 'app.kubernetes.io/part-of': 'authorino' } } },
};

const gauges = ['# TYPE limitador_up gauge', 'limitador_up 1', '# TYPE datastore_partitioned gauge', 'datastore_partitioned 0', ''];
export const idlePage = gauges.join('\n');

/** A page with the given samples besides the gauges. */
export function pageOf(lines: readonly string[]): string {
  return [...lines, ...gauges].join('\n');
}

/** One user of each name with as many tokens and calls; null: without label. */
export function trafficPage(users: readonly (string | null)[], { tokens = 131, calls = 4 } = {}): string {
  const labels = (user: string | null): string => `${user === null ? '' : `user="${user}",group="free",`}limitador_namespace="llm/llm-sim"`;
  return pageOf([
    '# TYPE authorized_hits counter',
    ...(tokens === 0 ? [] : users.map((user) => `authorized_hits{${labels(user)}} ${tokens}`)),
    '# TYPE authorized_calls counter',
    ...users.map((user) => `authorized_calls{${labels(user)}} ${calls}`),
  ]);
}
