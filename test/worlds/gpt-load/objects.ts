import { names } from '../objects/namespaces.ts';
import { workload } from '../objects/workloads.ts';
import type { Manifest } from '../world.ts';

export const namespace = 'llm';
export const token = 'tkm-metrics-token-of-the-test';
const labels = { 'app.kubernetes.io/name': 'gpt-load', 'app.kubernetes.io/instance': 'gpt-load' };

/** How gpt-load is deployed. The project ships no manifests: this is what its compose file becomes. */
export interface Deployed {
  readonly name?: string;
  readonly image?: string;
  /** One a pod. */
  readonly addresses: readonly string[];
  /** METRICS_TOKEN comes from the Secret. */
  readonly guarded?: boolean;
  /** A PostgreSQL that pods share, or a file: on a claim, on an emptyDir, in the container. */
  readonly database?: 'postgres' | 'claim' | 'emptyDir' | 'container';
  readonly env?: readonly Readonly<Record<string, unknown>>[];
  readonly ports?: readonly Readonly<Record<string, unknown>>[];
}

/** The Deployment with its pods. */
export function deployed(of: Deployed): readonly Manifest[] {
  const { name = 'gpt-load' } = of;
  const own = { ...labels, 'app.kubernetes.io/instance': name };
  return workload({ namespace, name, labels: own, selector: own, spec: podSpec(of), addresses: of.addresses, hash: '7c6d8f9b54' });
}

function podSpec(of: Deployed): Readonly<Record<string, unknown>> {
  const { image = 'registry.example/llm/gpt-load:1.4.9-metrics', guarded = true, database = 'claim', env = [], ports } = of;
  const secret = (key: string): unknown => ({ valueFrom: { secretKeyRef: { name: 'gpt-load', key } } });
  const file = database === 'claim' || database === 'emptyDir';
  const volume = database === 'claim' ? { persistentVolumeClaim: { claimName: 'gpt-load-data' } } : { emptyDir: {} };
  return {
    containers: [
      {
        name: 'gpt-load',
        image,
        ports: ports ?? [{ name: 'http', containerPort: 3001, protocol: 'TCP' }],
        env: [
          { name: 'AUTH_KEY', ...(secret('auth-key') as object) },
          { name: 'TZ', value: 'Etc/UTC' },
          ...(guarded ? [{ name: 'METRICS_TOKEN', ...(secret('metrics-token') as object) }] : []),
          ...(database === 'postgres'
            ? [
                { name: 'DATABASE_DSN', ...(secret('database-dsn') as object) },
                { name: 'REDIS_DSN', value: 'redis://redis.llm.svc:6379/0' },
              ]
            : []),
          ...env,
        ],
        readinessProbe: { httpGet: { path: '/health', port: 3001 } },
        ...(file ? { volumeMounts: [{ name: 'data', mountPath: '/app/data' }] } : {}),
      },
    ],
    ...(file ? { volumes: [{ name: 'data', ...volume }] } : {}),
  };
}

/** The namespace, the Secret and the Service. */
export function around(service: Readonly<Record<string, unknown>> = {}): readonly Manifest[] {
  return [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace, labels: { 'kubernetes.io/metadata.name': namespace } } },
    {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'gpt-load', namespace },
      type: 'Opaque',
      stringData: { 'auth-key': 'sk-of-the-test', 'metrics-token': token, 'database-dsn': 'postgres://gpt:load@db.llm.svc/gptload' },
    },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'gpt-load', namespace, labels },
      spec: { type: 'ClusterIP', selector: labels, ports: [{ name: 'http', port: 80, targetPort: 'http', protocol: 'TCP' }], ...service },
    },
  ];
}

export const authorization = { credentials: { name: 'gpt-load', key: 'metrics-token' } };

/** A ServiceMonitor with the token. */
export function serviceMonitor(endpoint: Readonly<Record<string, unknown>> = { authorization }): Manifest {
  return {
    apiVersion: 'monitoring.coreos.com/v1',
    kind: 'ServiceMonitor',
    metadata: { name: 'gpt-load', namespace, labels: { release: 'kube-prometheus-stack' } },
    spec: { selector: { matchLabels: labels }, endpoints: [{ port: 'http', path: '/metrics', ...endpoint }] },
  };
}

/** A PodMonitor with the token. */
export function podMonitor(endpoint: Readonly<Record<string, unknown>> = { authorization }): Manifest {
  return {
    apiVersion: 'monitoring.coreos.com/v1',
    kind: 'PodMonitor',
    metadata: { name: 'gpt-load', namespace, labels: { release: 'kube-prometheus-stack' } },
    spec: { selector: { matchLabels: labels }, podMetricsEndpoints: [{ port: 'http', path: '/metrics', ...endpoint }] },
  };
}

/** A dashboard as Grafana's sidecar takes it, one panel a query. */
export function dashboard(...panels: readonly (readonly [title: string, expr: string])[]): Manifest {
  const body = {
    title: 'Tokens by group',
    uid: 'gpt-load',
    schemaVersion: 39,
    panels: panels.map(([title, expr], id) => ({
      id,
      type: 'timeseries',
      title,
      datasource: { type: 'prometheus', uid: 'prometheus' },
      targets: [{ refId: 'A', expr }],
    })),
    time: { from: 'now-1h', to: 'now' },
  };
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'gpt-load-dashboard', namespace: names.monitoring, labels: { grafana_dashboard: '1' } },
    data: { 'gpt-load.json': JSON.stringify(body) },
  };
}

export const soundPanel = ['Tokens', 'sum by (group) (increase(gpt_load_tokens_total{type="total"}[1h]))'] as const;
