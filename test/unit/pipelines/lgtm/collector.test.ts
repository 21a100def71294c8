import { describe, expect, it } from 'vitest';
import type { Check, Finding } from '../../../../src/model/check.ts';
import type { KubeObject } from '../../../../src/model/source.ts';
import { collectorMissing } from '../../../../src/pipelines/lgtm/checks/collector-missing.ts';
import { collectorUnready } from '../../../../src/pipelines/lgtm/checks/collector-unready.ts';
import { duplicateCollectors } from '../../../../src/pipelines/lgtm/checks/duplicate-collectors.ts';
import { exportFailing } from '../../../../src/pipelines/lgtm/checks/export-failing.ts';
import { overrideIgnored } from '../../../../src/pipelines/lgtm/checks/override-ignored.ts';
import { proxiesWalled } from '../../../../src/pipelines/lgtm/checks/proxies-walled.ts';
import { receiverUnwired } from '../../../../src/pipelines/lgtm/checks/receiver-unwired.ts';
import { replacementMisescaped } from '../../../../src/pipelines/lgtm/checks/replacement-misescaped.ts';
import { unscrapedProxies } from '../../../../src/pipelines/lgtm/checks/unscraped-proxies.ts';
import { collectorChecks } from '../../../../src/pipelines/lgtm/collector-checks.ts';
import { faulty } from '../../memory-source.ts';
import { proxyPod } from '../envoy-ai-gateway/objects.ts';
import { lineOf } from '../envoy-ai-gateway/world.ts';
import {
  addressRule,
  agent,
  agentPod,
  annotated,
  type Change,
  configMap,
  job,
  judged,
  keep,
  nodeRule,
  override,
  soundSelf,
} from './collector-world.ts';

const all: readonly Check[] = [...collectorChecks.discover, ...collectorChecks.collect];

const said = async (check: Check, change: Change): Promise<string> => lineOf(await judged(check, change));

async function findingsOf(check: Check, change: Change): Promise<readonly Finding[]> {
  const verdict = await judged(check, change);
  return verdict.status === 'fail' ? verdict.findings : [];
}

/** The checks that fail, in order. */
async function failing(change: Change): Promise<readonly string[]> {
  const verdicts = await Promise.all(all.map(async (check) => [check.id, await judged(check, change)] as const));
  return verdicts.flatMap(([id, { status }]) => (status === 'fail' ? [id] : []));
}

const other = (name: string): KubeObject =>
  annotated({
    ...proxyPod({ name }),
    metadata: {
      ...proxyPod({ name }).metadata,
      labels: { ...proxyPod().metadata.labels, 'gateway.envoyproxy.io/owning-gateway-name': 'second' },
    },
  });

const pending: KubeObject = { ...proxyPod({ name: 'envoy-maas-1' }), status: { phase: 'Pending' } };

const crash = {
  ready: false,
  restartCount: 7,
  state: { waiting: { reason: 'CrashLoopBackOff' } },
  lastState: { terminated: { exitCode: 1, reason: 'Error' } },
};

const wall = (spec: Readonly<Record<string, unknown>>): KubeObject => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  metadata: { name: 'proxies', namespace: 'envoy-gateway-system' },
  spec: { podSelector: {}, ...spec },
});

const second = (jobName: string): readonly KubeObject[] => [
  {
    ...agent({ name: 'second', args: ['--config=/conf/relay.yaml'] }),
    kind: 'Deployment',
    status: {},
  },
  configMap('second', {
    relay: override({
      jobs: [job({ job_name: jobName, relabel_configs: [keep('port', 'aigw-admin')] })],
      receivers: ['prometheus/ai-gateway-genai'],
    }),
  }),
];

describe('a sound chain', () => {
  it.each(all.map((check) => [check.id, check] as const))('%s passes', async (_, check) => {
    expect((await judged(check)).status).toBe('pass');
  });
});

const podMonitor: KubeObject = {
  apiVersion: 'monitoring.coreos.com/v1',
  kind: 'PodMonitor',
  metadata: { name: 'sidecars', namespace: 'envoy-gateway-system' },
  spec: { selector: { matchLabels: { 'app.kubernetes.io/component': 'proxy' } }, podMetricsEndpoints: [{ port: 'aigw-admin' }] },
};

