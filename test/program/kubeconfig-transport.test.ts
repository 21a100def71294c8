import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Connection } from '../../src/sources/connection.ts';
import { type ClusterFlags, resolveConnection } from '../../src/sources/kubeconfig.ts';
import { type Machine, thisMachine } from '../../src/sources/kubeconfig-machine.ts';
import { openSocket } from '../../src/sources/socket.ts';
import { type ApiServer, apiServer, ask, closed, connectProxy, listening, pem, socksProxy, tlsFolder } from './kubeconfig-server.ts';

let folder: string;
let api: ApiServer;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tokmeter-transport-'));
  api = await apiServer();
});
afterAll(async () => {
  await api.close();
  rmSync(folder, { recursive: true, force: true });
});

interface Given {
  readonly server?: string;
  readonly cluster?: object;
  readonly user?: object;
  readonly flags?: ClusterFlags;
  readonly env?: Machine['env'];
  readonly change?: Partial<Machine>;
}

function connect({
  server = `https://127.0.0.1:${api.port}`,
  cluster = {},
  user = { token: 't' },
  flags = {},
  env = {},
  change = {},
}: Given) {
  const kubeconfig = join(folder, 'config');
  const trusted = { 'certificate-authority': join(tlsFolder, 'ca.crt') };
  const config = {
    'current-context': 'one',
    contexts: [{ name: 'one', context: { cluster: 'here', user: 'me' } }],
    clusters: [{ name: 'here', cluster: { server, ...trusted, ...cluster } }],
    users: [{ name: 'me', user }],
  };
  writeFileSync(kubeconfig, JSON.stringify(config));
  return resolveConnection({ ...flags, kubeconfig }, env, {
    ...thisMachine({ ...env, PATH: process.env.PATH }),
    stdinIsTerminal: false,
    ...change,
  });
}

async function trouble(connecting: Promise<Connection>): Promise<{ readonly reason: string; readonly message: string }> {
  try {
    await ask(await connecting);
  } catch (error) {
    if (error instanceof Error && 'reason' in error) return { reason: String(error.reason), message: error.message };
    throw error;
  }
  throw new Error('the request went through');
}

describe('an API server that cannot be trusted or spoken to', () => {
  it('another CA', async () => {
    const cluster = { 'certificate-authority': join(tlsFolder, 'other-ca.crt') };
    expect((await trouble(connect({ cluster }))).message).toMatch(/signed by an unknown authority/);
  });

  it('no CA at all: the system does not know this one', async () => {
    const { message } = await trouble(connect({ cluster: { 'certificate-authority': '' } }));
    expect(message).toMatch(/signed by an unknown authority/);
  });

  it("the system's authorities serve when the kubeconfig names none", async () => {
    const env = { SSL_CERT_FILE: join(tlsFolder, 'ca.crt') };
    expect(await ask(await connect({ cluster: { 'certificate-authority': '' }, env }))).toBe(200);
  });

  it.each([
    ['expired', /certificate of https:\/\/127\.0\.0\.1:\d+ has expired/],
    ['elsewhere', /is for elsewhere\.test: .*--tls-server-name/],
  ])('a certificate that is %s', async (name, expected) => {
    const other = await apiServer(name);
    expect(await trouble(connect({ server: `https://127.0.0.1:${other.port}` }))).toMatchObject({
      reason: 'unreachable',
      message: expect.stringMatching(expected),
    });
    await other.close();
  });

  it('--tls-server-name mends a certificate for elsewhere', async () => {
    const other = await apiServer('elsewhere');
    const connection = await connect({ server: `https://127.0.0.1:${other.port}`, flags: { tlsServerName: 'elsewhere.test' } });
    expect(await ask(connection)).toBe(200);
    await other.close();
  });

  it('a plain http port', async () => {
    const plain = await apiServer('server', false);
    expect((await trouble(connect({ server: `https://127.0.0.1:${plain.port}` }))).message).toMatch(/does not speak TLS/);
    await plain.close();
  });

  it('nobody there', async () => {
    const gone = net.createServer();
    const port = await listening(gone);
    await closed(gone);
    expect(await trouble(connect({ server: `https://127.0.0.1:${port}` }))).toEqual({
      reason: 'unreachable',
      message: `https://127.0.0.1:${port} refused the connection: nothing listens there`,
    });
  });

  it('a key that belongs to another certificate', async () => {
    const user = { 'client-certificate': join(tlsFolder, 'client.crt'), 'client-key': join(tlsFolder, 'server.key') };
    expect((await trouble(connect({ user }))).message).toBe('the client key does not belong to the client certificate');
  });

  it('a port that stays silent is given up in time, and can be interrupted', async () => {
    const silent = net.createServer((socket) => socket.on('error', () => {}));
    const port = await listening(silent);
    const wish = { host: '127.0.0.1', port, tls: { rejectUnauthorized: true }, proxy: null };
    await expect(openSocket({ ...wish, timeoutMs: 150 })).rejects.toMatchObject({
      reason: 'timeout',
      message: `https://127.0.0.1:${port} did not answer within 0.15 s`,
    });
    await expect(openSocket({ ...wish, timeoutMs: 5_000, signal: AbortSignal.abort() })).rejects.toMatchObject({ reason: 'interrupted' });
    const later = new AbortController();
    setTimeout(() => later.abort(), 50);
    await expect(openSocket({ ...wish, timeoutMs: 5_000, signal: later.signal })).rejects.toMatchObject({ reason: 'interrupted' });
    silent.close();
  });
});

