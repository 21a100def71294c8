import { describe, expect, it } from 'vitest';
import type { Installed } from '../../../../src/model/pipeline.ts';
import type { KubeObject } from '../../../../src/model/source.ts';
import { installed } from '../../../../src/pipelines/lgtm/facts/installed.ts';
import { memorySource } from '../../memory-source.ts';
import { ask } from '../envoy-ai-gateway/reader.ts';
import { configMap, workload } from './objects.ts';
import { type Change, collector, lgtmMemory, relay, writeTo } from './world.ts';

const lineOf = (found: Installed): string =>
  found.status === 'absent' ? 'absent' : `installed${(found.covers ?? []).length === 0 ? '' : `, covers ${found.covers}`}`;

const asked = (change: Change): Promise<string> =>
  ask(installed, memorySource(lgtmMemory(change)), change.options).then(lineOf, (error: Error) => `refused: ${error.message}`);

/** A Prometheus of the operator; its PodMonitor takes the proxies. */
const prometheus: KubeObject = {
  apiVersion: 'monitoring.coreos.com/v1',
  kind: 'Prometheus',
  metadata: { name: 'k8s', namespace: 'monitoring' },
  spec: { podMonitorSelector: {}, podMonitorNamespaceSelector: {} },
};
const podMonitor: KubeObject = {
  apiVersion: 'monitoring.coreos.com/v1',
  kind: 'PodMonitor',
  metadata: { name: 'proxies', namespace: 'envoy-gateway-system' },
  spec: { selector: {}, podMetricsEndpoints: [{ port: 'aigw-admin' }] },
};
const annotationJob = relay(undefined, 'annotations', 19_001);
const logs = `
receivers: {filelog: {include: [/var/log/pods/*/*/*.log]}}
exporters: {otlphttp/loki: {endpoint: "http://loki.monitoring.svc:3100/otlp"}}
service: {pipelines: {logs: {receivers: [filelog], exporters: [otlphttp/loki]}}}
`;
const absentGateway: Change = { controller: null, pods: [], routes: [], refused: { aigatewayroutes: 'absent' } };

describe('whether token metrics go through collectors', () => {
  it.each<[string, Change, string]>([
    ['a job for the sidecars and a Mimir', {}, 'installed, covers envoy-ai-gateway'],
    ['a job for another port, and a Mimir', { collector: collector(annotationJob) }, 'installed, covers envoy-ai-gateway'],
    ['a Mimir and no collector', { collector: [] }, 'installed, covers envoy-ai-gateway'],
    [
      'a job for the sidecars and a store elsewhere',
      { mimir: [], collector: collector(relay(writeTo('https://mimir.example.com/api/v1/push'))) },
      'installed, covers envoy-ai-gateway',
    ],
    [
      'a collector that scrapes pods into a store elsewhere',
      { mimir: [], collector: collector(relay(writeTo('https://mimir.example.com/api/v1/push'), 'a', 19_001)) },
      'installed, covers envoy-ai-gateway',
    ],
    ['a collector of logs alone', { mimir: [], collector: collector(logs) }, 'absent'],
    ['neither', { mimir: [], collector: [] }, 'absent'],
    ['no AI gateway', absentGateway, 'absent'],
    ['a Prometheus that takes the sidecars, and a Mimir behind it', { collector: [], extra: [prometheus, podMonitor] }, 'absent'],
    ['the same beside a collector for other pods', { collector: collector(annotationJob), extra: [prometheus, podMonitor] }, 'absent'],
    ['both a job and a PodMonitor for the sidecars', { extra: [prometheus, podMonitor] }, 'installed'],
    ['a job for the sidecars beside a Prometheus for the rest', { extra: [prometheus] }, 'installed, covers envoy-ai-gateway'],
    ['a broken job beside a Prometheus for the rest', { collector: collector(annotationJob), extra: [prometheus] }, 'installed'],
    [
      'workloads that may not be listed',
      { mimir: [], collector: [], refused: { statefulsets: 'forbidden' } },
      'refused: statefulsets.apps: forbidden',
    ],
    [
      'workloads that are refused, and a Prometheus that takes the sidecars',
      { mimir: [], collector: [], extra: [prometheus, podMonitor], refused: { daemonsets: 'forbidden' } },
      'absent',
    ],
  ])('%s', async (_, change, line) => expect(await asked(change)).toBe(line));

  it('covers the gateway too where the user names a Mimir, which scrapes nothing', async () => {
    const options = {
      prometheus: { target: { at: 'service', namespace: 'monitoring', service: 'lgtm-pack-mimir', port: 8080 }, headers: {} },
    } as const;
    const endpoints = {
      'monitoring/lgtm-pack-mimir:8080/api/v1/status/buildinfo':
        '{"status":"success","data":{"application":"Grafana Mimir","version":"3.0.5"}}',
    };
    expect(await asked({ collector: collector(annotationJob), options, endpoints })).toBe('installed, covers envoy-ai-gateway');
  });

  it('finds a Mimir under any name', async () => {
    const named = workload('metrics', { image: 'mirror/grafana/mimir:3.0.1', labels: { app: 'metrics' } });
    expect(await asked({ mimir: [named, configMap('x', {})], collector: [] })).toBe('installed, covers envoy-ai-gateway');
  });
});
