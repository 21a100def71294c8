import type { KubeObject } from '../../../../src/model/source.ts';

type Fields = Readonly<Record<string, unknown>>;

export const tokenFromSecret = { name: 'METRICS_TOKEN', valueFrom: { secretKeyRef: { name: 'gpt-load', key: 'metrics-token' } } };
const claim = { name: 'data', persistentVolumeClaim: { claimName: 'gpt-load' } };

export interface Shape {
  readonly name?: string;
  readonly image?: string;
  readonly replicas?: number;
  readonly env?: readonly Fields[];
  readonly envFrom?: readonly Fields[];
  readonly ports?: readonly Fields[] | null;
  readonly volumes?: readonly Fields[];
  readonly mounts?: readonly Fields[];
  readonly kind?: string;
}

function podSpec({
  image = 'ghcr.io/tbphp/gpt-load:pr-416',
  env = [tokenFromSecret],
  envFrom,
  ports,
  volumes = [claim],
  mounts,
}: Shape): Fields {
  return {
    containers: [
      {
        name: 'gpt-load',
        image,
        env,
        ...(envFrom === undefined ? {} : { envFrom }),
        ...(ports === null ? {} : { ports: ports ?? [{ name: 'http', containerPort: 3001 }] }),
        volumeMounts: mounts ?? [{ name: 'data', mountPath: '/app/data' }],
      },
    ],
    volumes,
  };
}

export function workload(shape: Shape = {}): KubeObject {
  const { name = 'gpt-load', replicas = 1, kind = 'Deployment' } = shape;
  return {
    apiVersion: 'apps/v1',
    kind,
    metadata: { name, namespace: 'llm' },
    spec: { replicas, selector: { matchLabels: { app: name } }, template: { metadata: { labels: { app: name } }, spec: podSpec(shape) } },
    status: { readyReplicas: replicas },
  };
}

export function pod(shape: Shape & { readonly index?: number; readonly status?: Fields; readonly metadata?: Fields } = {}): KubeObject {
  const { name = 'gpt-load', index = 0 } = shape;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: `${name}-5d9f-${index}`,
      namespace: 'llm',
      labels: { app: name },
      ownerReferences: [{ kind: 'ReplicaSet', name: `${name}-5d9f` }],
      ...shape.metadata,
    },
    spec: podSpec(shape),
    status: {
      phase: 'Running',
      podIP: `10.0.1.${index + 1}`,
      containerStatuses: [{ name: 'gpt-load', ready: true, restartCount: 0, state: { running: { startedAt: '2026-11-24T10:00:00Z' } } }],
      ...shape.status,
    },
  };
}

export function service(spec: Fields = {}, metadata: Fields = {}): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'gpt-load', namespace: 'llm', labels: { app: 'gpt-load' }, ...metadata },
    spec: { type: 'ClusterIP', selector: { app: 'gpt-load' }, ports: [{ name: 'http', port: 80, targetPort: 3001 }], ...spec },
  };
}

export const authorization = { credentials: { name: 'gpt-load', key: 'metrics-token' } };

export function podMonitor(endpoint: Fields = { authorization }, spec: Fields = {}): KubeObject {
  return {
    apiVersion: 'monitoring.coreos.com/v1',
    kind: 'PodMonitor',
    metadata: { name: 'gpt-load', namespace: 'llm', labels: { release: 'kps' } },
    spec: { selector: { matchLabels: { app: 'gpt-load' } }, podMetricsEndpoints: [{ port: 'http', ...endpoint }], ...spec },
  };
}

export const prometheus: readonly KubeObject[] = [
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
