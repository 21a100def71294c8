import { describe, expect, it } from 'vitest';
import { outcomeOf } from '../../../src/facts/collector-coverage.ts';
import type { Emitter } from '../../../src/facts/emitters.ts';
import { podOf } from '../../../src/facts/pods.ts';
import { jobsOf } from '../../../src/parse/collector-jobs.ts';
import { proxyPod } from '../pipelines/envoy-ai-gateway/objects.ts';

type Fields = Readonly<Record<string, unknown>>;

const emitterOf = (pod = proxyPod()): Emitter => ({
  key: 'pod envoy-gateway-system/envoy-maas-0',
  subject: 'Pod envoy-gateway-system/envoy-maas-0',
  pod: podOf(pod),
  container: 'ai-gateway-extproc',
  port: 1064,
  portNames: ['aigw-admin'],
  path: '/metrics',
  release: 'v0.5.0',
});

const pods: Fields = { role: 'pod' };
const number = { source_labels: ['__meta_kubernetes_pod_container_port_number'], regex: 1064, action: 'keep' };
const rule = (source: string, regex: string, action = 'keep'): Fields => ({ source_labels: [source], regex, action });

function outcome(job: Fields, kind: 'otel' | 'alloy' = 'otel', emitter = emitterOf()) {
  const [read] = jobsOf({ receivers: { prometheus: { config: { scrape_configs: [{ job_name: 'j', ...job }] } } } });
  return read === undefined ? null : outcomeOf(read, emitter, { kind, namespace: 'monitoring' });
}

describe('outcomeOf', () => {
  it.each<[string, Fields, Fields]>([
    ['every port of every pod', { kubernetes_sd_configs: [pods] }, { status: 'covered', jobLabel: 'j', sure: true, perNode: false }],
    ['the port by its number', { kubernetes_sd_configs: [pods], relabel_configs: [number] }, { status: 'covered' }],
    ['another path', { kubernetes_sd_configs: [pods], metrics_path: '/stats' }, { status: 'path', path: '/stats' }],
    [
      'a path by a rule',
      {
        kubernetes_sd_configs: [pods],
        metrics_path: '/stats',
        relabel_configs: [{ target_label: '__metrics_path__', replacement: '/metrics' }],
      },
      { status: 'covered' },
    ],
    [
      'the address of any port',
      {
        kubernetes_sd_configs: [pods],
        relabel_configs: [
          rule('__meta_kubernetes_pod_container_name', 'envoy'),
          { source_labels: ['__meta_kubernetes_pod_ip'], target_label: '__address__', replacement: '$$1:1064' },
        ],
      },
      { status: 'covered' },
    ],
    [
      'a job label by a rule',
      { kubernetes_sd_configs: [pods], relabel_configs: [number, { target_label: 'job', replacement: 'llm' }] },
      { status: 'covered', jobLabel: 'llm' },
    ],
    [
      'its node alone',
      { kubernetes_sd_configs: [pods], relabel_configs: [rule('__meta_kubernetes_pod_node_name', '${env:NODE}')] },
      { status: 'covered', sure: true, perNode: true },
    ],
    [
      'its node by a selector',
      { kubernetes_sd_configs: [{ ...pods, selectors: [{ role: 'pod', field: 'spec.nodeName=${env:NODE}' }] }] },
      { status: 'covered', perNode: true },
    ],
    [
      'labels by a selector',
      { kubernetes_sd_configs: [{ ...pods, selectors: [{ role: 'pod', label: 'app.kubernetes.io/component=proxy,x!=y' }] }] },
      { status: 'covered', sure: true },
    ],
    [
      'other labels by a selector',
      { kubernetes_sd_configs: [{ ...pods, selectors: [{ role: 'pod', label: 'app=web' }] }] },
      { status: 'none' },
    ],
    [
      'a selector of sets',
      { kubernetes_sd_configs: [{ ...pods, selectors: [{ role: 'pod', label: 'app in (a,b)' }] }] },
      { status: 'covered', sure: false },
    ],
    [
      'a filter over a variable',
      { kubernetes_sd_configs: [pods], relabel_configs: [rule('__meta_kubernetes_namespace', '${env:NS}')] },
      { status: 'covered', sure: false },
    ],
    [
      'a rule that drops it',
      { kubernetes_sd_configs: [pods], relabel_configs: [number, rule('__meta_kubernetes_namespace', 'envoy-.*', 'drop')] },
      { status: 'dropped', rule: 1, value: 'envoy-gateway-system' },
    ],
    [
      'two rules that drop it',
      {
        kubernetes_sd_configs: [pods],
        relabel_configs: [rule('__meta_kubernetes_namespace', 'a'), rule('__meta_kubernetes_pod_name', 'b')],
      },
      { status: 'none' },
    ],
    [
      'another namespace',
      { kubernetes_sd_configs: [{ ...pods, namespaces: { names: ['web'] } }] },
      { status: 'outside', namespaces: ['web'] },
    ],
    [
      'its own namespace',
      { kubernetes_sd_configs: [{ ...pods, namespaces: { own_namespace: true } }] },
      { status: 'outside', namespaces: ['monitoring'] },
    ],
    ['an address', { static_configs: [{ targets: ['10.244.1.27:1064'] }] }, { status: 'covered', sure: true }],
    ['a name with that port', { static_configs: [{ targets: ['proxies.envoy-gateway-system:1064'] }] }, { status: 'covered', sure: false }],
    ['itself', { static_configs: [{ targets: ['localhost:1064', '${env:MY_POD_IP}:1064'] }] }, { status: 'none' }],
    ['endpoints of anything', { kubernetes_sd_configs: [{ role: 'endpoints' }] }, { status: 'none' }],
    [
      'endpoints meant for it',
      { kubernetes_sd_configs: [{ role: 'endpoints' }], relabel_configs: [rule('__meta_kubernetes_endpoint_port_name', 'aigw-admin')] },
      { status: 'unknown' },
    ],
    ['addresses from elsewhere', { http_sd_configs: [{ url: 'http://x' }] }, { status: 'unknown', what: 'http_sd_configs' }],
    [
      'a rule that nothing takes',
      { kubernetes_sd_configs: [pods], relabel_configs: [rule('__meta_kubernetes_pod_name', '(')] },
      { status: 'covered', sure: false },
    ],
    ['nothing', {}, { status: 'none' }],
  ])('%s', (_, job, expected) => expect(outcome(job)).toMatchObject(expected));

  it('Alloy has no job label while rules run', () => {
    const byContainer = {
      kubernetes_sd_configs: [pods],
      relabel_configs: [number, { source_labels: ['job', '__meta_kubernetes_pod_container_name'], regex: ';(.+)', target_label: 'job' }],
    };
    expect(outcome(byContainer, 'alloy')).toMatchObject({ status: 'covered', jobLabel: 'ai-gateway-extproc' });
    expect(outcome(byContainer, 'otel')).toMatchObject({ status: 'covered', jobLabel: 'j' });
  });

  it('a pod without an address is no target of an address', () => {
    const pod = proxyPod();
    const lost = emitterOf({ ...pod, status: { phase: 'Pending' } });
    expect(outcome({ static_configs: [{ targets: ['10.244.1.27:1064x'] }] }, 'otel', lost)).toEqual({ status: 'none' });
  });
});
