import { createServer } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { kinds } from '../../src/facts/kinds.ts';
import { ReadError } from '../../src/model/source.ts';
import { type Cluster, type ClusterOptions, openCluster } from '../../src/sources/cluster.ts';
import type { Connection } from '../../src/sources/connection.ts';
import { type Answer, closedPort, type Fake, fakeApi, gzipped, json, kubeStatus, list } from './sources-fake.ts';

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

async function served(answer: Answer): Promise<Fake> {
  const fake = await fakeApi(answer);
  open.push(fake);
  return fake;
}

async function cluster(connection: Connection, options: Partial<ClusterOptions> = {}): Promise<Cluster> {
  const opened = await openCluster(connection, { requestTimeoutMs: 2000, via: 'auto', version: '1.2.3', ...options });
  open.unshift(opened);
  return opened;
}

async function troubleOf(promise: Promise<unknown>): Promise<Pick<ReadError, 'reason' | 'message' | 'needs' | 'what' | 'fault'>> {
  const error = await promise.then(
    () => new Error('no trouble'),
    (thrown: unknown) => thrown,
  );
  if (error instanceof ReadError) return error;
  throw error;
}

const groups = (resources: readonly string[], version = 'v1') => ({
  kind: 'APIGroupDiscoveryList',
  apiVersion: 'apidiscovery.k8s.io/v2',
  items: [
    {
      metadata: { name: 'monitoring.coreos.com' },
      versions: [{ version, freshness: 'Current', resources: resources.map((resource) => ({ resource })) }],
    },
  ],
});

