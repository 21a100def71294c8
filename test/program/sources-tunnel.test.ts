import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { Endpoint, Reply, Request } from '../../src/model/source.ts';
import { ReadError } from '../../src/model/source.ts';
import { type Cluster, type ClusterOptions, openCluster } from '../../src/sources/cluster.ts';
import type { Connection } from '../../src/sources/connection.ts';
import {
  type Answer,
  closedPort,
  type Fake,
  fakeApi,
  gzipped,
  json,
  kubelet,
  kubeStatus,
  listening,
  type PodSide,
} from './sources-fake.ts';

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

const pod: Endpoint = { at: 'pod', namespace: 'ns', pod: 'p', port: 1064 };
const refuse: Answer = (_, response) => json(response, 404, kubeStatus(404, 'NotFound', 'pods "p" not found'));

interface World {
  readonly fake: Fake;
  readonly source: Cluster;
  readonly connections: () => number;
}

/** A cluster whose pods answer like this. */
async function pods(answer: Answer, options: Partial<ClusterOptions> = {}): Promise<World> {
  const server = await listening(answer);
  open.push(server);
  return {
    ...(await tunnels(
      kubelet(() => server.port),
      options,
    )),
    connections: server.connections,
  };
}

/** A cluster whose kubelet behaves like this. */
async function tunnels(
  tunnel: ((pod: PodSide, url: string) => void) | undefined,
  options: Partial<ClusterOptions> = {},
  answer: Answer = refuse,
  patch: Partial<Connection> = {},
) {
  const fake = await fakeApi(answer, tunnel);
  open.push(fake);
  const source = await openCluster(fake.connection(patch), { requestTimeoutMs: 2000, via: 'auto', version: '1.2.3', ...options });
  open.unshift(source);
  return { fake, source, connections: () => 0 };
}

async function read(
  source: Cluster,
  path = '/metrics',
  endpoint = pod,
  request: Partial<Request> = {},
): Promise<Omit<Reply, 'body'> & { text: string }> {
  const { body, ...reply } = await source.get(endpoint, { path, ...request });
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return { ...reply, text: Buffer.concat(chunks).toString() };
}

async function troubleOf(promise: Promise<unknown>): Promise<ReadError> {
  const error = await promise.then(
    () => new Error('no trouble'),
    (thrown: unknown) => thrown,
  );
  if (error instanceof ReadError) return error;
  throw error;
}

