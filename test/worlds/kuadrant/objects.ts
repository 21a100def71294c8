import { condition, workload } from '../objects/workloads.ts';
import type { Manifest } from '../world.ts';

type Fields = Readonly<Record<string, unknown>>;

export const places = { system: 'kuadrant-system', gateway: 'api-gateway', models: 'llm' } as const;

export const ready = (): Fields => ({ conditions: [condition('Ready', 'Ready', 'True', 'Kuadrant is ready')] });
/** What the operator says of a policy in force. */
export const enforced = (kind: string): Fields => ({
  conditions: [
    condition('Accepted', 'Accepted', 'True', `${kind} has been accepted`),
    condition('Enforced', 'Enforced', 'True', `${kind} has been successfully enforced`),
  ],
});
/** Of one that it took in and could not put in force. */
export const unenforced = (kind: string, message: string, reason = 'Unknown'): Fields => ({
  conditions: [condition('Accepted', 'Accepted', 'True', `${kind} has been accepted`), condition('Enforced', reason, 'False', message)],
});
/** Of one that it refused. */
export const refused = (reason: string, message: string): Fields => ({ conditions: [condition('Accepted', reason, 'False', message)] });

export function namespace(name: string, labels: Record<string, string> = {}): Manifest {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels: { 'kubernetes.io/metadata.name': name, ...labels } } };
}

/** The operator of Kuadrant and that of Limitador, as their bundles have them. */
export function operators(
  subnet: string,
  of: { readonly namespace?: string; readonly images?: readonly [string, string]; readonly env?: readonly Fields[] } = {},
): readonly Manifest[] {
  const { namespace: home = places.system, env = [] } = of;
  const [own, limits] = of.images ?? ['quay.io/kuadrant/kuadrant-operator:v1.4.6', 'quay.io/kuadrant/limitador-operator:v0.17.1'];
  const variables = [
    { name: 'RELATED_IMAGE_WASMSHIM', value: 'oci://quay.io/kuadrant/wasm-shim:v0.12.3' },
    { name: 'OPERATOR_NAMESPACE', valueFrom: { fieldRef: { fieldPath: 'metadata.namespace' } } },
    ...env,
  ];
  const manager = (image: string, extra: Fields = {}): Fields => ({
    name: 'manager',
    image,
    command: ['/manager'],
    args: ['--metrics-bind-address=:8080', '--leader-elect'],
    ports: [{ name: 'metrics', containerPort: 8080 }],
    ...extra,
  });
  const managed = (name: string, labels: Record<string, string>, container: Fields, address: string): readonly Manifest[] =>
    workload({
      namespace: home,
      name,
      labels,
      selector: labels,
      spec: { serviceAccountName: name, containers: [container] },
      addresses: [address],
      hash: '6c5f9d8b47',
    });
  return [
    ...managed(
      'kuadrant-operator-controller-manager',
      { app: 'kuadrant', 'control-plane': 'controller-manager' },
      manager(own, { env: variables }),
      `${subnet}.211`,
    ),
    ...managed(
      'limitador-operator-controller-manager',
      { app: 'limitador-operator', 'control-plane': 'controller-manager' },
      manager(limits),
      `${subnet}.212`,
    ),
  ];
}

/** The object that switches everything on. */
export function kuadrant(spec: Fields = { observability: { enable: true } }): Manifest {
  return {
    apiVersion: 'kuadrant.io/v1beta1',
    kind: 'Kuadrant',
    metadata: { name: 'kuadrant', namespace: places.system },
    spec,
    status: ready(),
  };
}

const limited = {
  app: 'limitador',
  'limitador-resource': 'limitador',
  'app.kubernetes.io/name': 'limitador',
  'app.kubernetes.io/component': 'limitador',
};

/** Arguments of its server: limitador-operator pkg/limitador/deployment_options.go. */
export function wordsOf(metricLabels: string | null): readonly string[] {
  const labels = metricLabels === null ? [] : ['--metric-labels-default', metricLabels];
  return ['--http-port', '8080', '--rls-port', '8081', ...labels, '/home/limitador/etc/limitador-config.yaml', 'memory'];
}

