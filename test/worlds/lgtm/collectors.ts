import { stringify } from 'yaml';
import { names } from '../objects/namespaces.ts';
import { crashing, workload } from '../objects/workloads.ts';
import { type Cluster, edit, type Manifest } from '../world.ts';
import { access } from './access.ts';
import { agentName, configure, overrides, receiver, sidecarJob, type Writing } from './agent.ts';
import { configMap, service } from './stack.ts';

type Fields = Readonly<Record<string, unknown>>;

/** Rules of scrape jobs. */
export const onNode: Fields = { source_labels: ['__meta_kubernetes_pod_node_name'], regex: `\${env:K8S_NODE_NAME}`, action: 'keep' };
export const ofGateway = (regex: string): Fields => ({
  source_labels: ['__meta_kubernetes_pod_label_gateway_envoyproxy_io_owning_gateway_name'],
  regex,
  action: 'keep',
});
export const ofPort = (regex: string): Fields => ({ source_labels: ['__meta_kubernetes_pod_container_port_name'], regex, action: 'keep' });
export const toPort = (replacement: string): Fields => ({
  source_labels: ['__meta_kubernetes_pod_ip'],
  regex: '(.+)',
  target_label: '__address__',
  replacement,
});

const toPod: Fields = { source_labels: ['__meta_kubernetes_pod_name'], target_label: 'pod' };

export const withRules = (...rules: readonly Fields[]): Writing => ({ jobs: [sidecarJob({ relabel_configs: rules })] });

/** The collector's pod as the kubelet has it when its program ends. */
export function crash(words: string): (cluster: Cluster) => void {
  const image = 'docker.io/otel/opentelemetry-collector-contrib:0.143.0';
  return (cluster) =>
    edit(cluster, 'Pod', `${agentName}-x2v7q`, ({ status }) => {
      status.containerStatuses = [crashing('opentelemetry-collector', image, words)];
      for (const condition of status.conditions) if (/Ready$/.test(condition.type)) condition.status = 'False';
    });
}

export const invalidName =
  'Error: failed to get config: cannot resolve the configuration: environment variable "1" has invalid name: must match regex ^[a-zA-Z_][a-zA-Z0-9_]*$';
/** prometheusremotewriteexporter 0.165, config.go. */
export const untranslated =
  'Error: invalid configuration: exporters::prometheusremotewrite/mimir: translation strategy NoTranslation requires Prometheus Remote Write 2.0 (UTF-8 support)';
export const unknownReceiver =
  'Error: invalid configuration: service::pipelines::metrics: references receiver "prometheus/gone" which is not configured';

export const second = 'metrics-collector';

/** A collector with one replica and one file. */
export function deployed(cluster: Cluster, config: Fields): void {
  const address = `${cluster.subnet}.52`;
  const text = stringify(config, { lineWidth: 0 });
  const labels = { 'app.kubernetes.io/name': 'opentelemetry-collector', 'app.kubernetes.io/instance': second };
  const spec = {
    serviceAccountName: second,
    containers: [
      {
        name: 'otc-container',
        image: 'docker.io/otel/opentelemetry-collector-contrib:0.143.0',
        args: ['--config=/conf/relay.yaml'],
        env: [{ name: 'MY_POD_IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } }],
        volumeMounts: [{ name: 'config', mountPath: '/conf' }],
      },
    ],
    volumes: [{ name: 'config', configMap: { name: second, items: [{ key: 'relay', path: 'relay.yaml' }] } }],
  };
  cluster.objects.push(
    configMap(second, { relay: text }),
    ...access(second),
    ...workload({ namespace: names.monitoring, name: second, labels, selector: labels, spec, addresses: [address], hash: '6c8f9d7b5' }),
  );
  cluster.collectors.push({ namespace: names.monitoring, name: `${second}-6c8f9d7b5-x2v7q`, address, configs: [text] });
}

/** The whole configuration of a collector that only scrapes the sidecars. */
export function whole(jobName: string, rules: readonly Fields[] = [ofPort('aigw-admin')]): Fields {
  const { exporters, receivers } = overrides({ jobs: [sidecarJob({ job_name: jobName, relabel_configs: [...rules, toPod] })] });
  return {
    receivers,
    exporters,
    service: { pipelines: { metrics: { receivers: [receiver], exporters: ['prometheusremotewrite/mimir'] } } },
  };
}

/** Agents that hand what they scrape to a collector in front of the store. */
export function inFront(cluster: Cluster, exporters: readonly string[]): void {
  const { receivers } = overrides();
  const handed = { 'otlphttp/front': { endpoint: `http://${second}.${names.monitoring}.svc.cluster.local:4318` } };
  configure(cluster, { receivers, exporters: handed, service: routed(['otlp', 'prometheus', receiver], 'otlphttp/front') });
  deployed(cluster, {
    receivers: { otlp: { protocols: { http: { endpoint: `\${env:MY_POD_IP}:4318` } } } },
    exporters: { ...(overrides().exporters as Fields), debug: {} },
    service: { pipelines: { metrics: { receivers: ['otlp'], exporters } } },
  });
  const selector = { 'app.kubernetes.io/name': 'opentelemetry-collector', 'app.kubernetes.io/instance': second };
  cluster.objects.push(service(second, selector, [{ name: 'otlp-http', port: 4318, targetPort: 4318 }]));
}

/** Without the agent, its files and its process. */
export function withoutAgent(cluster: Cluster): void {
  cluster.objects = cluster.objects.filter(({ metadata }) => !metadata.name.startsWith('opentelemetry-collector'));
  cluster.collectors = [];
}

export const wall: Manifest = {
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  metadata: { name: 'proxies', namespace: names.envoyGateway },
  spec: {
    podSelector: { matchLabels: { 'app.kubernetes.io/component': 'proxy' } },
    policyTypes: ['Ingress'],
    ingress: [
      { ports: [{ port: 10080 }] },
      { from: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': names.envoyGateway } } }] },
    ],
  },
};

/** The pipeline that brings these receivers to the store, or elsewhere. */
export function routed(receivers: readonly string[], exporter = 'prometheusremotewrite/mimir'): Fields {
  return { pipelines: { metrics: { receivers, exporters: [exporter] } } };
}
