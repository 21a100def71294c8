import type { KubeObject } from '../../../../src/model/source.ts';

/** Shapes of what stands behind the gateway in a cluster with a collector, a Mimir and a Grafana. */

type Fields = Readonly<Record<string, unknown>>;

const labelsOf = (name: string, component?: string): Record<string, string> => ({
  'app.kubernetes.io/name': name,
  'app.kubernetes.io/instance': 'lgtm-pack',
  ...(component === undefined ? {} : { 'app.kubernetes.io/component': component }),
});

export interface WorkloadShape {
  readonly kind?: 'Deployment' | 'StatefulSet' | 'DaemonSet';
  readonly namespace?: string;
  readonly image: string;
  readonly args?: readonly string[];
  readonly labels: Record<string, string>;
  readonly ports?: readonly Fields[];
  readonly volumes?: readonly Fields[];
  readonly containers?: readonly Fields[];
}

export function workload(name: string, shape: WorkloadShape): KubeObject {
  const { kind = 'StatefulSet', namespace = 'monitoring', labels, image, args = [], ports = [], volumes = [], containers = [] } = shape;
  const container = { name: name.replace(/^lgtm-pack-/, ''), image, args, ports };
  return {
    apiVersion: 'apps/v1',
    kind,
    metadata: { name, namespace, labels },
    spec: {
      replicas: 1,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [container, ...containers], volumes } },
    },
    status: { readyReplicas: 1 },
  };
}

export const mimirLabels = labelsOf('mimir');

/** The one process of the pack. */
export function mimir(shape: Partial<WorkloadShape> = {}): KubeObject {
  return workload('lgtm-pack-mimir', {
    image: 'docker.io/grafana/mimir:3.0.1',
    args: ['-config.file=/etc/mimir/mimir.yaml'],
    labels: mimirLabels,
    ports: [{ name: 'http', containerPort: 8080 }],
    volumes: [{ name: 'config', configMap: { name: 'lgtm-pack-mimir' } }],
    ...shape,
  });
}

/** One part of the distributed chart. */
export function mimirPart(component: string, shape: Partial<WorkloadShape> = {}): KubeObject {
  return workload(`lgtm-pack-mimir-${component}`, {
    kind: 'Deployment',
    image: 'grafana/mimir:3.0.1',
    args: [`-target=${component}`],
    labels: labelsOf('mimir', component),
    ports: [{ name: 'http-metrics', containerPort: 8080 }],
    ...shape,
  });
}

export function pod(name: string, labels: Record<string, string>, ready = true, namespace = 'monitoring'): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace, labels },
    spec: { containers: [] },
    status: { phase: 'Running', podIP: '10.244.3.9', conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }] },
  };
}

export function service(name: string, selector: Record<string, string>, ports: readonly number[] = [8080]): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: 'monitoring' },
    spec: { selector, ports: ports.map((port) => ({ port })) },
  };
}

export function configMap(
  name: string,
  data: Record<string, string>,
  labels: Record<string, string> = {},
  namespace = 'monitoring',
): KubeObject {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace, labels }, data };
}

export const mimirConfig = (yaml = 'multitenancy_enabled: false\nlimits: {compactor_blocks_retention_period: 30d}'): KubeObject =>
  configMap('lgtm-pack-mimir', { 'mimir.yaml': yaml });

export const datasourceYaml = (url: string, more: Fields = {}): string =>
  JSON.stringify({ apiVersion: 1, datasources: [{ name: 'Mimir', uid: 'mimir', type: 'prometheus', url, ...more }] });

export const datasourceMap = (url = 'http://lgtm-pack-mimir:8080/prometheus', more: Fields = {}): KubeObject =>
  configMap('lgtm-pack-grafana-datasources', { 'datasources.yaml': datasourceYaml(url, more) }, { grafana_datasource: '1' });

export const tenant = (value: string): Fields => ({
  jsonData: { httpHeaderName1: 'X-Scope-OrgID' },
  secureJsonData: { httpHeaderValue1: value },
});

/** A Grafana with the chart's sidecar for dashboards. */
export function grafana(
  env: Readonly<Record<string, string>> = { LABEL: 'grafana_dashboard', LABEL_VALUE: '1', NAMESPACE: 'ALL' },
): KubeObject {
  return workload('lgtm-pack-grafana', {
    kind: 'Deployment',
    image: 'docker.io/grafana/grafana:12.2.0',
    labels: labelsOf('grafana'),
    containers: [
      {
        name: 'grafana-sc-dashboard',
        image: 'quay.io/kiwigrid/k8s-sidecar:1.30.10',
        env: Object.entries(env).map(([name, value]) => ({ name, value })),
      },
    ],
  });
}