/** limitador-operator pkg/limitador: the object, its Deployment with a pod for each address, its headless Service and the limits. */
export function limitador(
  addresses: readonly string[],
  limits: readonly Fields[],
  image = 'quay.io/kuadrant/limitador:v2.3.0',
): readonly Manifest[] {
  const owner = { name: 'limitador', namespace: places.system };
  const container = {
    name: 'limitador',
    image,
    command: ['limitador-server'],
    args: wordsOf('descriptors[1]'),
    ports: [
      { name: 'http', containerPort: 8080, protocol: 'TCP' },
      { name: 'grpc', containerPort: 8081, protocol: 'TCP' },
    ],
    env: [{ name: 'RUST_LOG', value: 'warn' }],
    livenessProbe: { httpGet: { path: '/status', port: 8080 } },
    readinessProbe: { httpGet: { path: '/status', port: 8080 } },
    volumeMounts: [{ name: 'config-file', mountPath: '/home/limitador/etc' }],
  };
  const volumes = [{ name: 'config-file', configMap: { name: 'limitador-limits-config-limitador' } }];
  return [
    {
      apiVersion: 'limitador.kuadrant.io/v1alpha1',
      kind: 'Limitador',
      metadata: {
        ...owner,
        ownerReferences: [
          { apiVersion: 'kuadrant.io/v1beta1', kind: 'Kuadrant', name: 'kuadrant', controller: true, blockOwnerDeletion: true },
        ],
      },
      spec: { metricLabelsDefault: 'descriptors[1]', limits },
      status: {
        observedGeneration: 1,
        conditions: [condition('Ready', 'Ready', 'True', 'Limitador is ready')],
        service: { host: `limitador-limitador.${places.system}.svc.cluster.local`, ports: { grpc: 8081, http: 8080 } },
      },
    },
    ...workload({
      namespace: places.system,
      name: 'limitador-limitador',
      labels: limited,
      selector: { app: 'limitador', 'limitador-resource': 'limitador' },
      podLabels: limited,
      spec: { containers: [container], volumes },
      addresses,
      hash: '58c9d7f6b4',
    }),
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'limitador-limitador', namespace: places.system, labels: limited },
      spec: {
        clusterIP: 'None',
        selector: { app: 'limitador', 'limitador-resource': 'limitador' },
        ports: [
          { name: 'http', port: 8080, targetPort: 'http', protocol: 'TCP' },
          { name: 'grpc', port: 8081, targetPort: 'grpc', protocol: 'TCP' },
        ],
      },
    },
  ];
}

/** An entry of Limitador's list, as the operator writes it of a token limit. */
export function programmed(
  name: string,
  hash: string,
  { route = 'llm/llm-sim', max = 100 }: { readonly route?: string; readonly max?: number } = {},
): Fields {
  return {
    name,
    namespace: route,
    max_value: max,
    seconds: 60,
    conditions: [`descriptors[0]["tokenlimit.${name}__${hash}"] == "1"`],
    variables: ['descriptors[0]["auth.identity.userid"]'],
  };
}

/** internal/controller/observability_reconciler.go: what stands in the namespaces of Kuadrant and of the Gateway. */
export function limitadorMonitor(): Manifest {
  return {
    apiVersion: 'monitoring.coreos.com/v1',
    kind: 'PodMonitor',
    metadata: {
      name: 'kuadrant-limitador-monitor',
      namespace: places.system,
      labels: { app: 'limitador', 'kuadrant.io/observability': 'true' },
    },
    spec: {
      namespaceSelector: { matchNames: [places.system] },
      podMetricsEndpoints: [{ path: '/metrics', port: 'http', scheme: 'http' }],
      selector: { matchLabels: { app: 'limitador', 'limitador-resource': 'limitador' } },
    },
  };
}

export function otherMonitors(): readonly Manifest[] {
  const own = (name: string, labels: Record<string, string>, spec: Fields): Manifest => ({
    apiVersion: 'monitoring.coreos.com/v1',
    kind: 'ServiceMonitor',
    metadata: { name, namespace: places.system, labels: { 'control-plane': 'controller-manager', 'kuadrant.io/observability': 'true' } },
    spec: { selector: { matchLabels: labels }, ...spec },
  });
  const metrics = { endpoints: [{ path: '/metrics', port: 'metrics', scheme: 'http' }] };
  const authorino = { endpoints: ['/metrics', '/server-metrics'].map((path) => ({ path, port: 'http', scheme: 'http' })) };
  return [
    own('kuadrant-operator-monitor', { app: 'kuadrant', 'control-plane': 'controller-manager' }, metrics),
    own('limitador-operator-monitor', { 'control-plane': 'controller-manager' }, metrics),
    own('kuadrant-authorino-monitor', { 'control-plane': 'controller-manager', 'app.kubernetes.io/part-of': 'authorino' }, authorino),
  ];
}

export function istioMonitor(home: string): Manifest {
  const keep = (label: string, regex?: string): Fields => ({
    action: 'keep',
    sourceLabels: [label],
    ...(regex === undefined ? {} : { regex }),
  });
  return {
    apiVersion: 'monitoring.coreos.com/v1',
    kind: 'PodMonitor',
    metadata: { name: 'istio-pod-monitor', namespace: home, labels: { 'kuadrant.io/observability': 'true' } },
    spec: {
      selector: { matchExpressions: [{ key: 'istio-prometheus-ignore', operator: 'DoesNotExist' }] },
      podMetricsEndpoints: [
        {
          path: '/stats/prometheus',
          interval: '5s',
          relabelings: [
            keep('__meta_kubernetes_pod_container_name', 'istio-proxy'),
            keep('__meta_kubernetes_pod_annotationpresent_prometheus_io_scrape'),
          ],
        },
      ],
    },
  };
}

/** Panels that are right here, and a rule. */
export function dashboard(...exprs: readonly string[]): Manifest {
  const panels = exprs.map((expr, id) => ({
    id,
    type: 'timeseries',
    title: `tokens ${id}`,
    datasource: { type: 'prometheus', uid: 'prometheus' },
    targets: [{ refId: 'A', expr }],
  }));
  const body = { title: 'Tokens by user', uid: 'kuadrant', schemaVersion: 39, panels, time: { from: 'now-1h', to: 'now' } };
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'token-usage', namespace: 'monitoring', labels: { grafana_dashboard: '1' } },
    data: { 'token-usage.json': JSON.stringify(body) },
  };
}