describe('a pod port', () => {
  it('is read over one websocket for many requests', async () => {
    const { fake, source, connections } = await pods((request, response) =>
      response.end(`${request.url} ${request.headers['accept-encoding']} ${request.headers['user-agent']} ${request.headers.accept}`),
    );
    for (let n = 0; n < 10; n += 1) {
      const reply = await read(source, '/a', pod, {
        query: [
          ['b', 'c d'],
          ['b', '&'],
        ],
        headers: { Accept: 'text/plain' },
      });
      expect(reply).toMatchObject({ status: 200, via: 'port-forward', text: '/a?b=c%20d&b=%26 gzip tokmeter/1.2.3 text/plain' });
    }
    expect(connections()).toBe(1);
    const upgrades = fake.seen.filter(({ headers }) => headers.upgrade !== undefined);
    expect(upgrades.map(({ method, url }) => [method, url])).toEqual([['GET', '/api/v1/namespaces/ns/pods/p/portforward?ports=1064']]);
    expect(upgrades[0]?.headers).toMatchObject({
      'user-agent': 'tokmeter/1.2.3',
      authorization: 'Bearer token',
      'sec-websocket-protocol': 'v4.channel.k8s.io',
    });
    expect(upgrades[0]?.headers['sec-websocket-extensions']).toBeUndefined();
    expect(source.requests).toEqual({ kubernetes: 1, tunnels: 1, prometheus: 0 });
    expect(source.viaCounts).toEqual({ 'port-forward': 1, proxy: 0, direct: 0 });
  });

  it('is opened again for each answer that ends with its connection', async () => {
    const { source, connections } = await pods((_, response) => response.writeHead(200, { connection: 'close' }).end('bye'));
    for (let n = 0; n < 3; n += 1) expect((await read(source)).text).toBe('bye');
    expect(connections()).toBe(3);
  });

  it('is asked once more when a kept connection was closed meanwhile', async () => {
    let first = true;
    const { source } = await pods((_, response) => {
      if (!first) return response.end('again');
      first = false;
      return response.socket?.destroy();
    });
    expect((await read(source)).text).toBe('again');
  });

  it('may answer with any status', async () => {
    const { source } = await pods((_, response) => response.writeHead(500).end('broken'));
    expect(await read(source)).toMatchObject({ status: 500, text: 'broken' });
  });

  it('sends 200 MB in bounded memory', async () => {
    const megabyte = Buffer.alloc(1024 * 1024, 'gen_ai_client_token_usage_token_sum 1\n');
    // Whole gzip members in a row are one gzip: RFC 1952 §2.2.
    const body = Buffer.concat(Array.from({ length: 200 }, () => gzipped(megabyte)));
    const { source } = await pods((_, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(body));
    const before = process.memoryUsage().rss;
    let bytes = 0;
    let most = before;
    const reply = await source.get(pod, { path: '/metrics' });
    expect(reply.headers['content-encoding']).toBeUndefined();
    for await (const chunk of reply.body) {
      bytes += chunk.length;
      most = Math.max(most, process.memoryUsage().rss);
    }
    expect(bytes).toBe(200 * 1024 * 1024);
    expect(most - before).toBeLessThan(100 * 1024 * 1024);
  });

  it('waits for a slow reader', async () => {
    let sent = 0;
    const { source } = await pods((_, response) => {
      const chunk = Buffer.alloc(256 * 1024);
      const more = () => {
        while (sent < 200 * 1024 * 1024) {
          sent += chunk.length;
          if (!response.write(chunk)) return void response.once('drain', more);
        }
        return response.end();
      };
      more();
    });
    const reply = await source.get(pod, { path: '/metrics' });
    await new Promise((resolve) => setTimeout(resolve, 300));
    for await (const _ of reply.body) break;
    expect(sent).toBeLessThan(40 * 1024 * 1024);
    // Stopping early has closed the tunnel; the next request finds it open again.
    sent = 200 * 1024 * 1024;
    expect((await read(source)).status).toBe(200);
  });

  it('does not read an endless body to its end', async () => {
    const bomb = gzipped(Buffer.alloc(520 * 1024 * 1024));
    const { source } = await pods((_, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb), {
      requestTimeoutMs: 30_000,
    });
    const drain = async () => {
      for await (const _ of (await source.get(pod, { path: '/metrics' })).body);
    };
    expect(await troubleOf(drain())).toMatchObject({ reason: 'malformed', message: expect.stringContaining('larger than 512 MiB') });
  });

  it.each<[string, Answer, object]>([
    [
      'is cut short',
      (_, response) => {
        response.writeHead(200, { 'content-length': '100' }).write('half');
        setTimeout(() => response.socket?.destroy(), 20);
      },
      {
        reason: 'malformed',
        fault: 'truncated',
        message: 'the answer of port 1064 of pod ns/p ended after 4 bytes, before it was complete',
      },
    ],
    [
      'is cut short in its chunks',
      (_, response) => {
        response.write('half');
        setTimeout(() => response.socket?.destroy(), 20);
      },
      { reason: 'malformed', fault: 'truncated' },
    ],
    [
      'is cut short inside gzip',
      (_, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipped('x'.repeat(10_000)).subarray(0, 30)),
      { reason: 'malformed', fault: 'truncated' },
    ],
    [
      'closes without an answer',
      (_, response) => response.socket?.destroy(),
      { reason: 'malformed', fault: 'truncated', message: 'port 1064 of pod ns/p closed the connection without an answer' },
    ],
    ['resets the connection', (request) => request.socket.resetAndDestroy(), { reason: 'malformed', fault: 'truncated' }],
    ['never answers', () => {}, { reason: 'timeout', fault: 'slow', message: 'port 1064 of pod ns/p did not answer in full within 0.4 s' }],
    [
      'drips',
      (_, response) => {
        const drip = setInterval(() => response.write('x'), 20);
        response.on('close', () => clearInterval(drip));
      },
      { reason: 'timeout', fault: 'slow' },
    ],
    ['speaks something else', (_, response) => response.socket?.end('SSH-2.0-OpenSSH\r\n'), { reason: 'malformed', fault: 'not-http' }],
  ])('that %s is at fault', async (_, answer, trouble) => {
    const { source } = await pods(answer, { requestTimeoutMs: 400 });
    expect(await troubleOf(read(source))).toMatchObject({ what: 'get /metrics from port 1064 of pod ns/p', ...trouble });
  });

  it('that refuses is a finding, and no other way is tried', async () => {
    const port = await closedPort();
    const { fake, source } = await tunnels(kubelet(() => port));
    const trouble = await troubleOf(read(source));
    expect(trouble).toMatchObject({
      reason: 'unreachable',
      fault: 'refused',
      needs: null,
      message: 'port 1064 of pod ns/p refused the connection: nothing listens there',
    });
    expect(fake.seen.filter(({ url }) => url.includes('/proxy'))).toEqual([]);
    expect(await troubleOf(read(source))).toMatchObject({ fault: 'refused' });
  });

  it('that refuses before anybody listens does not end the process', async () => {
    const { source } = await tunnels((side) => {
      side.error('error forwarding port 1064 to pod x: connection refused');
      side.close();
    });
    expect(await troubleOf(read(source))).toMatchObject({ fault: 'refused' });
  });

  it.each([
    ['{"closeConnection":true,"message":"dial tcp: connect: connection refused"}', { fault: 'refused' }],
    ['exit status 1: socat E connect(5, AF=2 127.0.0.1:80, 16): Connection refused', { fault: 'refused' }],
    [
      'container not running (abc)',
      { fault: null, reason: 'unreachable', message: expect.stringContaining('container not running (abc)') },
    ],
    ['something new', { fault: null, reason: 'unreachable', message: expect.stringContaining('something new') }],
  ])('understands the kubelet: %s', async (text, trouble) => {
    const { source } = await tunnels((side) => side.error(text));
    expect(await troubleOf(read(source))).toMatchObject(trouble);
  });

  it("that was lost with the tunnel is nobody's fault", async () => {
    const { source } = await tunnels((side) => {
      side.onData = () => {
        side.data(Buffer.from('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf'));
        setTimeout(() => side.socket.destroy(), 30);
      };
    });
    expect(await troubleOf(read(source))).toMatchObject({
      reason: 'unreachable',
      fault: null,
      message: expect.stringContaining('broke off'),
    });
  });

  it('is asked by at most sixteen tunnels at a time', async () => {
    let now = 0;
    let most = 0;
    const server = await listening((_, response) => void setTimeout(() => response.end('ok'), 20));
    open.push(server);
    const { source } = await tunnels((side, url) => {
      now += 1;
      most = Math.max(most, now);
      kubelet(() => server.port)(side, url);
      side.socket.on('close', () => {
        now -= 1;
      });
    });
    const names = Array.from({ length: 60 }, (_, n) => `p${n}`);
    const replies = await Promise.all(names.map((name) => read(source, '/metrics', { ...pod, pod: name })));
    expect(replies.every(({ text }) => text === 'ok')).toBe(true);
    expect(most).toBeLessThanOrEqual(16);
    expect(source.requests.tunnels).toBe(60);
  });

  it.each([
    ['plain', () => ({ headers: {}, body: Buffer.alloc(5_000_000) })],
    ['gzip', () => ({ headers: { 'content-encoding': 'gzip' }, body: gzipped(randomBytes(5_000_000)) })],
  ])('whose %s answer nobody reads is free again after its time', async (_, make) => {
    const { headers, body } = make();
    const { source } = await pods((_, response) => response.writeHead(200, headers).end(body), { requestTimeoutMs: 300 });
    const unread = await source.get(pod, { path: '/metrics' });
    expect(unread.status).toBe(200);
    expect((await read(source)).text.length).toBeGreaterThan(1_000_000);
  });

  it('is asked several questions at once only when Prometheus answers', async () => {
    let now = 0;
    let most = 0;
    const answer: Answer = (_, response) => {
      now += 1;
      most = Math.max(most, now);
      setTimeout(() => {
        now -= 1;
        response.end('ok');
      }, 30);
    };
    const metrics = await pods(answer);
    await Promise.all(Array.from({ length: 4 }, () => read(metrics.source)));
    expect([most, metrics.connections()]).toEqual([1, 1]);
    const prometheus = await pods(answer);
    await Promise.all(Array.from({ length: 9 }, () => read(prometheus.source, '/api/v1/query', pod, { peer: 'prometheus' })));
    expect([most, prometheus.connections()]).toEqual([3, 3]);
    expect(prometheus.source.requests).toEqual({ kubernetes: 1, tunnels: 1, prometheus: 9 });
  });

  it('ends with the signal of the run', async () => {
    const stop = new AbortController();
    const { source } = await pods(() => setTimeout(() => stop.abort(new ReadError('interrupted', 'run', 'the run was interrupted')), 20), {
      requestTimeoutMs: 0,
      signal: stop.signal,
    });
    const others = Array.from({ length: 40 }, (_, n) => troubleOf(read(source, '/', { ...pod, pod: `p${n}` })));
    for (const trouble of await Promise.all(others))
      expect(trouble).toMatchObject({ reason: 'interrupted', message: 'the run was interrupted' });
  });

  it('that is closed while it is read ends at once', async () => {
    const { source } = await pods(() => setTimeout(() => source.close(), 20), { requestTimeoutMs: 0 });
    expect(await troubleOf(read(source))).toMatchObject({ reason: 'interrupted' });
    expect(await troubleOf(read(source))).toMatchObject({ reason: 'interrupted' });
  });
});

const denied = (resource: string) =>
  kubeStatus(403, 'Forbidden', `pods "p" is forbidden: User "dev" cannot get resource "${resource}" in API group "" in the namespace "ns"`);

describe('the way to a pod port', () => {
  it('is the proxy of the API server where port-forward is forbidden, and port-forward is not tried again', async () => {
    const { fake, source } = await tunnels(undefined, {}, (request, response) => {
      if (request.url?.includes('/portforward')) return json(response, 403, denied('pods/portforward'));
      return response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipped(`${request.url} ${request.headers.accept}`));
    });
    for (let n = 0; n < 2; n += 1) {
      const reply = await read(source, '/metrics', pod, {
        query: [['a', 'b']],
        headers: { accept: 'text/plain', authorization: 'Basic eA==' },
      });
      expect(reply).toMatchObject({ via: 'proxy', status: 200, text: '/api/v1/namespaces/ns/pods/p:1064/proxy/metrics?a=b text/plain' });
    }
    expect(fake.seen.filter(({ url }) => url.includes('/portforward'))).toHaveLength(1);
    expect(fake.seen.every(({ headers }) => headers.authorization === 'Bearer token')).toBe(true);
    expect(source.requests).toEqual({ kubernetes: 1, tunnels: 1, prometheus: 0 });
    expect(source.viaCounts).toEqual({ 'port-forward': 0, proxy: 1, direct: 0 });
  });

  it.each<[string, Answer]>([
    ['an empty 403', (_, response) => response.writeHead(403).end()],
    ['a 400', (_, response) => json(response, 400, kubeStatus(400, 'BadRequest', 'unable to upgrade'))],
    ['a 500 of a dead node', (_, response) => json(response, 500, kubeStatus(500, 'InternalError', 'error dialing backend: i/o timeout'))],
    ['an answer without an upgrade', (_, response) => response.end('hello')],
    ['a closed connection', (_, response) => response.socket?.destroy()],
    ['silence', () => {}],
    ['a refusal that never ends', (_, response) => void response.writeHead(403, { 'content-length': '10' }).write('{')],
  ])('is the proxy after %s', async (_, upgrade) => {
    const { source } = await tunnels(undefined, { requestTimeoutMs: 1000 }, (request, response) =>
      request.url?.includes('/portforward') ? upgrade(request, response) : response.end('ok'),
    );
    expect(await read(source)).toMatchObject({ via: 'proxy', text: 'ok' });
  });

  it('is only the one that was asked for', async () => {
    const { fake, source } = await tunnels(undefined, { via: 'port-forward' }, (_, response) =>
      json(response, 403, denied('pods/portforward')),
    );
    expect(await troubleOf(read(source))).toMatchObject({
      reason: 'forbidden',
      needs: 'get pods/portforward in namespace ns',
      message: 'pods/portforward is forbidden for "dev" (needs get in namespace ns)',
    });
    expect(fake.seen.filter(({ url }) => url.includes('/proxy'))).toEqual([]);
  });

  it('is told of twice when both are closed', async () => {
    const { source } = await tunnels(undefined, {}, (request, response) =>
      request.url?.includes('/portforward')
        ? json(response, 403, denied('pods/portforward'))
        : json(response, 503, kubeStatus(503, 'ServiceUnavailable', 'error trying to reach service: dial tcp 10.0.0.7:1064: i/o timeout')),
    );
    const trouble = await troubleOf(read(source));
    expect(trouble).toMatchObject({ reason: 'forbidden', needs: 'get pods/portforward in namespace ns', fault: null });
    expect(trouble.message).toContain('by port-forward: pods/portforward is forbidden for "dev"');
    expect(trouble.message).toContain('by the proxy of the API server: the API server cannot reach port 1064 of pod ns/p: error trying');
  });

  it('needs create as well from Kubernetes 1.35 on', async () => {
    const fake = await fakeApi((_, response) => json(response, 403, denied('pods/portforward')));
    open.push(fake);
    const connection = fake.connection();
    fake.version('v1.35.0');
    const source = await openCluster(connection, { requestTimeoutMs: 2000, via: 'port-forward', version: '1' });
    open.unshift(source);
    expect(await troubleOf(read(source))).toMatchObject({
      needs: 'get pods/portforward and create pods/portforward in namespace ns',
      message: 'pods/portforward is forbidden for "dev" (needs get and create in namespace ns)',
    });
  });

  it('may be the pod address inside the cluster', async () => {
    const server = await listening((_, response) => response.end('direct'));
    open.push(server);
    const { source } = await tunnels(
      undefined,
      {},
      (request, response) => {
        if (request.url === '/api/v1/namespaces/ns/pods/p') return json(response, 200, { status: { podIP: '127.0.0.1' } });
        return json(response, 403, denied('pods/x'));
      },
      { inCluster: true },
    );
    expect(await read(source, '/metrics', { ...pod, port: server.port })).toMatchObject({ via: 'direct', text: 'direct' });
    expect(await troubleOf(read(source, '/metrics', { ...pod, port: await closedPort() }))).toMatchObject({ fault: 'refused' });
  });

  it('through the proxy still tells a refused port', async () => {
    const { source } = await tunnels(undefined, { via: 'proxy' }, (_, response) =>
      json(
        response,
        503,
        kubeStatus(503, 'ServiceUnavailable', 'error trying to reach service: dial tcp 10.0.0.7:1064: connect: connection refused'),
      ),
    );
    expect(await troubleOf(read(source))).toMatchObject({ fault: 'refused', message: expect.stringContaining('of the API server') });
  });

  it('through the proxy leaves an error of the endpoint its own', async () => {
    const { source } = await tunnels(undefined, { via: 'proxy' }, (_, response) =>
      json(response, 422, { status: 'error', errorType: 'execution' }),
    );
    expect(await read(source)).toMatchObject({ status: 422, text: '{"status":"error","errorType":"execution"}' });
  });

  it('through the proxy does not blame a port that may never have been reached', async () => {
    const { source } = await tunnels(undefined, { via: 'proxy', requestTimeoutMs: 300 }, (request, response) => {
      if (request.url?.endsWith('/drip')) response.writeHead(200).write('x');
    });
    expect(await troubleOf(read(source))).toMatchObject({
      reason: 'timeout',
      fault: null,
      message: 'port 1064 of pod ns/p could not be reached within 0.3 s',
    });
    expect(await troubleOf(read(source, '/drip'))).toMatchObject({ reason: 'timeout', fault: 'slow' });
  });

  it('through the proxy is asked by a few at a time, and the time of others is not counted', async () => {
    let now = 0;
    let most = 0;
    const { source } = await tunnels(undefined, { via: 'proxy', requestTimeoutMs: 300 }, (_, response) => {
      now += 1;
      most = Math.max(most, now);
      setTimeout(() => {
        now -= 1;
        response.end('ok');
      }, 60);
    });
    const replies = await Promise.all(Array.from({ length: 30 }, (_, n) => read(source, '/metrics', { ...pod, pod: `p${n}` })));
    expect(replies.every(({ text }) => text === 'ok')).toBe(true);
    expect(most).toBe(4);
  });

  it('renews credentials that an upgrade finds expired', async () => {
    let renewed = false;
    const server = await listening((_, response) => response.end('ok'));
    open.push(server);
    const { source } = await tunnels((side, url) => kubelet(() => server.port)(side, url), {}, refuse, {
      credentials: async (fresh) => {
        renewed ||= fresh === true;
        return { headers: [['authorization', renewed ? 'Bearer new' : 'Bearer stale']], tls: { rejectUnauthorized: true } };
      },
    });
    expect((await read(source)).text).toBe('ok');
  });
});

