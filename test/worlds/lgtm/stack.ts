import { stringify } from 'yaml';
import { names } from '../objects/namespaces.ts';
import { podOf, workload } from '../objects/workloads.ts';
import type { Manifest } from '../world.ts';

/** The names of lgtm-pack 0.2: one Mimir process, a Grafana with sidecars, both of Helm release lgtm-pack. */
export const stack = { mimir: 'lgtm-pack-mimir', grafana: 'lgtm-pack-grafana' } as const;

const namespace = names.monitoring;

function labelsOf(name: string): Record<string, string> {
  return { 'app.kubernetes.io/name': name, 'app.kubernetes.io/instance': 'lgtm-pack' };
}

export function configMap(
  name: string,
  data: Record<string, string>,
  labels: Record<string, string> = {},
  within: string = namespace,
): Manifest {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: within, labels }, data };
}

/** What Mimir is told, beside where it keeps its blocks. */
export interface MimirShape {
  readonly multitenant?: boolean;
  readonly retention?: string;
  /** Its data is on a volume that it claims. */
  readonly claims?: boolean;
  /** The tag of its image. */
  readonly version?: string;
}

/** A Mimir of one process, with its configuration and its Service. */
export function mimir(address: string, shape: MimirShape = {}): readonly Manifest[] {
  const { multitenant = false, retention = '30d', claims = false, version = '3.0.5' } = shape;
  const labels = labelsOf('mimir');
  const config = {
    multitenancy_enabled: multitenant,
    common: { storage: { backend: 'filesystem', filesystem: { dir: '/data/common' } } },
    blocks_storage: { storage_prefix: 'blocks', tsdb: { dir: '/data/tsdb' } },
    limits: { compactor_blocks_retention_period: retention, max_global_series_per_user: 0 },
  };
  const spec = {
    serviceAccountName: stack.mimir,
    containers: [
      {
        name: 'mimir',
        image: `docker.io/grafana/mimir:${version}`,
        args: ['-target=all', '-config.file=/etc/mimir/mimir.yaml'],
        ports: [
          { name: 'http-metrics', containerPort: 8080, protocol: 'TCP' },
          { name: 'grpc', containerPort: 9095, protocol: 'TCP' },
        ],
        readinessProbe: { httpGet: { path: '/ready', port: 'http-metrics' } },
        volumeMounts: [
          { name: 'config', mountPath: '/etc/mimir' },
          { name: 'data', mountPath: '/data' },
        ],
      },
    ],
    volumes: [{ name: 'config', configMap: { name: stack.mimir } }, ...(claims ? [] : [{ name: 'data', emptyDir: {} }])],
  };
  return [
    configMap(stack.mimir, { 'mimir.yaml': stringify(config) }, labels),
    service(stack.mimir, labels, [
      { name: 'http-metrics', port: 8080, targetPort: 'http-metrics' },
      { name: 'grpc', port: 9095, targetPort: 'grpc' },
    ]),
    ...statefulSet(stack.mimir, labels, { spec, claims }, address),
  ];
}

export function service(name: string, selector: Record<string, string>, ports: readonly unknown[]): Manifest {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace, labels: selector },
    spec: { type: 'ClusterIP', selector, ports },
  };
}

const claimTemplate: unknown = {
  metadata: { name: 'data' },
  spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '10Gi' } } },
};

function statefulSet(
  name: string,
  labels: Record<string, string>,
  { spec, claims }: { readonly spec: { readonly volumes: readonly unknown[] }; readonly claims: boolean },
  address: string,
): readonly Manifest[] {
  const claimed = { name: 'data', persistentVolumeClaim: { claimName: `data-${name}-0` } };
  const counts = { replicas: 1, readyReplicas: 1, currentReplicas: 1, updatedReplicas: 1, availableReplicas: 1, observedGeneration: 1 };
  const pod = {
    ...labels,
    'apps.kubernetes.io/pod-index': '0',
    'statefulset.kubernetes.io/pod-name': `${name}-0`,
    'controller-revision-hash': `${name}-6d9f7c5b88`,
  };
  return [
    {
      apiVersion: 'apps/v1',
      kind: 'StatefulSet',
      metadata: { name, namespace, labels },
      spec: {
        replicas: 1,
        serviceName: name,
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec },
        ...(claims ? { volumeClaimTemplates: [claimTemplate] } : {}),
      },
      status: counts,
    },
    podOf({
      namespace,
      name: `${name}-0`,
      labels: pod,
      spec: { ...spec, volumes: [...spec.volumes, ...(claims ? [claimed] : [])] },
      address,
    }),
  ];
}

