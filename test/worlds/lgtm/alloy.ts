import { createServer } from 'node:http';
import { stringify } from 'yaml';
import { names } from '../objects/namespaces.ts';
import { workload } from '../objects/workloads.ts';
import type { Cluster, Running } from '../world.ts';
import { access } from './access.ts';
import { ofPort, toPort, whole, withoutAgent } from './collectors.ts';
import { configMap, stack } from './stack.ts';

/** Alloy's file for the same job and store. */
function alloyFile(replacement: string): string {
  return `discovery.kubernetes "pods" {
  role = "pod"
  namespaces { names = ["${names.envoyGateway}"] }
}
discovery.relabel "sidecars" {
  targets = discovery.kubernetes.pods.targets
  rule {
    source_labels = ["__meta_kubernetes_pod_container_port_name"]
    regex         = "aigw-admin|aigw-metrics"
    action        = "keep"
  }
  rule {
    source_labels = ["__meta_kubernetes_pod_ip"]
    regex         = "(.+)"
    target_label  = "__address__"
    replacement   = "${replacement}"
  }
}
prometheus.scrape "sidecars" {
  job_name   = "ai-gateway"
  targets    = discovery.relabel.sidecars.output
  forward_to = [prometheus.remote_write.mimir.receiver]
}
prometheus.remote_write "mimir" {
  endpoint { url = "http://${stack.mimir}.${names.monitoring}.svc:8080/api/v1/push" }
}
`;
}

/** What a collector is told that does the same as an Alloy with this file: it scrapes the address that the last rule makes. */
export function standIn(file: string): string {
  const [, replacement = ''] = /replacement\s*=\s*"([^"]*)"/.exec(file) ?? [];
  return stringify(whole('ai-gateway', [ofPort('aigw-admin'), toPort(replacement.replaceAll('$', '$$$$'))]), { lineWidth: 0 });
}

/** What an Alloy says of its remote write: prometheus storage/remote, with the component's id. */
async function alloyMetrics(address: string): Promise<Running> {
  const remote = `{component_id="prometheus.remote_write.mimir",component_path="/",remote_name="a1b2c3",url="http://${stack.mimir}"}`;
  const page = `prometheus_remote_storage_samples_total${remote} 1912\nprometheus_remote_storage_samples_failed_total${remote} 0\n`;
  const server = createServer((_, response) => void response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' }).end(page));
  await new Promise<void>((resolve) => server.listen(12345, address, resolve));
  return { stop: () => new Promise((resolve) => server.close(() => resolve())) };
}

/** A Grafana Alloy in the place of the agent; the program behind its pod is a collector that does the same. */
export function alloyed(replacement: string): (cluster: Cluster) => void {
  return (cluster) => {
    withoutAgent(cluster);
    const address = `${cluster.subnet}.53`;
    const labels = { 'app.kubernetes.io/name': 'alloy', 'app.kubernetes.io/instance': 'alloy' };
    const spec = {
      serviceAccountName: 'alloy',
      containers: [
        {
          name: 'alloy',
          image: 'docker.io/grafana/alloy:v1.11.0',
          args: ['run', '/etc/alloy/config.alloy', '--storage.path=/tmp/alloy', '--server.http.listen-addr=0.0.0.0:12345'],
          ports: [{ name: 'http-metrics', containerPort: 12345 }],
          volumeMounts: [{ name: 'config', mountPath: '/etc/alloy' }],
        },
        { name: 'config-reloader', image: 'quay.io/prometheus-operator/prometheus-config-reloader:v0.81.0' },
      ],
      volumes: [{ name: 'config', configMap: { name: 'alloy' } }],
    };
    cluster.objects.push(
      ...access('alloy'),
      configMap('alloy', { 'config.alloy': alloyFile(replacement) }),
      ...workload({ namespace: names.monitoring, name: 'alloy', labels, selector: labels, spec, addresses: [address], hash: '8d7c6b5f9' }),
    );
    cluster.backends.push({
      namespace: names.monitoring,
      name: 'alloy-8d7c6b5f9-x2v7q',
      address,
      port: 12345,
      start: () => alloyMetrics(address),
    });
    cluster.collectors.push({
      namespace: names.monitoring,
      name: 'alloy-8d7c6b5f9-x2v7q',
      address,
      configs: [standIn(alloyFile(replacement))],
    });
  };
}