const resource = (targetAllocator: Readonly<Record<string, unknown>>): KubeObject => ({
  apiVersion: 'opentelemetry.io/v1beta1',
  kind: 'OpenTelemetryCollector',
  metadata: { name: 'main', namespace: 'monitoring' },
  spec: {
    mode: 'statefulset',
    targetAllocator,
    config: {
      receivers: { prometheus: { config: { scrape_configs: [] } } },
      exporters: { 'otlphttp/mimir': { endpoint: 'http://lgtm-pack-mimir.monitoring:8080/otlp' } },
      service: { pipelines: { metrics: { receivers: ['prometheus'], exporters: ['otlphttp/mimir'] } } },
    },
  },
});

const alone = { agent: null, override: null };

describe('other ways that are sound', () => {
  it.each<[string, Change]>([
    [
      'a job that keeps the number of the port',
      {
        override: override({
          jobs: [
            job({
              relabel_configs: [
                nodeRule,
                { source_labels: ['__meta_kubernetes_pod_container_port_number'], regex: '1064', action: 'keep' },
              ],
            }),
          ],
        }),
      },
    ],
    ['the job in the file of the chart', { override: null, relay: override({ receivers: ['prometheus/ai-gateway-genai'] }) }],
    [
      'PodMonitors through a target allocator',
      { ...alone, extra: [resource({ enabled: true, prometheusCR: { enabled: true } }), podMonitor] },
    ],
    ['a second collector that scrapes alone', { override: null, extra: second('elsewhere') }],
    ['a proxy that has no address yet', { pods: [annotated(), pending] }],
    ['no kinds of the operators', { refused: { podmonitors: 'absent', prometheuses: 'absent', opentelemetrycollectors: 'absent' } }],
  ])('%s', async (_, change) => expect(await failing(change)).toEqual([]));

  it('a Prometheus in the place of a collector is no missing collector', async () => {
    const prometheus: KubeObject = {
      apiVersion: 'monitoring.coreos.com/v1',
      kind: 'Prometheus',
      metadata: { name: 'k8s', namespace: 'monitoring' },
      spec: {
        podMonitorSelector: {},
        podMonitorNamespaceSelector: {},
        remoteWrite: [{ url: 'http://lgtm-pack-mimir.monitoring.svc:8080/api/v1/push' }],
      },
    };
    const change = { ...alone, extra: [prometheus, podMonitor] };
    expect(await failing(change)).toEqual([]);
    expect(await said(collectorMissing, change)).toBe('skip: there is no collector; Prometheus monitoring/k8s scrapes the sidecars');
    expect(await said(duplicateCollectors, { extra: [prometheus, podMonitor] })).toContain('and Prometheus monitoring/k8s both bring');
  });

  it('a target allocator without PodMonitors scrapes nothing', async () => {
    expect(await failing({ ...alone, extra: [resource({ enabled: true, prometheusCR: { enabled: true } })] })).toEqual([
      'unscraped-proxies',
    ]);
  });
});

describe('an agent that hands its metrics to a collector in front of the store', () => {
  const gatewayFile = (exporters: readonly string[]): string =>
    JSON.stringify({
      receivers: { otlp: { protocols: { grpc: {} } } },
      exporters: { 'prometheusremotewrite/mimir': { endpoint: 'http://lgtm-pack-mimir:8080/api/v1/push' }, debug: {} },
      service: { pipelines: { metrics: { receivers: ['otlp'], exporters } } },
    });
  const labels = { app: 'otel-gateway' };
  const base = agent({ name: 'otel-gateway', args: ['--config=/conf/relay.yaml'] });
  const front: KubeObject = {
    ...base,
    kind: 'Deployment',
    metadata: { ...base.metadata, labels },
    spec: { ...(base.spec as object), replicas: 1, selector: { matchLabels: labels } },
    status: {},
  };
  const frontPod = (state: Readonly<Record<string, unknown>> = {}): KubeObject => ({
    ...agentPod(state),
    metadata: { name: 'otel-gateway-1', namespace: 'monitoring', labels },
  });
  const service: KubeObject = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'otel-gateway', namespace: 'monitoring' },
    spec: { ports: [{ port: 4317 }] },
  };
  const handing = override()
    .replace(/otlphttp\/mimir/g, 'otlp/gateway')
    .replace(/endpoint: .*/, 'endpoint: otel-gateway.monitoring.svc:4317');
  const chained = (exporters: readonly string[], state?: Readonly<Record<string, unknown>>): Change => ({
    override: handing,
    self: soundSelf.replaceAll('otlphttp/mimir', 'otlp/gateway'),
    extra: [front, frontPod(state), service, configMap('otel-gateway', { relay: gatewayFile(exporters) })],
    endpoints: { 'monitoring/otel-gateway-1:8888/metrics': faulty('refused') },
  });

  it.each<[string, Change, readonly string[]]>([
    ['is sound', chained(['prometheusremotewrite/mimir']), []],
    ['loses them where that only prints', chained(['debug']), ['receiver-unwired']],
    ['loses them while that crashes', chained(['prometheusremotewrite/mimir'], crash), ['collector-unready']],
  ])('%s', async (_, change, ids) => expect(await failing(change)).toEqual(ids));

  it('says where they end', async () => {
    expect(await said(receiverUnwired, chained(['debug']))).toContain(
      'is handed to Deployment monitoring/otel-gateway, where what comes by OTLP reaches no exporter that sends it on',
    );
  });
});