/** How Grafana finds its data source and its dashboards. */
export interface GrafanaShape {
  readonly url?: string;
  /** The tenant that the data source names. */
  readonly tenant?: string;
  /** NAMESPACE of the dashboard sidecar; null: its own alone. */
  readonly watches?: string | null;
}

/** A Grafana of the chart, with the sidecars for data sources and dashboards. */
export function grafana(
  address: string,
  { url = `http://${stack.mimir}:8080/prometheus`, tenant, watches = 'ALL' }: GrafanaShape = {},
): readonly Manifest[] {
  const labels = labelsOf('grafana');
  const headers =
    tenant === undefined
      ? { jsonData: { httpMethod: 'POST', prometheusType: 'Mimir' } }
      : { jsonData: { httpMethod: 'POST', httpHeaderName1: 'X-Scope-OrgID' }, secureJsonData: { httpHeaderValue1: tenant } };
  const datasource = { name: 'Mimir', uid: 'mimir', type: 'prometheus', access: 'proxy', isDefault: true, url, ...headers };
  const sidecar = (name: string, label: string, env: readonly unknown[] = []): unknown => ({
    name,
    image: 'quay.io/kiwigrid/k8s-sidecar:1.30.10',
    env: [{ name: 'METHOD', value: 'WATCH' }, { name: 'LABEL', value: label }, { name: 'RESOURCE', value: 'both' }, ...env],
  });
  const watched = watches === null ? [] : [{ name: 'NAMESPACE', value: watches }];
  const spec = {
    serviceAccountName: stack.grafana,
    containers: [
      sidecar('grafana-sc-dashboard', 'grafana_dashboard', [{ name: 'FOLDER', value: '/tmp/dashboards' }, ...watched]),
      sidecar('grafana-sc-datasources', 'grafana_datasource', [{ name: 'FOLDER', value: '/etc/grafana/provisioning/datasources' }]),
      { name: 'grafana', image: 'docker.io/grafana/grafana:12.2.0', ports: [{ name: 'grafana', containerPort: 3000 }] },
    ],
  };
  return [
    configMap(
      'lgtm-pack-datasources',
      { 'datasources.yaml': stringify({ apiVersion: 1, datasources: [datasource] }) },
      { grafana_datasource: '1' },
    ),
    service(stack.grafana, labels, [{ name: 'service', port: 80, targetPort: 'grafana' }]),
    ...workload({ namespace, name: stack.grafana, labels, selector: labels, spec, addresses: [address], hash: '5f7b9c8d64' }),
  ];
}

/** The table of tokens by user, as a ConfigMap for the sidecar. */
export function dashboard(expr: string, within: string = namespace): Manifest {
  const panel = {
    id: 1,
    type: 'table',
    title: 'Tokens per user',
    gridPos: { h: 12, w: 24, x: 0, y: 0 },
    datasource: { type: 'prometheus', uid: '${datasource}' },
    targets: [{ refId: 'A', expr, instant: true, format: 'table' }],
  };
  const variable = { name: 'datasource', type: 'datasource', query: 'prometheus' };
  const body = {
    title: 'LLM Per-User Token Usage',
    uid: 'nebari-llm-token-usage',
    schemaVersion: 39,
    templating: { list: [variable] },
    panels: [panel],
    time: { from: 'now-30d', to: 'now' },
  };
  return configMap(
    'nebari-llm-serving-token-usage-dashboard',
    { 'per-user-token-usage.json': JSON.stringify(body) },
    { grafana_dashboard: '1' },
    within,
  );
}