describe('a list', () => {
  it('is read page by page, gunzipped, with apiVersion and kind filled in and managedFields left out', async () => {
    const fake = await served((request, response) => {
      const page =
        new URL(request.url ?? '', 'http://x').searchParams.get('continue') === null ? list('Pod', ['a'], 'next/1') : list('Pod', ['b']);
      const text = JSON.stringify(page).replace('"name":"a"', '"name":"a","managedFields":[{}]');
      response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' }).end(gzipped(text));
    });
    const source = await cluster(fake.connection());
    const found = await source.list(kinds.pods, { namespace: 'ns', labelSelector: 'a in (b, c)' });
    expect(found).toEqual(['a', 'b'].map((name) => ({ apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: 'ns' } })));
    expect(fake.seen.map(({ url }) => url)).toEqual([
      '/version',
      '/api/v1/namespaces/ns/pods?limit=500&labelSelector=a%20in%20(b%2C%20c)',
      '/api/v1/namespaces/ns/pods?limit=500&labelSelector=a%20in%20(b%2C%20c)&continue=next%2F1',
    ]);
    for (const { method, headers } of fake.seen) {
      expect({ method, agent: headers['user-agent'], accepts: headers['accept-encoding'], token: headers.authorization }).toEqual({
        method: 'GET',
        agent: 'tokmeter/1.2.3',
        accepts: 'gzip',
        token: 'Bearer token',
      });
    }
    expect(source.requests).toEqual({ kubernetes: 3, tunnels: 0, prometheus: 0 });
    expect(source.origin).toEqual({ kind: 'cluster', name: 'fake' });
  });

  it('keeps at most six connections, and uses them again', async () => {
    const fake = await served((_, response) => void setTimeout(() => json(response, 200, list('Pod', [])), 20));
    const source = await cluster(fake.connection());
    await Promise.all(Array.from({ length: 30 }, () => source.list(kinds.pods)));
    expect(fake.connections()).toBeLessThanOrEqual(6);
  });

  it('starts once more when its snapshot is gone', async () => {
    let gone = 1;
    const fake = await served((request, response) => {
      if (!request.url?.includes('continue=')) return json(response, 200, list('Pod', ['a'], 'next'));
      if (gone-- > 0) return json(response, 410, kubeStatus(410, 'Expired', 'too old'));
      return json(response, 200, list('Pod', ['b']));
    });
    const source = await cluster(fake.connection());
    expect((await source.list(kinds.pods)).map(({ metadata }) => metadata.name)).toEqual(['a', 'b']);
    gone = 9;
    expect(await troubleOf(source.list(kinds.pods))).toMatchObject({
      reason: 'unreachable',
      message: expect.stringContaining('half-way, twice (410)'),
    });
  });

  it('waits as long as Retry-After says', async () => {
    let busy = 2;
    const fake = await served((_, response) => {
      if (busy-- > 0) return json(response, 429, kubeStatus(429, 'TooManyRequests', 'slow down'), { 'retry-after': '1' });
      return json(response, 200, list('Pod', ['a']));
    });
    const source = await cluster(fake.connection(), { requestTimeoutMs: 4000 });
    expect(await source.list(kinds.pods)).toHaveLength(1);
    const [, first = 0, , third = 0] = fake.seen.map(({ at }) => at);
    expect(third - first).toBeGreaterThan(1950);
  });

  it.each([429, 503])('gives up on a storm of %i after three more tries', async (status) => {
    const fake = await served((_, response) => json(response, status, kubeStatus(status, 'Busy', 'slow down'), { 'retry-after': '0' }));
    const source = await cluster(fake.connection());
    const trouble = await troubleOf(source.list(kinds.pods));
    expect(trouble).toMatchObject({ reason: 'unreachable', what: 'list pods', message: expect.stringContaining(String(status)) });
    expect(fake.seen).toHaveLength(5);
  });

  it('does not wait longer than it may', async () => {
    const fake = await served((_, response) => json(response, 429, {}, { 'retry-after': '3600' }));
    const source = await cluster(fake.connection());
    expect((await troubleOf(source.list(kinds.pods))).message).toContain('asks to wait 3600 s');
    expect(fake.seen).toHaveLength(2);
  });

  it('renews refused credentials once, however many requests were refused', async () => {
    let renewals = 0;
    const token = () => `Bearer ${renewals === 0 ? 'old' : 'new'}`;
    const fake = await served((request, response) => {
      if (request.headers.authorization !== 'Bearer new') return json(response, 401, kubeStatus(401, 'Unauthorized', 'Unauthorized'));
      return json(response, 200, list('Pod', ['a']));
    });
    const credentials: Connection['credentials'] = async (fresh) => {
      if (fresh) {
        await new Promise((resolve) => setTimeout(resolve, 50));
        renewals += 1;
      }
      return { headers: [['authorization', token()]], tls: { rejectUnauthorized: true } };
    };
    const source = await cluster(fake.connection({ credentials }));
    await Promise.all(Array.from({ length: 5 }, () => source.list(kinds.pods)));
    expect(renewals).toBe(1);
  });

  const user = 'User "dev" cannot list resource "podmonitors" in API group "monitoring.coreos.com"';
  it.each<[string, Answer, object]>([
    [
      'a 403 names the verb, the resource and the user',
      (_, response) =>
        json(response, 403, kubeStatus(403, 'Forbidden', `podmonitors.monitoring.coreos.com is forbidden: ${user} at the cluster scope`)),
      {
        reason: 'forbidden',
        needs: 'list podmonitors.monitoring.coreos.com in all namespaces',
        message: 'podmonitors.monitoring.coreos.com is forbidden for "dev" (needs list in all namespaces)',
      },
    ],
    [
      'a 403 without a body',
      (_, response) => response.writeHead(403).end(),
      { reason: 'forbidden', needs: 'list podmonitors.monitoring.coreos.com in all namespaces' },
    ],
    ['a 401 that stays', (_, response) => json(response, 401, {}), { reason: 'forbidden', message: expect.stringContaining('(401)') }],
    ['a kind that went away', (_, response) => json(response, 404, kubeStatus(404, 'NotFound', 'gone')), { reason: 'absent' }],
    [
      'an HTML page',
      (_, response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<html><title>Sign in</title>'),
      { reason: 'malformed', message: expect.stringContaining('an HTML page ("Sign in")') },
    ],
    [
      'an HTML 502',
      (_, response) => response.writeHead(502, { 'retry-after': '0' }).end('<html>Bad gateway'),
      { reason: 'malformed', message: expect.stringContaining('502') },
    ],
    [
      'broken JSON',
      (_, response) => response.end('{"kind": "PodMonitorList", "items": [{'),
      { reason: 'malformed', message: expect.stringContaining('broken JSON') },
    ],
    [
      'JSON that is no list',
      (_, response) => json(response, 200, { kind: 'Pod' }),
      { reason: 'malformed', message: expect.stringContaining('no list but Pod') },
    ],
    ['JSON of another shape', (_, response) => json(response, 200, [1, null]), { reason: 'malformed' }],
    ['items that are no objects', (_, response) => json(response, 200, { kind: 'PodMonitorList', items: [null] }), { reason: 'malformed' }],
    [
      'a redirect',
      (_, response) => response.writeHead(302, { location: 'https://login.example' }).end(),
      { reason: 'malformed', message: expect.stringContaining('https://login.example') },
    ],
    [
      'a body that is cut short',
      (_, response) => {
        response.writeHead(200, { 'content-length': '1000' }).write('{"kind"');
        setTimeout(() => response.socket?.destroy(), 20);
      },
      { reason: 'malformed', message: expect.stringContaining('ended after 7 bytes'), fault: null },
    ],
    [
      'a gzip that is cut short',
      (_, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipped('x'.repeat(5000)).subarray(0, 20)),
      { reason: 'malformed', message: expect.stringContaining('before it was complete') },
    ],
    [
      'a body that only says it is gzip',
      (_, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end('{}'),
      { reason: 'malformed', message: expect.stringContaining('says it is gzip') },
    ],
    [
      'a connection closed at once',
      (_, response) => response.socket?.destroy(),
      { reason: 'unreachable', message: expect.stringContaining('without an answer') },
    ],
    [
      'no HTTP',
      (_, response) => response.socket?.end('SSH-2.0-OpenSSH\r\n'),
      { reason: 'malformed', message: expect.stringContaining('HTTP/1.1') },
    ],
    ['silence', () => {}, { reason: 'timeout', message: expect.stringContaining('within 0.3 s') }],
    [
      'a drip',
      (_, response) => {
        response.writeHead(200);
        const drip = setInterval(() => response.write(' '), 20);
        response.on('close', () => clearInterval(drip));
      },
      { reason: 'timeout', message: expect.stringContaining('within 0.3 s') },
    ],
  ])('%s', async (_, answer, trouble) => {
    const fake = await served((request, response) =>
      request.url === '/apis' ? json(response, 200, groups(['podmonitors'])) : answer(request, response),
    );
    const source = await cluster(fake.connection(), { requestTimeoutMs: 300 });
    expect(await troubleOf(source.list(kinds.podmonitors))).toMatchObject({ what: 'list podmonitors.monitoring.coreos.com', ...trouble });
  });

  it('ends at a signal, and everything after it too', async () => {
    const stop = new AbortController();
    const fake = await served(() => setTimeout(() => stop.abort(), 20));
    const source = await cluster(fake.connection(), { requestTimeoutMs: 0, signal: stop.signal });
    expect(await troubleOf(source.list(kinds.pods))).toMatchObject({ reason: 'interrupted' });
    expect(await troubleOf(source.list(kinds.pods))).toMatchObject({ reason: 'interrupted' });
  });

  it('ends when the cluster is closed', async () => {
    const fake = await served(() => setTimeout(() => source.close(), 20));
    const source = await cluster(fake.connection());
    expect(await troubleOf(source.list(kinds.pods))).toMatchObject({ reason: 'interrupted' });
  });
});

describe('discovery', () => {
  it('is asked once, and only for kinds outside the core group', async () => {
    const fake = await served((request, response) =>
      request.url === '/apis' ? json(response, 200, groups(['podmonitors', 'prometheuses'])) : json(response, 200, list('Any', ['a'])),
    );
    const source = await cluster(fake.connection());
    await source.list(kinds.pods);
    expect(fake.seen.some(({ url }) => url === '/apis')).toBe(false);
    await Promise.all([source.list(kinds.podmonitors), source.list(kinds.prometheuses)]);
    expect(fake.seen.filter(({ url }) => url === '/apis')).toHaveLength(1);
    expect(await troubleOf(source.list(kinds.prometheusagents))).toMatchObject({ reason: 'absent' });
    expect(await troubleOf(source.list(kinds.gateways))).toMatchObject({ reason: 'absent' });
  });

  it('works with servers that do not aggregate it', async () => {
    const fake = await served((request, response) => {
      const versions = [{ version: 'v1alpha1' }, { version: 'v1beta1' }];
      if (request.url === '/apis')
        return json(response, 200, {
          kind: 'APIGroupList',
          groups: [{ name: 'aigateway.envoyproxy.io', versions, preferredVersion: versions[0] }],
        });
      if (request.url === '/apis/aigateway.envoyproxy.io/v1beta1')
        return json(response, 200, { kind: 'APIResourceList', resources: [{ name: 'aigatewayroutes' }] });
      return json(response, 200, list('AIGatewayRoute', ['a']));
    });
    const source = await cluster(fake.connection());
    expect(await source.list(kinds.aigatewayroutes)).toMatchObject([
      { apiVersion: 'aigateway.envoyproxy.io/v1beta1', kind: 'AIGatewayRoute' },
    ]);
    expect(fake.seen.at(-1)?.url).toBe('/apis/aigateway.envoyproxy.io/v1beta1/aigatewayroutes?limit=500');
  });

  it.each<[string, Answer, object]>([
    [
      'a refusal is no absence',
      (_, response) => json(response, 403, kubeStatus(403, 'Forbidden', 'User "dev" cannot get path "/apis"')),
      { reason: 'forbidden', needs: 'get /apis (ClusterRole system:discovery)' },
    ],
    ['an HTML page is no absence', (_, response) => response.end('<html>'), { reason: 'malformed' }],
    ['a 404 is no absence', (_, response) => response.writeHead(404).end('404 page not found'), { reason: 'malformed' }],
    ['another document is no absence', (_, response) => json(response, 200, {}), { reason: 'malformed' }],
    [
      'a sleeping aggregated server is no absence',
      (_, response) =>
        json(response, 200, {
          kind: 'APIGroupDiscoveryList',
          items: [{ metadata: { name: 'monitoring.coreos.com' }, versions: [{ version: 'v1', freshness: 'Stale', resources: [] }] }],
        }),
      { reason: 'unreachable' },
    ],
  ])('%s', async (_, answer, trouble) => {
    const fake = await served(answer);
    const source = await cluster(fake.connection());
    expect(await troubleOf(source.list(kinds.podmonitors))).toMatchObject(trouble);
  });
});

describe('opening', () => {
  it('takes the time from the API server', async () => {
    const fake = await served((_, response) => json(response, 200, list('Pod', [])));
    const source = await cluster(fake.connection());
    expect(Math.abs(source.now.getTime() - Date.now())).toBeLessThan(60_000);
    expect(source.now.getMilliseconds()).toBe(0);
    expect(source.serverVersion).toBe('v1.34.0');
  });

  it('says when nothing listens', async () => {
    const server = new URL(`https://127.0.0.1:${await closedPort()}`);
    const fake = await served(() => {});
    const trouble = await troubleOf(openCluster(fake.connection({ server }), { requestTimeoutMs: 1000, via: 'auto', version: '1' }));
    expect(trouble).toMatchObject({ reason: 'unreachable', message: `${server.origin} refused the connection: nothing listens there` });
  });

  it('says when nobody answers', async () => {
    const silent = createServer();
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const address = silent.address();
    const server = new URL(`https://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`);
    const fake = await served(() => {});
    const trouble = await troubleOf(openCluster(fake.connection({ server }), { requestTimeoutMs: 200, via: 'auto', version: '1' }));
    expect(trouble.reason).toBe('timeout');
    silent.close();
  });
});
