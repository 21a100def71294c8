import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ClusterFlags, resolveConnection } from '../../src/sources/kubeconfig.ts';
import { type Machine, thisMachine } from '../../src/sources/kubeconfig-machine.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tokmeter-hostile-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, content: string | Buffer): string {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
}

const good = `
current-context: one
contexts: [{name: one, context: {cluster: c, user: u}}, {name: two, context: {cluster: gone, user: u}}]
clusters: [{name: c, cluster: {server: "https://a.example:6443"}}]
users: [{name: u, user: {token: t}}]
`;
const withCluster = (cluster: string) => good.replace('{server: "https://a.example:6443"}', cluster);
const withUser = (user: string) => good.replace('{token: t}', user);

function resolve(flags: ClusterFlags, env: Machine['env'] = {}, change: Partial<Machine> = {}) {
  return resolveConnection(flags, env, { ...thisMachine(env), home: folder, serviceAccount: join(folder, 'pod'), ...change });
}

/** The sentence, the folder cut off; '' when all is well. */
async function told(flags: ClusterFlags, env: Machine['env'] = {}): Promise<string> {
  try {
    await resolve(flags, env);
    return '';
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return `${error.name}: ${error.message.replaceAll(`${folder}/`, '')}`;
  }
}

describe('a kubeconfig that cannot be used is one clear sentence', () => {
  it.each<[string, string | Buffer, RegExp]>([
    ['empty', '', /^ReadError: no cluster to look at: no context in config; "tokmeter demo" needs none$/],
    [
      'no current-context',
      good.replace(/current-context.*/, ''),
      /^ReadError: no cluster to look at: no current-context in config: --context chooses one of one, two; /,
    ],
    ['a list', '- a\n', /^KubeconfigError: config:1: a kubeconfig is a mapping/],
    ['tabs', 'contexts:\n\t- a\n', /^KubeconfigError: config:2: tabs/],
    ['binary', Buffer.from([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0]), /^KubeconfigError: config:1: holds control characters/],
    [
      'an image',
      Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0xff]),
      /^KubeconfigError: config:1: holds bytes that are no UTF-8/,
    ],
    ['HTML', '<!DOCTYPE html>\n<html><body>Sign in: now</body></html>\n', /^KubeconfigError: config:\d: /],
    [
      'a cluster twice',
      withCluster('{server: a}}, {name: c, cluster: {server: b}'),
      /^KubeconfigError: config:4: clusters\[1\] is a second cluster with the name "c"$/,
    ],
    ['a server of nothing', withCluster('{server: ""}'), /^KubeconfigError: no server found for cluster "c"$/],
    [
      'a server that is no URL',
      withCluster('{server: "https://[oops"}'),
      /^KubeconfigError: server "https:\/\/\[oops" of cluster "c" is neither/,
    ],
    [
      'a server of another scheme',
      withCluster('{server: "ftp://a"}'),
      /^KubeconfigError: server "ftp:\/\/a" of cluster "c" must begin with https/,
    ],
    [
      'a missing CA',
      withCluster('{server: "https://a", certificate-authority: no.crt}'),
      /^KubeconfigError: unable to read certificate-authority no\.crt for cluster "c": it does not exist$/,
    ],
    [
      'a CA that is a folder',
      withCluster('{server: "https://a", certificate-authority: ./}'),
      /unable to read certificate-authority .* it is a directory$/,
    ],
    [
      'a CA that is none',
      withCluster('{server: "https://a", certificate-authority-data: aGVsbG8=}'),
      /^KubeconfigError: certificate-authority-data for cluster "c" holds no PEM certificate$/,
    ],
    [
      'a CA and no verification',
      withCluster('{server: "https://a", certificate-authority-data: aGk=, insecure-skip-tls-verify: true}'),
      /^KubeconfigError: cluster "c" has a certificate-authority and insecure-skip-tls-verify: keep one$/,
    ],
    [
      'a missing client certificate',
      withUser('{client-certificate: no.crt, client-key: no.key}'),
      /^KubeconfigError: unable to read client-certificate no\.crt for user "u": it does not exist$/,
    ],
    [
      'a client certificate without key',
      withUser('{client-certificate: no.crt}'),
      /^KubeconfigError: client-key-data or client-key must be specified for user "u"/,
    ],
    [
      'a proxy of another kind',
      withCluster('{server: "https://a", proxy-url: "gopher://p"}'),
      /^KubeconfigError: invalid proxy-url for cluster "c": unsupported scheme "gopher"/,
    ],
    ['a token of two lines', withUser('{token: "a\\nb"}'), /^KubeconfigError: token of user "u" holds a line break/],
  ])('%s', async (_, content, expected) => {
    const path = file('config', content);
    const sentence = await told({ kubeconfig: path }).then(async (first) => first || (await credentialsOf(path)));
    expect(sentence).toMatch(expected);
    expect(sentence).not.toContain('\n');
  });

  async function credentialsOf(path: string): Promise<string> {
    const connection = await resolve({ kubeconfig: path });
    return connection.credentials().then(
      () => '',
      (error: Error) => `${error.name}: ${error.message}`,
    );
  }

  it('names near contexts, and what a context lacks', async () => {
    const kubeconfig = file('config', good);
    expect(await told({ kubeconfig, context: 'on' })).toBe('KubeconfigError: context "on" does not exist; did you mean "one"?');
    expect(await told({ kubeconfig, context: 'two' })).toBe('KubeconfigError: cluster "gone" was not found for context "two"; there are c');
  });

  it('escapes what a name could do to a terminal, and cuts what is too long', async () => {
    const kubeconfig = file('config', good.replace('one, context: {cluster: c,', 'one, context: {cluster: "\\e[31m\\u202ex",'));
    const sentence = await told({ kubeconfig });
    expect(sentence).toMatch(/^KubeconfigError: cluster ".*x" was not found for context "one"; there are c$/);
    expect(sentence).not.toMatch(/[\u0000-\u001f\u202e]/);
    const long = await told({
      kubeconfig: file('config', good.replace('current-context: one', `current-context: ${'x'.repeat(1_000_000)}`)),
    });
    expect(long.length).toBeLessThan(700);
  });

  it.each([
    ['a missing file', (path: string) => rmSync(path), /cannot be read: it does not exist$/],
    [
      'a directory',
      (path: string) => {
        rmSync(path);
        mkdirSync(path);
      },
      /cannot be read: it is a directory$/,
    ],
    [
      'a circle of links',
      (path: string) => {
        rmSync(path, { recursive: true });
        symlinkSync(path, path);
      },
      /cannot be read: its symbolic links go round in circles$/,
    ],
  ])('%s', async (_, spoil, expected) => {
    const path = file('spoilt', good);
    spoil(path);
    expect(await told({ kubeconfig: path })).toMatch(expected);
    rmSync(path, { recursive: true, force: true });
  });

  it('no permission', async () => {
    const path = file('locked', good);
    chmodSync(path, 0);
    const denied = () => Promise.reject(Object.assign(new Error('EACCES: permission denied'), { code: 'EACCES' }));
    // Root may read everything: there the refusal of the system is given by hand.
    const change = process.getuid?.() === 0 ? { readFile: denied } : {};
    await expect(resolve({ kubeconfig: path }, {}, change)).rejects.toThrow(/^kubeconfig .*locked cannot be read: permission denied$/);
  });

  it('a file without end', async () => {
    expect(await told({ kubeconfig: '/dev/zero' })).toBe('KubeconfigError: kubeconfig /dev/zero cannot be read: it is larger than 64 MiB');
  });

  it('a broken file among good ones is not passed over', async () => {
    file('bad', 'contexts:\n- [\n');
    expect(await told({}, { KUBECONFIG: `${file('config', good)}:${join(folder, 'bad')}` })).toMatch(/^KubeconfigError: bad:\d: /);
  });

  it('ten megabytes are read', async () => {
    const authority = Buffer.alloc(18_000, 'x').toString('base64');
    const entry = (index: number) => `- name: c${index}\n  cluster: {server: "https://b", certificate-authority-data: ${authority}}\n`;
    const filler = Array.from({ length: 420 }, (_, index) => entry(index)).join('');
    const path = file('big', `${good.replace(/clusters: .*\n/, '')}clusters:\n- {name: c, cluster: {server: "https://a"}}\n${filler}`);
    expect((await resolve({ kubeconfig: path })).server.href).toBe('https://a/');
  });
});