describe('one fault', () => {
  it.each<[string, Change, readonly string[]]>([
    ['no collector', { agent: null }, ['collector-missing']],
    ['only the job that follows annotations', { override: null }, ['unscraped-proxies']],
    [
      'a group without a second dollar sign',
      { override: override({ jobs: [job({ relabel_configs: [addressRule('${1}:1064')] })] }) },
      ['replacement-misescaped'],
    ],
    [
      'a group with four dollar signs',
      { override: override({ jobs: [job({ relabel_configs: [nodeRule, addressRule('$$$$1:1064')] })] }) },
      ['replacement-misescaped'],
    ],
    ['a receiver that no pipeline names', { override: override({ receivers: ['otlp', 'prometheus'] }) }, ['receiver-unwired']],
    ['the debug exporter alone', { override: override({ exporters: ['debug'] }) }, ['receiver-unwired']],
    ['a rule for one gateway of two', { pods: [annotated(), other('envoy-second-0')] }, ['unscraped-proxies']],
    [
      'a rule for the name of old ports',
      { override: override({ jobs: [job({ relabel_configs: [keep('port', 'aigw-metrics')] })] }) },
      ['unscraped-proxies'],
    ],
    [
      'another namespace',
      { override: override({ jobs: [job({ kubernetes_sd_configs: [{ role: 'pod', namespaces: { names: ['gateways'] } }] })] }) },
      ['unscraped-proxies'],
    ],
    ['a second collector with a job of another name', { extra: second('elsewhere') }, ['duplicate-collectors']],
    ['a collector that crashes', { agentPods: [agentPod(crash)] }, ['collector-unready']],
    ['a wall', { extra: [wall({ ingress: [{ ports: [{ port: 8080 }] }] })] }, ['proxies-walled']],
    ['a store that refuses', { self: 'otelcol_exporter_send_failed_metric_points{exporter="otlphttp/mimir"} 485\n' }, ['export-failing']],
  ])('%s is told by one check', async (_, change, ids) => {
    expect(await failing(change)).toEqual(ids);
  });

  it('an override under another key is told beside what it costs', async () => {
    const change = { override: null, extra: [configMap('opentelemetry-collector-overrides', { 'relay.yml': override() })] };
    expect(await failing(change)).toEqual(['override-ignored', 'unscraped-proxies']);
    expect(await said(overrideIgnored, change)).toBe(
      'fail: key relay.yml holds a scrape job for sidecar envoy-gateway-system/envoy-maas-0, and no collector reads it: DaemonSet monitoring/opentelemetry-collector-agent looks for key relay.yaml of ConfigMap monitoring/opentelemetry-collector-overrides, which does not exist',
    );
  });

  it('an override in another namespace is found', async () => {
    const change = { override: null, extra: [configMap('opentelemetry-collector-overrides', { 'relay.yaml': override() }, 'llm')] };
    expect((await findingsOf(overrideIgnored, change)).map(({ subject }) => subject)).toEqual([
      'ConfigMap llm/opentelemetry-collector-overrides',
    ]);
  });
});

