import { X509Certificate } from 'node:crypto';
import { get as httpsGet } from 'node:https';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import WebSocket from 'ws';
import { selfSigned } from '../../src/sandbox/certificate.ts';
import type { Fault } from '../../src/sandbox/faults.ts';
import { type Served, serve } from '../../src/sandbox/serve.ts';
import { handMade, longText } from '../fixtures/hand-made.ts';

interface Heard {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly text: string;
  readonly complete: boolean;
}

function fetch(served: Served, path: string, headers: Readonly<Record<string, string>> = {}): Promise<Heard> {
  const options = { ca: served.ca, headers: { authorization: `Bearer ${served.token}`, ...headers }, agent: false as const };
  return new Promise((resolve, reject) => {
    let begun = false;
    const request = httpsGet(served.url + path, options, (response) => {
      begun = true;
      const chunks: Buffer[] = [];
      const done = () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          text: Buffer.concat(chunks).toString('utf8'),
          complete: response.complete,
        });
      response.on('data', (chunk) => chunks.push(chunk));
      response.on('error', () => {});
      response.on('close', done);
    });
    request.on('error', (error) => begun || reject(error));
    setTimeout(() => request.destroy(new Error('no answer in time')), 500).unref();
  });
}

const json = async (served: Served, path: string, headers?: Readonly<Record<string, string>>) =>
  JSON.parse((await fetch(served, path, headers)).text);
const names = (list: { readonly items: readonly { readonly metadata: { readonly name: string } }[] }) =>
  list.items.map((item) => item.metadata.name);

const everyone = ['a', 'b', 'idle', 'dead', 'cut', 'slow', 'ssh'];

let served: Served;
beforeAll(async () => {
  served = await serve(handMade);
});
afterAll(() => served.close());

describe('the served certificate', () => {
  it('is for this machine, its own authority, and quickly made', () => {
    const started = performance.now();
    const certificate = new X509Certificate(selfSigned('x').cert);
    expect(performance.now() - started).toBeLessThan(500);
    expect(certificate.verify(certificate.publicKey)).toBe(true);
    expect([certificate.ca, certificate.checkIP('127.0.0.1'), certificate.checkHost('localhost')]).toEqual([
      true,
      '127.0.0.1',
      'localhost',
    ]);
  });
});

describe('the served API', () => {
  it.each([
    ['everything', '/api/v1/pods', everyone],
    ['a scope from its own recording', '/api/v1/pods?labelSelector=recorded%3Dyes', ['b']],
    ['labels nobody recorded', '/api/v1/pods?labelSelector=app%3Dother', ['idle']],
    ['sets of labels', '/api/v1/pods?labelSelector=app%20notin%20(other),app', ['a', 'b', 'dead', 'cut', 'slow', 'ssh']],
    ['a field', '/api/v1/namespaces/gateway/pods?fieldSelector=metadata.name%3Da', ['a']],
    ['another namespace', '/api/v1/namespaces/none/pods', []],
    ['custom resources', '/apis/monitoring.coreos.com/v1/podmonitors', ['metrics']],
    ['namespaces of what it holds', '/api/v1/namespaces', ['gateway']],
  ])('lists %s', async (_, path, expected) => expect(names(await json(served, path))).toEqual(expected));

  it('hands out pages until nothing is left', async () => {
    const seen: string[] = [];
    for (let next = ''; ; ) {
      const page = await json(served, `/api/v1/pods?limit=3&continue=${encodeURIComponent(next)}`);
      seen.push(...names(page));
      next = page.metadata.continue ?? '';
      if (next === '') break;
    }
    expect(seen).toEqual(everyone);
  });

  it.each([
    ['a wrong token', '/api/v1/pods', { authorization: 'Bearer x' }, 401, 'Unauthorized'],
    [
      'what the recorded user may not read',
      '/apis/gateway.networking.k8s.io/v1/gateways',
      {},
      403,
      'User "demo" cannot list resource "gateways"',
    ],
    ['an unknown object', '/api/v1/namespaces/gateway/pods/nope', {}, 404, 'pods \\"nope\\" not found'],
    ['what the cluster had not', '/apis/grafana.integreatly.org/v1/grafanadashboards', {}, 404, '404 page not found'],
    ['what nobody recorded', '/api/v1/services', {}, 501, 'not in the recording'],
    ['a page that is gone', '/api/v1/pods?continue=eA', {}, 410, 'Expired'],
  ])('refuses %s', async (_, path, headers, status, text) => {
    const heard = await fetch(served, path, headers as Readonly<Record<string, string>>);
    expect(heard.status).toBe(status);
    expect(heard.text.replaceAll('\\"', '"')).toContain(text.replaceAll('\\"', '"'));
  });

  it('has the clock and the version of the recording', async () => {
    const heard = await fetch(served, '/version');
    expect(heard.headers.date).toBe('Mon, 23 Nov 2026 20:00:00 GMT');
    expect(JSON.parse(heard.text).gitVersion).toBe('v1.33.1');
  });

  it('leaves out of discovery only what the cluster did not serve', async () => {
    const accept = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';
    const groups = names(await json(served, '/apis', { accept }));
    expect(groups).toContain('gateway.networking.k8s.io');
    expect(groups).not.toContain('grafana.integreatly.org');
    expect((await json(served, '/apis')).groups.map((group: { readonly name: string }) => group.name)).toEqual(groups);
  });

  it.each([
    ['a pod', 'pods/a:1064/proxy/metrics', 'up 1\n'],
    ['a service', 'services/prom:web/proxy/-/ready', 'ready\n'],
    ['a question with parameters', 'pods/a:1064/proxy/query?time=7&query=up', 'asked\n'],
  ])('proxies to %s', async (_, path, text) => {
    expect((await fetch(served, `/api/v1/namespaces/gateway/${path}`)).text).toBe(text);
  });

  it('remembers what it was asked', async () => {
    await fetch(served, '/version?x=1', { 'user-agent': 'test/1' });
    expect(served.asked.at(-1)).toMatchObject({ at: 'api', method: 'GET', url: '/version?x=1', agent: 'test/1' });
  });
});