describe('proxies', () => {
  const named = () => `https://api.test:${api.port}`;

  it('CONNECT, the name left to the proxy', async () => {
    const proxy = await connectProxy(api.port);
    expect(await ask(await connect({ server: named(), cluster: { 'proxy-url': `http://127.0.0.1:${proxy.port}` } }))).toBe(200);
    expect(proxy.asked).toEqual([`api.test:${api.port}`]);
    expect(api.seen.at(-1)).toMatchObject({ headers: ['authorization: Bearer t'], sni: 'api.test' });
    await proxy.close();
  });

  it('CONNECT from HTTPS_PROXY with a login', async () => {
    const proxy = await connectProxy(api.port, 'me:p@ss');
    const env = { HTTPS_PROXY: `http://me:p%40ss@127.0.0.1:${proxy.port}` };
    expect(await ask(await connect({ server: named(), env }))).toBe(200);
    expect(proxy.asked).toHaveLength(1);
    await proxy.close();
  });

  it('CONNECT without the login, or with a wrong one: the password is not told', async () => {
    const proxy = await connectProxy(api.port, 'me:p');
    const without = await trouble(connect({ server: named(), cluster: { 'proxy-url': `http://127.0.0.1:${proxy.port}` } }));
    expect(without.message).toMatch(/answered 407 Proxy Authentication Required: give it a login/);
    const wrong = await trouble(connect({ server: named(), cluster: { 'proxy-url': `http://me:sesame@127.0.0.1:${proxy.port}` } }));
    expect(wrong.message).toMatch(/does not accept this user and password/);
    expect(wrong.message).not.toMatch(/sesame/);
    await proxy.close();
  });

  it.each([
    ['a web server', 'HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<html>', /an HTML page: it is a web server or a login portal/],
    ['a page of refusal', 'HTTP/1.1 403 Forbidden\r\nContent-Type: text/html\r\n\r\n<html>', /403 Forbidden and an HTML page/],
    ['no HTTP at all', 'SSH-2.0-OpenSSH_9\r\n', /is no http proxy: it answered CONNECT with "SSH-2/],
    ['nothing', '', /closed the connection before it was ready/],
    ['half an answer', 'HTTP/1.1 200 OK\r\n', /closed the connection before it was ready/],
  ])('a proxy that is %s', async (_, answer, expected) => {
    const server = net.createServer((socket) => socket.on('error', () => {}).once('data', () => socket.end(answer)));
    const port = await listening(server);
    expect((await trouble(connect({ server: named(), cluster: { 'proxy-url': `http://127.0.0.1:${port}` } }))).message).toMatch(expected);
    await closed(server);
  });

  it('an https proxy, verified like the API server', async () => {
    const proxy = await secureProxy();
    expect(await ask(await connect({ cluster: { 'proxy-url': `https://127.0.0.1:${proxy.port}` } }))).toBe(200);
    await closed(proxy.server);
  });

  it.each([
    ['without a login', null, ''],
    ['with a login', ['me', 'p@ss'] as const, 'me:p%40ss@'],
  ])('SOCKS5 %s', async (_, login, userinfo) => {
    const proxy = await socksProxy(api.port, login);
    expect(await ask(await connect({ server: named(), cluster: { 'proxy-url': `socks5://${userinfo}127.0.0.1:${proxy.port}` } }))).toBe(
      200,
    );
    expect(proxy.asked).toEqual([`api.test:${api.port}`]);
    await proxy.close();
  });

  it('SOCKS5 that wants a login, or another one', async () => {
    const proxy = await socksProxy(api.port, ['me', 'right']);
    const at = (userinfo: string) =>
      trouble(connect({ server: named(), cluster: { 'proxy-url': `socks5://${userinfo}127.0.0.1:${proxy.port}` } }));
    expect((await at('')).message).toMatch(/asks for a login/);
    expect((await at('me:wrong@')).message).toMatch(/does not accept this user and password/);
    await proxy.close();
  });

  it.each([
    [[5, 0, 5, 5, 0, 1, 0, 0, 0, 0, 0, 0], /cannot reach api\.test:\d+: connection refused/],
    [[5, 0, 5, 4, 0, 1, 0, 0, 0, 0, 0, 0], /cannot reach api\.test:\d+: host unreachable/],
    [[72, 84, 84, 80], /is no SOCKS5 proxy/],
  ])('SOCKS5 that answers %j', async (bytes, expected) => {
    const server = net.createServer((socket) => socket.on('error', () => {}).once('data', () => socket.write(Buffer.from(bytes))));
    const port = await listening(server);
    expect((await trouble(connect({ server: named(), cluster: { 'proxy-url': `socks5://127.0.0.1:${port}` } }))).message).toMatch(expected);
    await closed(server);
  });

  async function secureProxy() {
    const { createServer } = await import('node:https');
    const server = createServer({ cert: pem('server.crt'), key: pem('server.key') });
    server.on('connect', (_, socket) => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      const up = net.connect(api.port, '127.0.0.1');
      up.pipe(socket).pipe(up);
      for (const end of [up, socket]) end.on('error', () => {}).on('close', () => up.destroy());
    });
    return { server, port: await listening(server) };
  }
});