describe('an override that was made after the collector started', () => {
  const late = {
    override: null,
    extra: [
      {
        ...configMap('opentelemetry-collector-overrides', { 'relay.yaml': override() }),
        metadata: { name: 'opentelemetry-collector-overrides', namespace: 'monitoring', creationTimestamp: '2026-11-24T10:00:00Z' },
      },
    ],
  };
  const received = (id: string): string => `${soundSelf}otelcol_receiver_accepted_metric_points{receiver="${id}"} 12\n`;
  it.each<[string, Change, string]>([
    [
      'nothing tells',
      {},
      'fail: [warning] pod opentelemetry-collector-agent-x runs since before ConfigMap monitoring/opentelemetry-collector-overrides was made, and has read nothing of it',
    ],
    ['its receiver works', { self: received('prometheus/ai-gateway-genai') }, 'pass'],
    [
      'another receiver works',
      { self: received('prometheus') },
      'fail: pod opentelemetry-collector-agent-x runs since before ConfigMap monitoring/opentelemetry-collector-overrides was made, and has read nothing of it',
    ],
    ['the program started again', { agentPods: [agentPod({ state: { running: { startedAt: '2026-11-24T11:00:00Z' } } })] }, 'pass'],
  ])('%s', async (_, change, line) => expect(await said(overrideIgnored, { ...late, ...change })).toBe(line));
});

describe('what is said', () => {
  it('of annotations, with the whole job', async () => {
    const [finding] = await findingsOf(unscrapedProxies, { override: null });
    expect(finding?.message).toBe(
      'only job kubernetes-pods comes to sidecar envoy-gateway-system/envoy-maas-0, at port 19001 as the annotations of the pods say, and not at port 1064 where the tokens are',
    );
    expect(finding?.remedy?.patch).toMatchObject({
      service: { pipelines: { metrics: { receivers: ['otlp', 'prometheus', 'prometheus/ai-gateway'] } } },
    });
    expect(finding?.about).toEqual(['pod envoy-gateway-system/envoy-maas-0']);
  });

  it('the job of the remedy reaches the sidecar', async () => {
    const [finding] = await findingsOf(unscrapedProxies, { override: null });
    const { receivers } = (finding?.remedy?.patch ?? {}) as {
      receivers: { 'prometheus/ai-gateway': { config: { scrape_configs: Record<string, unknown>[] } } };
    };
    const jobs = receivers['prometheus/ai-gateway'].config.scrape_configs;
    expect(await failing({ override: override({ jobs }) })).toEqual([]);
  });

  it('of a rule that leaves a gateway out', async () => {
    expect(await said(unscrapedProxies, { pods: [annotated(), other('envoy-second-0')] })).toBe(
      'fail: job ai-gateway-genai passes sidecar envoy-gateway-system/envoy-second-0 by: its rule keep "maas" over __meta_kubernetes_pod_label_gateway_envoyproxy_io_owning_gateway_name does not match "second"',
    );
  });

  it('of a misescaped group', async () => {
    const [finding] = await findingsOf(replacementMisescaped, {
      override: override({ jobs: [job({ relabel_configs: [addressRule('${1}:1064')] })] }),
    });
    expect(finding?.subject).toBe('ConfigMap monitoring/opentelemetry-collector-overrides');
    expect(finding?.message).toContain('"${1}:1064" is taken for an environment variable whose name is not valid');
    expect(finding?.remedy?.text).toContain('write $${1}:1064 in key relay.yaml');
  });

  it('of a receiver that is not wired', async () => {
    const [finding] = await findingsOf(receiverUnwired, { override: override({ receivers: ['otlp', 'prometheus'] }) });
    expect(finding?.remedy?.patch).toEqual({
      service: { pipelines: { metrics: { receivers: ['otlp', 'prometheus', 'prometheus/ai-gateway-genai'] } } },
    });
  });

  it('of two jobs, that tokens double', async () => {
    expect(await said(duplicateCollectors, { extra: second('elsewhere') })).toBe(
      'fail: job ai-gateway-genai and job elsewhere of Deployment monitoring/second both bring sidecar envoy-gateway-system/envoy-maas-0 to monitoring/lgtm-pack-mimir: every sum counts each token twice',
    );
  });

  it('of one job in two collectors, that it is no more than a warning', async () => {
    const [finding] = await findingsOf(duplicateCollectors, { extra: second('ai-gateway-genai') });
    expect(finding?.severity).toBe('warning');
  });

  it('of a DaemonSet on three nodes without a rule for the node', async () => {
    const change = { agent: agent({ nodes: 3 }), override: override({ jobs: [job({ relabel_configs: [keep('port', 'aigw-admin')] })] }) };
    const [finding] = await findingsOf(duplicateCollectors, change);
    expect(finding?.message).toContain('each of its 3 pods scrapes');
    expect(finding?.severity).toBe('warning');
    expect(await judged(duplicateCollectors, { agent: agent({ nodes: 3 }) })).toMatchObject({ status: 'pass' });
  });
});