/** All that came on each channel of a v4.channel.k8s.io websocket after a request was sent. */
function throughTunnel(
  pod: string,
  request: string,
  options: { readonly fin?: boolean } = {},
): Promise<{ readonly data: string; readonly error: string; readonly code: number }> {
  const url = `${served.url.replace('https', 'wss')}/api/v1/namespaces/gateway/pods/${pod}/portforward?ports=1064`;
  const socket = new WebSocket(url, 'v4.channel.k8s.io', { ca: served.ca, headers: { authorization: `Bearer ${served.token}` } });
  const channels: [Buffer[], Buffer[]] = [[], []];
  socket.on('open', () => socket.send(Buffer.concat([Buffer.from([0]), Buffer.from(request)]), options));
  socket.on('message', (message: Buffer) => (message[0] === 0 ? channels[0] : channels[1]).push(message.subarray(1)));
  return new Promise((resolve, reject) => {
    socket.on('error', reject);
    socket.on('close', (code) => {
      // The first two bytes of each channel are the port, little-endian.
      const [data, error] = channels.map((parts) => Buffer.concat(parts).subarray(2).toString('utf8'));
      resolve({ data: data ?? '', error: error ?? '', code });
    });
  });
}

const request = (path: string) => `GET ${path} HTTP/1.1\r\nHost: x\r\nAccept: text/plain\r\nConnection: close\r\n\r\n`;

describe('port-forward over a websocket', () => {
  it('carries an answer and ends with the connection', async () => {
    const { data, error, code } = await throughTunnel('a', request('/metrics'));
    expect(data.endsWith('\r\n\r\nup 1\n')).toBe(true);
    expect({ error, code }).toEqual({ error: '', code: 1000 });
  });

  it('carries more than fits into any buffer', async () => {
    expect((await throughTunnel('b', request('/metrics'))).data.endsWith(`\r\n\r\n${longText}`)).toBe(true);
  });

  it('says in the words of the kubelet that nothing listens', async () => {
    const { data, error } = await throughTunnel('dead', request('/metrics'));
    expect(data).toBe('');
    expect(error).toMatch(/^error forwarding port 1064 to pod dead, uid uid-dead: .*connect: connection refused$/);
  });

  it('takes no fragments, as the real one', async () => {
    expect(await throughTunnel('a', request('/metrics'), { fin: false })).toMatchObject({ data: '', code: 1002 });
  });
});

describe('a fault', () => {
  const pods = '/api/v1/pods';
  async function withFault(does: Fault['does'], times?: number): Promise<Heard | string> {
    const broken = await serve(handMade, { faults: [{ on: /^GET \/api\/v1\/pods/, does, ...(times === undefined ? {} : { times }) }] });
    try {
      return await fetch(broken, pods);
    } catch (error) {
      return String(error);
    } finally {
      await broken.close();
    }
  }

  it.each([
    ['answers another status', { status: 429, headers: { 'retry-after': '7' } }, { status: 429, headers: { 'retry-after': '7' } }],
    ['answers HTML', { status: 200, body: '<html>' }, { status: 200, text: '<html>' }],
    ['forbids', { forbid: true }, { status: 403 }],
    ['cuts the body', { truncate: 20 }, { status: 200, complete: false }],
    ['drips', { dripMs: 100 }, { status: 200, complete: false }],
    ['waits', { delayMs: 20 }, { status: 200, complete: true }],
  ] as const)('%s', async (_, does, expected) => expect(await withFault(does)).toMatchObject(expected));

  it.each([
    ['hangs', { hang: true }, /no answer in time/],
    ['closes the connection', { reset: true }, /socket hang up|ECONNRESET/],
  ] as const)('%s', async (_, does, expected) => {
    const heard = await withFault(does);
    expect(typeof heard === 'string' ? heard : JSON.stringify({ complete: heard.complete })).toMatch(expected);
  });

  it('ends after so many times', async () => expect(await withFault({ status: 500 }, 0)).toMatchObject({ status: 200 }));
});