describe('without a kubeconfig', () => {
  it.each<[string, Machine['env'], RegExp]>([
    [
      'the default is missing',
      {},
      /^ReadError: no cluster to look at: no kubeconfig at \.kube\/config: --kubeconfig FILE or KUBECONFIG names one; "tokmeter demo" needs none$/,
    ],
    ['all of KUBECONFIG is missing', { KUBECONFIG: '/no/a:/no/b' }, /no kubeconfig at \/no\/a, \/no\/b: /],
    ['KUBECONFIG holds only separators', { KUBECONFIG: '::' }, /no kubeconfig at any path of KUBECONFIG: /],
    ['the service account is missing', { KUBERNETES_SERVICE_HOST: '10.0.0.1', KUBERNETES_SERVICE_PORT: '443' }, /no kubeconfig at/],
  ])('%s', async (_, env, expected) => {
    expect(await told({}, env)).toMatch(expected);
  });

  it('--server is enough', async () => {
    const connection = await resolve({ server: 'https://x.example:1234/base', token: 't', insecureSkipTlsVerify: true, namespace: 'n' });
    expect(connection).toMatchObject({ context: null, namespace: 'n', inCluster: false, proxy: null });
    expect(connection.server.href).toBe('https://x.example:1234/base');
    expect(await connection.credentials()).toEqual({ headers: [['Authorization', 'Bearer t']], tls: { rejectUnauthorized: false } });
  });

  it('a server without a scheme is plain http and gets no credentials', async () => {
    const connection = await resolve({ server: 'localhost:8080', token: 't' });
    expect(connection.server.href).toBe('http://localhost:8080/');
    expect((await connection.credentials()).headers).toEqual([]);
  });

  it('KUBERNETES_MASTER is the last resort', async () => {
    expect((await resolve({}, { KUBERNETES_MASTER: 'http://m:8080' })).server.href).toBe('http://m:8080/');
  });
});