describe('what is not known', () => {
  it.each<[string, Check, Change, string]>([
    [
      'refused ConfigMaps',
      unscrapedProxies,
      { refused: { configmaps: 'forbidden' } },
      'unknown: forbidden list configmaps in all namespaces | malformed',
    ],
    [
      'refused ConfigMaps',
      replacementMisescaped,
      { refused: { configmaps: 'forbidden' } },
      'unknown: forbidden list configmaps in all namespaces',
    ],
    ['no pods of the collector', collectorUnready, { agentPods: [] }, 'fail: the collector has no pods'],
    ['refused NetworkPolicies', proxiesWalled, { refused: { networkpolicies: 'absent' } }, 'throws'],
    [
      'a configuration from an address',
      unscrapedProxies,
      { agent: agent({ args: ['--config=https://example.com/c.yaml'] }) },
      'unknown: malformed',
    ],
    [
      'metrics that nothing serves',
      exportFailing,
      { endpoints: { 'monitoring/opentelemetry-collector-agent-x:8888/metrics': faulty('refused') } },
      'skip: monitoring/opentelemetry-collector-agent-x serves no metrics of its own where they can be read',
    ],
    ['no sidecars', unscrapedProxies, { pods: [] }, 'skip: there are no sidecars that count tokens'],
    ['no collector', unscrapedProxies, { agent: null }, 'skip: there is no collector'],
    [
      'another scraper',
      collectorMissing,
      {
        agent: null,
        override: null,
        extra: [
          { ...agent({ image: 'prom/prometheus:v3.5.0', name: 'prometheus' }), metadata: { name: 'prometheus', namespace: 'monitoring' } },
        ],
      },
      'skip: there is no collector; DaemonSet monitoring/prometheus may do its work, and is not looked into',
    ],
  ])('%s', async (_, check, change, line) => {
    expect(await said(check, change).catch(() => 'throws')).toBe(line);
  });
});

describe('the address of the store', () => {
  const service = (name: string, spec: Readonly<Record<string, unknown>>): KubeObject => ({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: 'monitoring' },
    spec,
  });
  it.each([
    [
      'is of no Service',
      service('mimir', { ports: [{ port: 8080 }] }),
      'fail: exporter otlphttp/mimir sends to Service monitoring/lgtm-pack-mimir, which does not exist',
    ],
    [
      'has another port',
      service('lgtm-pack-mimir', { ports: [{ port: 80 }] }),
      'fail: exporter otlphttp/mimir sends to port 8080 of Service monitoring/lgtm-pack-mimir, which has 80',
    ],
    ['is a name for another', service('lgtm-pack-mimir', { type: 'ExternalName', externalName: 'mimir.example.com' }), 'pass'],
  ])('%s', async (_, store, line) => expect(await said(exportFailing, { store })).toBe(line));
});

describe('a path', () => {
  it('of another program at the right port is told', async () => {
    const pod = annotated();
    const annotations = { ...pod.metadata.annotations, 'prometheus.io/port': '1064' };
    const line = await said(unscrapedProxies, { override: null, pods: [{ ...pod, metadata: { ...pod.metadata, annotations } }] });
    expect(line).toBe(
      'fail: job kubernetes-pods passes sidecar envoy-gateway-system/envoy-maas-0 by: it asks port 1064 for /stats/prometheus and not for /metrics',
    );
  });
});