describe('exec plugins', () => {
  /** A node script that counts its runs in a file beside it. */
  function plugin(name: string, body: string): string {
    const path = join(folder, `${name}.cjs`);
    const head = `#!${process.execPath}\nconst fs = require('node:fs');\nconst runs = ${JSON.stringify(`${path}.runs`)};\n`;
    const count = `fs.appendFileSync(runs, 'x');\nconst run = fs.readFileSync(runs, 'utf8').length;\n`;
    const tell = `const give = (status) => console.log(JSON.stringify({ apiVersion: 'client.authentication.k8s.io/v1', kind: 'ExecCredential', status }));\n`;
    writeFileSync(path, head + count + tell + body, { mode: 0o755 });
    writeFileSync(`${path}.runs`, '');
    return path;
  }
  const runs = (path: string) => readFileSync(`${path}.runs`, 'utf8').length;
  const user = (command: string, extra: object = {}) => ({
    exec: { apiVersion: 'client.authentication.k8s.io/v1', command, interactiveMode: 'IfAvailable', ...extra },
  });
  const tokenOf = async (connection: Connection, fresh = false) => (await connection.credentials(fresh)).headers[0]?.[1];

  it('run once for many who ask at once, and not before anybody does', async () => {
    const command = plugin('once', `setTimeout(() => give({ token: 'run-' + run }), 50);`);
    const connection = await connect({ user: user(command) });
    expect(runs(command)).toBe(0);
    expect(await Promise.all([1, 2, 3, 4].map(() => tokenOf(connection)))).toEqual(Array(4).fill('Bearer run-1'));
    expect(await tokenOf(connection)).toBe('Bearer run-1');
    expect(runs(command)).toBe(1);
  });

  it('run again when refused, once for all who were', async () => {
    const command = plugin('refused', `setTimeout(() => give({ token: 'run-' + run }), 50);`);
    const connection = await connect({ user: user(command) });
    api.refuse = 'Bearer run-1';
    expect(await ask(connection)).toBe(401);
    expect(await Promise.all([tokenOf(connection, true), tokenOf(connection, true)])).toEqual(['Bearer run-2', 'Bearer run-2']);
    expect(await ask(connection)).toBe(200);
    expect(runs(command)).toBe(2);
    api.refuse = null;
  });

  it('run again when their answer has expired', async () => {
    const command = plugin('expiring', `give({ token: 'run-' + run, expirationTimestamp: '2030-01-01T00:00:00Z' });`);
    let now = Date.parse('2029-12-31T23:59:59Z');
    const connection = await connect({ user: user(command), change: { now: () => now } });
    expect([await tokenOf(connection), await tokenOf(connection)]).toEqual(['Bearer run-1', 'Bearer run-1']);
    now = Date.parse('2030-01-01T00:00:01Z');
    expect(await tokenOf(connection)).toBe('Bearer run-2');
  });

  it('may renew a client certificate', async () => {
    const pair = (name: string) => JSON.stringify({ clientCertificateData: pem(`${name}.crt`), clientKeyData: pem(`${name}.key`) });
    const command = plugin('certificate', `give(run === 1 ? ${pair('client')} : ${pair('renewed-client')});`);
    const connection = await connect({ user: user(command) });
    await ask(connection);
    expect(api.seen.at(-1)).toMatchObject({ certificate: 'jane', headers: [] });
    await ask(connection, '/version', true);
    expect(api.seen.at(-1)).toMatchObject({ certificate: 'joe' });
  });

  it('may answer in YAML', async () => {
    const command = plugin(
      'yaml',
      `console.log('apiVersion: client.authentication.k8s.io/v1\\nkind: ExecCredential\\nstatus: {token: y1}');`,
    );
    expect(await tokenOf(await connect({ user: user(command) }))).toBe('Bearer y1');
  });

  it.each<[string, string, object, RegExp]>([
    [
      'exit',
      `console.error('\\u001b[31mplease run login\\u001b[0m'); process.exit(3);`,
      {},
      /^exec plugin \S+ of user "me" failed with exit code 3: please run login$/,
    ],
    ['garbage', `console.log('<html>');`, {}, /answered with something that is no ExecCredential$/],
    ['silent', '', {}, /answered with something that is no ExecCredential$/],
    [
      'version',
      `console.log(JSON.stringify({ kind: 'ExecCredential', apiVersion: 'client.authentication.k8s.io/v1beta1', status: { token: 't' } }));`,
      {},
      /configured to use API version client\.authentication\.k8s\.io\/v1, but answered with client\.authentication\.k8s\.io\/v1beta1$/,
    ],
    ['nothing', 'give({});', {}, /answered without a token or a certificate and key$/],
    ['half', `give({ clientCertificateData: 'x' });`, {}, /only a certificate or a key, not both$/],
    ['when', `give({ token: 't', expirationTimestamp: 'tomorrow' });`, {}, /expirationTimestamp that is no time: "tomorrow"$/],
    ['flood', `process.stdout.write('x'.repeat(5 << 20));`, {}, /answered with more than 4 MiB$/],
    [
      'asking',
      `give({ token: 't' });`,
      { interactiveMode: 'Always' },
      /needs a terminal to ask at \(interactiveMode Always\), and standard input is none$/,
    ],
  ])('that fail are told: %s', async (name, body, extra, expected) => {
    const connection = await connect({ user: user(plugin(name, body), extra) });
    await expect(connection.credentials()).rejects.toMatchObject({
      name: 'ReadError',
      reason: 'unreachable',
      message: expect.stringMatching(expected),
    });
  });

  it('that are not installed come with their hint', async () => {
    const connection = await connect({ user: user('no-such-login-plugin', { installHint: 'brew install\u001b[2J it\n' }) });
    await expect(connection.credentials()).rejects.toThrow(
      'exec plugin no-such-login-plugin of user "me" is not installed: brew install it',
    );
  });

  it('that may not be executed are told', async () => {
    writeFileSync(join(folder, 'no-x'), '#!/bin/sh\n', { mode: 0o600 });
    const connection = await connect({ user: user(join(folder, 'no-x')) });
    await expect(connection.credentials()).rejects.toThrow(/may not be executed: permission denied$/);
  });

  it('recover after a failure', async () => {
    const command = plugin('recover', `if (run === 1) process.exit(1); give({ token: 'run-' + run });`);
    const connection = await connect({ user: user(command) });
    await expect(connection.credentials()).rejects.toThrow(/exit code 1/);
    expect(await tokenOf(connection)).toBe('Bearer run-2');
  });
});

