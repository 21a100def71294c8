import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { resolveConnection } from '../../src/sources/kubeconfig.ts';
import { kubectl, runKubectl, withoutKubectl } from './kubeconfig-kubectl.ts';
import { type ApiServer, apiServer, ask, connectProxy, type ProxyServer, pem, socksProxy } from './kubeconfig-server.ts';

let folder: string;
let api: ApiServer;
let http: ProxyServer;
let socks: ProxyServer;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tokmeter-proxies-'));
  api = await apiServer();
  http = await connectProxy(api.port, 'me:p@ss');
  socks = await socksProxy(api.port);
});
afterAll(async () => {
  await Promise.all([http.close(), socks.close()]);
  await api.close();
  rmSync(folder, { recursive: true, force: true });
});

/** A kubeconfig for a server whose name only the proxies know. */
function kubeconfig(proxyUrl: string): string {
  const path = join(folder, 'config');
  const cluster = { server: 'https://api.test:6443', 'certificate-authority-data': Buffer.from(pem('ca.crt')).toString('base64') };
  const config = {
    'current-context': 'one',
    contexts: [{ name: 'one', context: { cluster: 'c', user: 'u' } }],
    clusters: [{ name: 'c', cluster: { ...cluster, ...(proxyUrl === '' ? {} : { 'proxy-url': proxyUrl }) } }],
    users: [{ name: 'u', user: { token: 't' } }],
  };
  writeFileSync(path, JSON.stringify(config));
  return path;
}

type Env = Readonly<Record<string, string>>;

const atHttp = () => `http://me:p%40ss@127.0.0.1:${http.port}`;
const atSocks = () => `socks5://127.0.0.1:${socks.port}`;

const cases: readonly (readonly [name: string, proxyUrl: () => string, env: () => Env])[] = [
  ['proxy-url http', atHttp, () => ({})],
  ['proxy-url socks5', atSocks, () => ({})],
  ['proxy-url over HTTPS_PROXY and NO_PROXY', atHttp, () => ({ HTTPS_PROXY: atSocks(), NO_PROXY: '*' })],
  ['HTTPS_PROXY', () => '', () => ({ HTTPS_PROXY: atHttp() })],
  ['https_proxy', () => '', () => ({ https_proxy: atHttp() })],
  ['HTTPS_PROXY before https_proxy', () => '', () => ({ HTTPS_PROXY: atHttp(), https_proxy: atSocks() })],
  ['HTTPS_PROXY socks5', () => '', () => ({ HTTPS_PROXY: atSocks() })],
  ['HTTP_PROXY alone', () => '', () => ({ HTTP_PROXY: atHttp() })],
  ...[
    '*',
    'test',
    '.test',
    '*.test',
    'api.test',
    '.api.test',
    'API.TEST',
    'api.test:6443',
    'api.test:443',
    'pi.test',
    'x, api.test ,y',
    '10.0.0.0/8',
  ].map((NO_PROXY) => [`NO_PROXY ${NO_PROXY}`, () => '', () => ({ HTTPS_PROXY: atHttp(), NO_PROXY })] as const),
];

/** Which proxy was asked for what. */
async function asked(send: () => Promise<unknown>): Promise<object> {
  http.asked.length = 0;
  socks.asked.length = 0;
  await send();
  return { http: [...new Set(http.asked)], socks: [...new Set(socks.asked)] };
}

describe.skipIf(kubectl === null)(`a proxy is asked when kubectl asks it${withoutKubectl}`, () => {
  it.each(cases)('%s', async (_, proxyUrl, env) => {
    const file = kubeconfig(proxyUrl());
    const theirs = await asked(() => runKubectl(['get', '--raw', '/version', '--kubeconfig', file], folder, { HOME: folder, ...env() }));
    // The name is known to the proxies alone: going past them fails, for kubectl too.
    const ours = await asked(async () => ask(await resolveConnection({ kubeconfig: file }, env())).catch(() => null));
    expect(ours).toEqual(theirs);
  });

  it('the table has both, asked and not asked', async () => {
    const file = kubeconfig('');
    const reached = await asked(async () => ask(await resolveConnection({ kubeconfig: file }, { HTTPS_PROXY: atHttp() })));
    expect(reached).toEqual({ http: ['api.test:6443'], socks: [] });
  });
});
