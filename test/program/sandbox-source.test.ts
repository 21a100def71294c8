import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Endpoint, type Kind, type Reply, type Scope, type Source, unreadOf } from '../../src/model/source.ts';
import { type Served, serve } from '../../src/sandbox/serve.ts';
import { openCluster } from '../../src/sources/cluster.ts';
import type { Connection } from '../../src/sources/connection.ts';
import { record } from '../../src/sources/record.ts';
import { replay } from '../../src/sources/replay.ts';
import { handMade, longText } from '../fixtures/hand-made.ts';

function connectionTo(served: Served): Connection {
  return {
    context: 'demo',
    server: new URL(served.url),
    namespace: 'default',
    proxy: null,
    inCluster: false,
    credentials: async () => ({
      headers: [['authorization', `Bearer ${served.token}`]],
      tls: { ca: Buffer.from(served.ca), rejectUnauthorized: true },
    }),
  };
}

const kind = (group: string, resource: string, name: string): Kind => ({ group, resource, kind: name, namespaced: true });
const pods = kind('', 'pods', 'Pod');
const port = (pod: string): Endpoint => ({ at: 'pod', namespace: 'gateway', pod, port: 1064 });

async function text({ body }: Reply): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

const reasonOf = async (asked: Promise<unknown>): Promise<unknown> =>
  asked.then(
    () => 'answered',
    (error) => [unreadOf(error).reason, unreadOf(error).fault],
  );

describe.each(['port-forward', 'proxy'] as const)('a live source over %s on a served recording', (via) => {
  let served: Served;
  let cluster: Awaited<ReturnType<typeof openCluster>>;
  const recorded = replay(handMade);
  beforeAll(async () => {
    served = await serve(handMade);
    cluster = await openCluster(connectionTo(served), { requestTimeoutMs: 1_000, via, version: '0' });
  });
  afterAll(async () => {
    await cluster.close();
    await served.close();
  });

  it('has the clock and the version of the recording', () => {
    expect({ now: cluster.now, version: cluster.serverVersion }).toEqual({ now: recorded.now, version: handMade.server });
  });

  it.each<[string, Kind, Scope?]>([
    ['everything', pods],
    ['a recorded scope', pods, { labelSelector: 'recorded=yes' }],
    ['custom resources', kind('monitoring.coreos.com', 'podmonitors', 'PodMonitor')],
  ])('lists %s as recorded', async (_, kind, scope) => {
    expect(await cluster.list(kind, scope)).toEqual(await recorded.list(kind, scope));
  });

  it.each<[string, (source: Source) => Promise<unknown>]>([
    ['a refused list', (source) => source.list(kind('gateway.networking.k8s.io', 'gateways', 'Gateway'))],
    ['an absent kind', (source) => source.list(kind('grafana.integreatly.org', 'grafanadashboards', 'GrafanaDashboard'))],
    ['a port on which nothing listens', (source) => source.get(port('dead'), { path: '/metrics', headers: { accept: 'text/plain' } })],
    ['a port that closes without an answer', (source) => source.get(port('cut'), { path: '/metrics', headers: { accept: 'text/plain' } })],
    ['a port that speaks no HTTP', (source) => source.get(port('ssh'), { path: '/metrics', headers: { accept: 'text/plain' } })],
  ])('meets %s as recorded', async (_, ask) => expect(await reasonOf(ask(cluster))).toEqual(await reasonOf(ask(recorded))));

  it('ends when a port never answers', async () => {
    const slow = cluster.get(port('slow'), { path: '/metrics', headers: { accept: 'text/plain' } });
    // Through the proxy it may as well be the API server that did not reach it: no fault of the endpoint.
    expect(await reasonOf(slow)).toEqual(['timeout', via === 'proxy' ? undefined : 'slow']);
  });

  it('does not take what nobody recorded for absent or empty', async () => {
    expect(await reasonOf(cluster.list(kind('', 'services', 'Service')))).toEqual(['unreachable', undefined]);
  });

  it('gets what a pod and a service answered', async () => {
    const asked = { path: '/metrics', headers: { accept: 'text/plain' } };
    expect(await text(await cluster.get(port('a'), asked))).toBe('up 1\n');
    expect(await text(await cluster.get(port('b'), asked))).toBe(longText);
    const service = { at: 'service', namespace: 'gateway', service: 'prom', port: 'web' } as const;
    expect(await text(await cluster.get(service, { path: '/-/ready' }))).toBe('ready\n');
  });

  it('is recorded to what was served', async () => {
    const recorder = record(cluster, { server: cluster.serverVersion });
    for (const { kind, scope } of handMade.lists) await recorder.source.list(kind, scope).catch(() => []);
    const { lists, now, server } = recorder.snapshot();
    const objects = (entries: typeof lists) =>
      entries.map(({ answer }) => (answer.status === 'objects' ? answer.objects : answer.refusal.reason)).sort();
    expect({ now, server, lists: objects(lists) }).toEqual({ now: handMade.now, server: handMade.server, lists: objects(handMade.lists) });
  });

  it('only ever reads', () => {
    expect(served.asked.filter(({ method }) => method !== 'GET')).toEqual([]);
  });
});