describe('namespace, proxy and context of a connection', () => {
  it.each<[string, ClusterFlags, Machine['env'], object]>([
    ['default', {}, {}, { context: 'one', namespace: 'default', proxy: null, inCluster: false }],
    ['HTTPS_PROXY', {}, { HTTPS_PROXY: 'http://p:3128' }, { proxy: new URL('http://p:3128') }],
    ['NO_PROXY', {}, { HTTPS_PROXY: 'http://p:3128', NO_PROXY: '.example' }, { proxy: null }],
    ['-n', { namespace: 'x' }, {}, { namespace: 'x' }],
    [
      "a pod's namespace where the context has none",
      {},
      { KUBERNETES_SERVICE_HOST: 'h', KUBERNETES_SERVICE_PORT: '1', POD_NAMESPACE: 'podns' },
      { namespace: 'podns', inCluster: false },
    ],
  ])('%s', async (_, flags, env, expected) => {
    expect(await resolve({ ...flags, kubeconfig: file('config', good) }, env)).toMatchObject(expected);
  });

  it('proxy-url wins over HTTPS_PROXY and NO_PROXY', async () => {
    const kubeconfig = file('config', withCluster('{server: "https://a.example", proxy-url: "socks5://s:1080"}'));
    const { proxy } = await resolve({ kubeconfig }, { HTTPS_PROXY: 'http://p:3128', NO_PROXY: '*' });
    expect(proxy?.href).toBe('socks5://s:1080');
  });
});