describe('a service', () => {
  const service: Endpoint = { at: 'service', namespace: 'ns', service: 's', port: 'web', scheme: 'https' };
  it('is read through the proxy of the API server', async () => {
    const { source } = await tunnels(undefined, {}, (request, response) => response.end(request.url));
    expect(await read(source, '/api/v1/targets', service, { peer: 'prometheus' })).toMatchObject({
      via: 'proxy',
      text: '/api/v1/namespaces/ns/services/https:s:web/proxy/api/v1/targets',
    });
    expect(source.requests).toEqual({ kubernetes: 1, tunnels: 0, prometheus: 1 });
  });

  it('that is forbidden names the permission', async () => {
    const { source } = await tunnels(undefined, {}, (_, response) => json(response, 403, denied('services/proxy')));
    expect(await troubleOf(read(source, '/', service))).toMatchObject({ reason: 'forbidden', needs: 'get services/proxy in namespace ns' });
  });
});

describe('an address', () => {
  const at = (port: number, path = ''): Endpoint => ({ at: 'url', url: `http://127.0.0.1:${port}${path}` });
  it('is read directly, below its path, and follows redirects within it', async () => {
    const server = await listening((request, response) =>
      request.url === '/prom/old' ? response.writeHead(302, { location: '/prom/new?x=1' }).end() : response.end(request.url),
    );
    open.push(server);
    const { source } = await tunnels(undefined);
    expect(await read(source, '/old', at(server.port, '/prom/'), { peer: 'prometheus' })).toMatchObject({
      via: 'direct',
      text: '/prom/new?x=1',
    });
    expect(source.requests).toEqual({ kubernetes: 1, tunnels: 0, prometheus: 1 });
  });

  it.each(['/loop', 'https://login.example/'])('does not follow a redirect to %s for ever', async (location) => {
    let asked = 0;
    const server = await listening((_, response) => {
      asked += 1;
      response.writeHead(302, { location }).end();
    });
    open.push(server);
    const { source } = await tunnels(undefined);
    expect(await read(source, '/loop', at(server.port))).toMatchObject({ status: 302, headers: { location } });
    expect(asked).toBeLessThanOrEqual(4);
  });

  it('goes through a proxy where one is set', async () => {
    const server = await listening((_, response) => response.end('proxied'));
    const asked: string[] = [];
    const proxy = await listening(() => {});
    open.push(server, proxy);
    proxy.server.on('connect', (request, socket) => {
      asked.push(request.url ?? '');
      const upstream = connect(server.port, '127.0.0.1', () => socket.write('HTTP/1.1 200 OK\r\n\r\n'));
      socket.pipe(upstream).pipe(socket);
    });
    const { source } = await tunnels(undefined, { proxyFor: () => new URL(`http://127.0.0.1:${proxy.port}`) });
    expect((await read(source, '/', { at: 'url', url: 'http://prom.example' })).text).toBe('proxied');
    expect(asked).toEqual(['prom.example:80']);
  });

  it('that refuses, or is none, is said in a sentence', async () => {
    const { source } = await tunnels(undefined);
    const port = await closedPort();
    expect(await troubleOf(read(source, '/', at(port)))).toMatchObject({
      fault: 'refused',
      message: `http://127.0.0.1:${port} refused the connection: nothing listens there`,
    });
    expect(await troubleOf(read(source, '/', { at: 'url', url: 'ftp://x' }))).toMatchObject({
      reason: 'unreachable',
      message: '"ftp://x" is no http or https address',
    });
  });
});