describe('token files', () => {
  it('are read anew, and the last one serves when the file is gone', async () => {
    const path = join(folder, 'rotating');
    writeFileSync(path, 'one\n');
    const connection = await connect({ user: { tokenFile: path } });
    const seen = async () => {
      await ask(connection);
      return api.seen.at(-1)?.headers;
    };
    expect(await seen()).toEqual(['authorization: Bearer one']);
    writeFileSync(path, 'two');
    expect(await seen()).toEqual(['authorization: Bearer two']);
    rmSync(path);
    expect(await seen()).toEqual(['authorization: Bearer two']);
  });

  it.each([
    ['missing', null, /it does not exist$/],
    ['empty', ' \n', /it is empty$/],
  ])('that are %s are told', async (_, content, expected) => {
    const path = join(folder, 'bad-token');
    rmSync(path, { force: true });
    if (content !== null) writeFileSync(path, content);
    const connection = await connect({ user: { tokenFile: path } });
    await expect(connection.credentials()).rejects.toMatchObject({ reason: 'unreachable', message: expect.stringMatching(expected) });
  });
});

describe('in a pod', () => {
  function pod(flags: ClusterFlags, namespace: string | null = 'gateways') {
    const serviceAccount = join(folder, 'pod');
    rmSync(serviceAccount, { recursive: true, force: true });
    mkdirSync(serviceAccount);
    writeFileSync(join(serviceAccount, 'token'), 'pod-token');
    writeFileSync(join(serviceAccount, 'ca.crt'), pem('ca.crt'));
    if (namespace !== null) writeFileSync(join(serviceAccount, 'namespace'), namespace);
    const env = { KUBERNETES_SERVICE_HOST: '127.0.0.1', KUBERNETES_SERVICE_PORT: `${api.port}` };
    return resolveConnection(flags, env, { ...thisMachine(env), home: join(folder, 'nobody'), serviceAccount });
  }

  it('the service account serves', async () => {
    const connection = await pod({});
    expect(connection).toMatchObject({ context: null, inCluster: true, namespace: 'gateways' });
    expect(await ask(connection)).toBe(200);
    expect(api.seen.at(-1)?.headers).toEqual(['authorization: Bearer pod-token']);
    writeFileSync(join(folder, 'pod/token'), 'rotated');
    await ask(connection);
    expect(api.seen.at(-1)?.headers).toEqual(['authorization: Bearer rotated']);
  });

  it('flags lie over it', async () => {
    const connection = await pod({ token: 'flag', as: 'jane', namespace: 'n' });
    await ask(connection);
    expect(connection.namespace).toBe('n');
    expect(api.seen.at(-1)?.headers).toEqual(['authorization: Bearer flag', 'impersonate-user: jane']);
  });

  it('without a namespace file it is the default one', async () => {
    expect((await pod({}, null)).namespace).toBe('default');
  });
});

describe('legacy auth-provider', () => {
  it('oidc sends its id-token while it is valid', async () => {
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const idToken = `${part({ alg: 'none' })}.${part({ exp: 4_102_444_800 })}.x`;
    const config = {
      'client-id': 'c',
      'client-secret': 's',
      'id-token': idToken,
      'refresh-token': 'r',
      'idp-issuer-url': 'https://issuer.test',
    };
    const connection = await connect({ user: { 'auth-provider': { name: 'oidc', config } } });
    await ask(connection);
    expect(api.seen.at(-1)?.headers).toEqual([`authorization: Bearer ${idToken}`]);
  });

  it('an unknown one is told', async () => {
    const connection = await connect({ user: { 'auth-provider': { name: 'nonesuch', config: {} } } });
    await expect(connection.credentials()).rejects.toMatchObject({
      name: 'ReadError',
      message: expect.stringMatching(/^auth-provider "nonesuch" of user "me" gives no credentials: /),
    });
  });
});