describe('export-failing', () => {
  it.each([
    ['nothing is wrong', soundSelf, 'pass'],
    ['a few points were refused long ago', `${soundSelf}otelcol_exporter_send_failed_metric_points{exporter="otlphttp/mimir"} 2\n`, 'pass'],
    ['many were refused', `${soundSelf}otelcol_exporter_send_failed_metric_points_total{exporter="otlphttp/mimir"} 300\n`, 'fail'],
    ['another exporter is refused', `${soundSelf}otelcol_exporter_send_failed_metric_points{exporter="otlp/traces"} 300\n`, 'pass'],
    [
      'the queue is full',
      soundSelf.replace('queue_size{exporter="otlphttp/mimir"} 0', 'queue_size{exporter="otlphttp/mimir"} 950'),
      'fail',
    ],
    ['nothing is taken', soundSelf.replace('} 873', '} 0').replace('mimir"} 0\notelcol_process', 'mimir"} 7\notelcol_process'), 'fail'],
  ])('%s', async (_, self, status) => {
    expect((await judged(exportFailing, { self })).status).toBe(status);
  });
});

describe('proxies-walled', () => {
  it.each<[string, Readonly<Record<string, unknown>>, string]>([
    ['nothing in', { ingress: [] }, 'fail'],
    ['only egress', { policyTypes: ['Egress'] }, 'pass'],
    ['everything in', { ingress: [{}] }, 'pass'],
    ['the port by its name', { ingress: [{ ports: [{ port: 'aigw-admin' }] }] }, 'pass'],
    ['a range of ports', { ingress: [{ ports: [{ port: 1024, endPort: 2000 }] }] }, 'pass'],
    [
      'from the namespace of the collector',
      { ingress: [{ from: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'monitoring' } } }] }] },
      'pass',
    ],
    [
      'from another namespace',
      { ingress: [{ from: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'web' } } }] }] },
      'fail',
    ],
    ['from its own namespace', { ingress: [{ from: [{ podSelector: {} }] }] }, 'fail'],
    ['from some addresses', { ingress: [{ from: [{ ipBlock: { cidr: '10.0.0.0/8' } }] }] }, 'pass'],
    ['other pods', { podSelector: { matchLabels: { app: 'web' } }, ingress: [] }, 'pass'],
  ])('%s', async (_, spec, status) => {
    const namespace = {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: 'monitoring', labels: { 'kubernetes.io/metadata.name': 'monitoring' } },
    };
    expect((await judged(proxiesWalled, { extra: [wall(spec), namespace] })).status).toBe(status);
  });
});

describe('a collector of logs that crashes', () => {
  const labels = { app: 'logs' };
  const base = agent({ name: 'logs', args: ['--config=/conf/relay.yaml'] });
  const logs: KubeObject = {
    ...base,
    metadata: { ...base.metadata, labels },
    spec: { ...(base.spec as object), selector: { matchLabels: labels } },
  };
  const file = JSON.stringify({
    receivers: {
      filelog: {},
      prometheus: { config: { scrape_configs: [{ job_name: 'self', static_configs: [{ targets: ['localhost:8888'] }] }] } },
    },
    processors: { transform: { statements: ['replace(body, "${1}")'] } },
  });
  const broken = { ...agentPod(crash), metadata: { name: 'logs-1', namespace: 'monitoring', labels } };
  const extra = [logs, broken, configMap('logs', { relay: file })];
  it.each<[string, Change, readonly string[]]>([
    ['beside one that scrapes', { extra }, []],
    ['alone', { agent: null, override: null, extra }, ['unscraped-proxies']],
  ])('%s is none of our business', async (_, change, ids) => expect(await failing(change)).toEqual(ids));
});

