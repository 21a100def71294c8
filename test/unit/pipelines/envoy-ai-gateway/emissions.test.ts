import { describe, expect, it } from 'vitest';
import type { Emission } from '../../../../src/facts/emitters.ts';
import { type Many, ReadError } from '../../../../src/model/source.ts';
import { emissions } from '../../../../src/pipelines/envoy-ai-gateway/facts/emissions.ts';
import { type Answer, faulty, type Memory, memorySource } from '../../memory-source.ts';
import { idlePage, metricsPage, proxyPod } from './objects.ts';
import { ask } from './reader.ts';
import { real } from './real.ts';

const at = 'envoy-gateway-system/envoy-maas-0:1064/metrics';
const emitted = (answer: Answer, memory: Partial<Memory> = {}): Promise<Many<Emission>> =>
  ask(emissions, memorySource({ objects: [proxyPod()], endpoints: { [at]: answer }, ...memory }));

describe('what a sidecar says', () => {
  it.each([
    ['v0.2.1', 'text/plain; version=0.0.4', 'gen_ai_client_token_usage', 0],
    ['v0.2.1-openmetrics', 'application/openmetrics-text; version=1.0.0; charset=utf-8', 'gen_ai.client.token.usage', 0],
    ['v0.3.0', 'text/plain; version=0.0.4', 'gen_ai_client_token_usage_token', 1],
    ['v0.4.0', 'text/plain; version=0.0.4', 'gen_ai_client_token_usage_token', 1],
    ['v0.4.0-utf8', 'text/plain; version=0.0.4; escaping=allow-utf-8', 'gen_ai.client.token.usage_token', 1],
    ['v0.5.0', 'text/plain; version=0.0.4', 'gen_ai_client_token_usage', 1],
    ['v1.1.0', 'text/plain; version=0.0.4', 'gen_ai_client_token_usage', 1],
  ])('%s as recorded is metered under its own family', async (name, type, family, identities) => {
    const { read, unread } = await emitted({ headers: { 'content-type': type }, body: real(name) });
    const outcome = read[0]?.outcome;
    expect(unread).toEqual([]);
    expect(outcome).toMatchObject({ status: 'metered', family });
    if (outcome?.status !== 'metered') return;
    expect(outcome.series.length).toBeGreaterThan(0);
    expect(outcome.requests.length).toBeGreaterThan(0);
    const names = new Set(outcome.series.flatMap(({ labels }) => Object.keys(labels)));
    expect([...names].filter((label) => label.includes('.') || label.startsWith('otel_scope') || label === 'le')).toEqual([]);
    expect(names.has('user_id')).toBe(identities === 1);
    expect(names.has('gen_ai_token_type')).toBe(true);
  });

  it('adds sums and counts of one label set', async () => {
    const { read } = await emitted(metricsPage(['alice', null], 7));
    const outcome = read[0]?.outcome;
    expect(outcome?.status === 'metered' && outcome.series).toContainEqual({
      labels: { gen_ai_operation_name: 'chat', gen_ai_request_model: 'gpt-4o', gen_ai_token_type: 'input', user_id: 'alice' },
      sum: 7,
      count: 1,
    });
  });

  it('counts requests by model and not by user', async () => {
    const { read } = await emitted(metricsPage(['alice', 'bob', null]));
    const outcome = read[0]?.outcome;
    expect(outcome?.status === 'metered' && outcome.requests).toEqual([
      { labels: { gen_ai_operation_name: 'chat', gen_ai_request_model: 'gpt-4o' }, count: 3 },
    ]);
  });

  it('keeps a label named __proto__ a label', async () => {
    const page = `gen_ai_client_token_usage_sum{__proto__="x"} 1\ngen_ai_client_token_usage_count{__proto__="x"} 1\n${idlePage()}`;
    const { read } = await emitted(page);
    const outcome = read[0]?.outcome;
    expect(outcome?.status === 'metered' && Object.entries(outcome.series[0]?.labels ?? {})).toEqual([['__proto__', 'x']]);
  });

  it.each<[string, Answer, unknown]>([
    ['only target_info', idlePage(), { status: 'idle' }],
    ['nothing at all', '', { status: 'unreadable', problem: 'not-metrics' }],
    ['metrics of Envoy itself', '# TYPE envoy_x counter\nenvoy_x 1\n', { status: 'unreadable', problem: 'not-metrics' }],
    [
      'a page of HTML',
      { headers: { 'content-type': 'text/html' }, body: '<!doctype html>' },
      { status: 'unreadable', problem: 'not-metrics' },
    ],
    [
      'HTTP 500',
      { status: 500, body: 'An error has occurred\n\n6 error(s)' },
      { status: 'unreadable', problem: 'http-status', message: 'HTTP 500: An error has occurred 6 error(s)' },
    ],
    ['a body cut short', metricsPage(['alice']).slice(0, -20), { status: 'unreadable', problem: 'truncated' }],
    ['half a line', 'gen_ai_client_token_usage_sum{a=\n', { status: 'unreadable', problem: 'malformed' }],
    ['a closed port', faulty('refused'), { status: 'unreadable', problem: 'refused' }],
    ['a slow body', faulty('slow'), { status: 'unreadable', problem: 'slow' }],
    ['a TLS server', faulty('not-http'), { status: 'unreadable', problem: 'not-metrics' }],
    ['le twice', 'gen_ai_client_token_usage_bucket{le="alice",le="1"} 1\n', { status: 'unreadable', problem: 'malformed' }],
  ])('%s is the emitter at fault or idle', async (_, answer, outcome) => {
    const { read, unread } = await emitted(answer);
    expect(unread).toEqual([]);
    expect(read[0]?.outcome).toMatchObject(outcome as object);
  });

  it('keeps what could not be looked at apart', async () => {
    const { read, unread } = await emitted(
      new ReadError('forbidden', 'get pods/portforward', 'forbidden', { needs: 'create pods/portforward' }),
    );
    expect(read).toEqual([]);
    expect(unread).toMatchObject([{ reason: 'forbidden', needs: 'create pods/portforward' }]);
  });

  it('does not ask a pod that does not run', async () => {
    const source = memorySource({ objects: [proxyPod({ phase: 'Pending' })] });
    const { read } = await ask(emissions, source);
    expect(read[0]?.outcome).toMatchObject({ status: 'unreadable', problem: 'refused' });
    expect(source.log.filter((line) => line.startsWith('get'))).toEqual([]);
  });

  it('learns the release of a nameless image from target_info', async () => {
    const objects = [proxyPod({ image: 'registry.local/mirror/extproc@sha256:abc' })];
    const { read } = await ask(emissions, memorySource({ objects, endpoints: { [at]: idlePage('1.39.0') } }));
    expect(read[0]?.emitter.release).toBe('v0.5');
  });

  it('trusts the process more than its tag', async () => {
    const objects = [
      proxyPod({
        version: 'v1.1.0',
        args: ['-metricsPort', '1064', '-rootPrefix', '/'],
        ports: [{ name: 'aigw-metrics', containerPort: 1064 }],
      }),
    ];
    const { read } = await ask(emissions, memorySource({ objects, endpoints: { [at]: idlePage('1.37.0') } }));
    expect(read[0]?.emitter.release).toBe('v0.3');
  });

  it('asks each endpoint once', async () => {
    const source = memorySource({ objects: [proxyPod(), proxyPod({ name: 'envoy-maas-1' })], endpoints: { [at]: idlePage() } });
    await ask(emissions, source);
    expect(source.log.filter((line) => line.startsWith('get'))).toHaveLength(2);
    expect(source.log.filter((line) => line.startsWith('list'))).toHaveLength(1);
  });
});
