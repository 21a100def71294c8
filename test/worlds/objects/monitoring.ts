import type { PrometheusRelease } from '../../e2e/testbed/prometheus.ts';
import type { Manifest } from '../world.ts';
import { names } from './namespaces.ts';
import { podOf, workload } from './workloads.ts';

const versions: Readonly<Record<PrometheusRelease, string>> = { '3.16': 'v3.16.0', '2.55': 'v2.55.1', '2.42': 'v2.42.0' };

/** The operator's Deployment, as kube-prometheus ships it. */
export function operator(address: string): readonly Manifest[] {
  const labels = {
    'app.kubernetes.io/component': 'controller',
    'app.kubernetes.io/name': 'prometheus-operator',
    'app.kubernetes.io/part-of': 'kube-prometheus',
  };
  const container = {
    name: 'prometheus-operator',
    image: 'quay.io/prometheus-operator/prometheus-operator:v0.85.0',
    args: [
      '--kubelet-service=kube-system/kubelet',
      '--prometheus-config-reloader=quay.io/prometheus-operator/prometheus-config-reloader:v0.85.0',
      '--kubelet-endpoints=true',
      '--kubelet-endpointslice=false',
    ],
    ports: [{ name: 'http', containerPort: 8080 }],
  };
  return workload({
    namespace: names.monitoring,
    name: 'prometheus-operator',
    labels: { ...labels, 'app.kubernetes.io/version': '0.85.0' },
    selector: labels,
    spec: { serviceAccountName: 'prometheus-operator', containers: [container] },
    addresses: [address],
    hash: '6f8b5c7d9d',
  });
}

/** A PodMonitor for the token metrics of the proxies. */
export function podMonitor(port: string | undefined, namespace: string, name = 'ai-gateway-proxies'): Manifest {
  return {
    apiVersion: 'monitoring.coreos.com/v1',
    kind: 'PodMonitor',
    metadata: { name, namespace: names.monitoring, labels: { release: 'kube-prometheus-stack' } },
    spec: {
      namespaceSelector: { matchNames: [namespace] },
      selector: { matchLabels: { 'app.kubernetes.io/component': 'proxy', 'app.kubernetes.io/managed-by': 'envoy-gateway' } },
      podMetricsEndpoints: [{ ...(port === undefined ? {} : { port }), path: '/metrics' }],
    },
  };
}

/** The Prometheus object: it takes every monitor of every namespace. */
export function prometheusObject(release: PrometheusRelease, spec: Readonly<Record<string, unknown>> = {}): Manifest {
  return {
    apiVersion: 'monitoring.coreos.com/v1',
    kind: 'Prometheus',
    metadata: {
      name: 'k8s',
      namespace: names.monitoring,
      labels: { 'app.kubernetes.io/name': 'prometheus', 'app.kubernetes.io/instance': 'k8s' },
    },
    spec: {
      version: versions[release],
      image: `quay.io/prometheus/prometheus:${versions[release]}`,
      replicas: 1,
      serviceAccountName: 'prometheus-k8s',
      scrapeInterval: '5s',
      scrapeTimeout: '4s',
      podMonitorSelector: {},
      podMonitorNamespaceSelector: {},
      serviceMonitorSelector: {},
      serviceMonitorNamespaceSelector: {},
      probeSelector: {},
      probeNamespaceSelector: {},
      ruleSelector: {},
      ruleNamespaceSelector: {},
      scrapeConfigSelector: {},
      scrapeConfigNamespaceSelector: {},
      ...spec,
    },
  };
}

/** One pod of the StatefulSet that the operator makes of a Prometheus object. */
export function prometheusPod(release: PrometheusRelease, address: string, replica = 0, name = 'k8s', shard = 0): Manifest {
  const set = shard === 0 ? `prometheus-${name}` : `prometheus-${name}-shard-${shard}`;
  const version = versions[release];
  const container = {
    name: 'prometheus',
    image: `quay.io/prometheus/prometheus:${version}`,
    args: ['--config.file=/etc/prometheus/config_out/prometheus.env.yaml', '--web.enable-lifecycle', '--web.route-prefix=/'],
    ports: [{ name: 'web', containerPort: 9090, protocol: 'TCP' }],
  };
  const reloader = {
    name: 'config-reloader',
    image: 'quay.io/prometheus-operator/prometheus-config-reloader:v0.85.0',
    ports: [{ name: 'reloader-web', containerPort: 8080, protocol: 'TCP' }],
  };
  return podOf({
    namespace: names.monitoring,
    name: `${set}-${replica}`,
    labels: {
      'app.kubernetes.io/instance': name,
      'app.kubernetes.io/managed-by': 'prometheus-operator',
      'app.kubernetes.io/name': 'prometheus',
      'app.kubernetes.io/version': version.slice(1),
      'apps.kubernetes.io/pod-index': String(replica),
      'controller-revision-hash': `${set}-7d9c8b6f5`,
      'operator.prometheus.io/name': name,
      'operator.prometheus.io/shard': String(shard),
      prometheus: name,
      'statefulset.kubernetes.io/pod-name': `${set}-${replica}`,
    },
    spec: { serviceAccountName: 'prometheus-k8s', containers: [container, reloader] },
    address,
  });
}