describe('collector-unready', () => {
  it.each<[string, readonly KubeObject[], string]>([
    ['a crash beside a ready pod', [agentPod(), agentPod(crash, 'agent-2')], 'error'],
    ['a pod that is not ready beside a ready one', [agentPod(), agentPod({ ready: false }, 'agent-2')], 'warning'],
    [
      'a habit of running out of memory',
      [agentPod({ restartCount: 9, lastState: { terminated: { exitCode: 137, reason: 'OOMKilled' } } })],
      'warning',
    ],
  ])('%s', async (_, agentPods, severity) => {
    const findings = await findingsOf(collectorUnready, { agentPods });
    expect(findings.map((finding) => finding.severity ?? 'error')).toEqual([severity]);
  });

  it('restarts with the node are none of its business', async () => {
    const agentPods = [agentPod({ restartCount: 9, lastState: { terminated: { exitCode: 255, reason: 'Unknown' } } })];
    expect((await judged(collectorUnready, { agentPods })).status).toBe('pass');
  });

  it('says that pods may not be listed, when logs may be read', async () => {
    const log =
      'E1124 reflector.go:205 "Failed to watch" err="failed to list *v1.Pod: pods is forbidden: User \\"system:serviceaccount:monitoring:otel\\" cannot list resource \\"pods\\" in API group"\n';
    const endpoints = { 'logs monitoring/opentelemetry-collector-agent-x/opentelemetry-collector': log };
    expect(await said(collectorUnready, { endpoints, options: { logs: true } })).toContain('it may not list pods');
  });

  it('says what the log says, when it may be read', async () => {
    const log =
      '2026-11-24 Error: failed to get config: cannot resolve the configuration: environment variable "1" has invalid name: must match regex\n';
    const endpoints = { 'logs monitoring/opentelemetry-collector-agent-x/opentelemetry-collector': log };
    const line = await said(collectorUnready, { agentPods: [agentPod(crash)], endpoints, options: { logs: true } });
    expect(line).toContain('its log says: environment variable "1" has invalid name');
  });
});

describe('Alloy', () => {
  const config = (replacement: string, forward = '[prometheus.remote_write.mimir.receiver]'): string => `
discovery.kubernetes "pods" { role = "pod" }
discovery.relabel "aigw" {
  targets = discovery.kubernetes.pods.targets
  rule {
    source_labels = ["__meta_kubernetes_pod_container_name"]
    regex         = "ai-gateway-extproc"
    action        = "keep"
  }
  rule {
    source_labels = ["__meta_kubernetes_pod_ip"]
    target_label  = "__address__"
    replacement   = "${replacement}"
  }
}
prometheus.scrape "aigw" {
  targets    = discovery.relabel.aigw.output
  forward_to = ${forward}
}
prometheus.remote_write "mimir" {
  endpoint { url = "http://lgtm-pack-mimir:8080/api/v1/push" }
}`;
  const labels = { 'app.kubernetes.io/name': 'alloy' };
  const alloy: KubeObject = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'alloy', namespace: 'monitoring', labels },
    spec: {
      replicas: 1,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          containers: [
            {
              name: 'alloy',
              image: 'docker.io/grafana/alloy:v1.11.0',
              args: ['run', '/etc/alloy/config.alloy'],
              volumeMounts: [{ name: 'config', mountPath: '/etc/alloy' }],
            },
          ],
          volumes: [{ name: 'config', configMap: { name: 'alloy' } }],
        },
      },
    },
  };
  const pod: KubeObject = {
    ...agentPod(),
    metadata: { name: 'alloy-1', namespace: 'monitoring', labels },
    status: { phase: 'Running', containerStatuses: [{ name: 'alloy', ready: true, restartCount: 0, state: { running: {} } }] },
  };
  const withAlloy = (
    text: string,
    self = 'prometheus_remote_storage_samples_total{component_id="prometheus.remote_write.mimir"} 9\n',
  ): Change => ({
    agent: null,
    override: null,
    extra: [alloy, pod, configMap('alloy', { 'config.alloy': text })],
    endpoints: { 'monitoring/alloy-1:12345/metrics': self },
  });

  it.each<[string, Change, readonly string[]]>([
    ['a sound one', withAlloy(config('$1:1064')), []],
    ['two dollar signs', withAlloy(config('$$1:1064')), ['replacement-misescaped']],
    ['nowhere to forward to', withAlloy(config('$1:1064', '[]')), ['receiver-unwired']],
    ['another port', withAlloy(config('$1:19001')), ['unscraped-proxies']],
    [
      'a store that refuses',
      withAlloy(config('$1:1064'), 'prometheus_remote_storage_samples_failed_total{component_id="prometheus.remote_write.mimir"} 9\n'),
      ['export-failing'],
    ],
  ])('%s', async (_, change, ids) => expect(await failing(change)).toEqual(ids));

  it('that cannot be read is unknown', async () => {
    expect(await said(unscrapedProxies, withAlloy('receivers:\n'))).toMatch(/^unknown/);
  });

  it('that imports its targets is unknown', async () => {
    expect(
      await said(unscrapedProxies, withAlloy('import.git "x" { }\nprometheus.scrape "a" {\n targets = x.y.z\n forward_to = []\n}')),
    ).toMatch(/^unknown/);
  });
});
