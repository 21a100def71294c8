import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ClusterFlags, resolveConnection } from '../../src/sources/kubeconfig.ts';
import { thisMachine } from '../../src/sources/kubeconfig-machine.ts';
import { kubectl, runKubectl, withoutKubectl } from './kubeconfig-kubectl.ts';
import { type ApiServer, apiServer, ask, pem, type Seen } from './kubeconfig-server.ts';

interface Case {
  readonly cluster?: Readonly<Record<string, unknown>>;
  readonly user?: Readonly<Record<string, unknown>>;
  readonly plain?: boolean;
  readonly flags?: ClusterFlags;
  readonly seen: Partial<Seen>;
  /** Where we mean to differ from kubectl, and how kubectl behaves. */
  readonly unlike?: string;
}

const base64 = (name: string) => Buffer.from(pem(name)).toString('base64');
const bearer = (token: string) => [`authorization: Bearer ${token}`];
const basic = `authorization: Basic ${Buffer.from('bob:why:not').toString('base64')}`;
const certificate = { 'client-certificate-data': base64('client.crt'), 'client-key-data': base64('client.key') };
const plugin = (extra: object = {}, ...args: readonly string[]) => ({
  exec: { apiVersion: 'client.authentication.k8s.io/v1', command: './plugin.cjs', interactiveMode: 'Never', args, ...extra },
});
const impersonated = { as: 'jane', 'as-groups': ['g1', 'g 2'], 'as-uid': '7', 'as-user-extra': { 'acme.com/Tier%': ['a', 'b'], x: ['ü'] } };
const impersonation = [
  'impersonate-extra-acme.com%2ftier%25: a',
  'impersonate-extra-acme.com%2ftier%25: b',
  `impersonate-extra-x: ${Buffer.from('ü').toString('latin1')}`,
  'impersonate-group: g 2',
  'impersonate-group: g1',
  'impersonate-uid: 7',
  'impersonate-user: jane',
];

const cases: Readonly<Record<string, Case>> = {
  'a token': { user: { token: 'abc' }, seen: { headers: bearer('abc'), certificate: null } },
  'a token file': { user: { tokenFile: 'secrets/token' }, seen: { headers: bearer('from-file') } },
  'a token and a token file': { user: { token: 'abc', tokenFile: 'secrets/token' }, seen: { headers: bearer('from-file') } },
  'a token and an unreadable token file': { user: { token: 'abc', tokenFile: 'secrets/none' }, seen: { headers: bearer('abc') } },
  'basic authentication': { user: { username: 'bob', password: 'why:not' }, seen: { headers: [basic] } },
  'basic authentication by flags': { flags: { username: 'bob', password: 'why:not' }, seen: { headers: [basic] } },
  'a client certificate as data': { user: certificate, seen: { headers: [], certificate: 'jane' } },
  'a client certificate as files': {
    user: { 'client-certificate': 'secrets/client.crt', 'client-key': 'secrets/client.key' },
    seen: { certificate: 'jane' },
  },
  'a client certificate by flags': {
    user: { token: 'abc' },
    flags: { clientCertificate: 'secrets/client.crt', clientKey: 'secrets/client.key' },
    seen: { headers: bearer('abc'), certificate: 'jane' },
  },
  'a client certificate and a token': { user: { ...certificate, token: 'abc' }, seen: { headers: bearer('abc'), certificate: 'jane' } },
  '--token over a client certificate': {
    user: certificate,
    flags: { token: 'flag' },
    seen: { headers: bearer('flag'), certificate: 'jane' },
  },
  '--token over a token': { user: { token: 'abc' }, flags: { token: 'flag' }, seen: { headers: bearer('flag') } },
  '--token over a token file': {
    user: { tokenFile: 'secrets/token' },
    flags: { token: 'flag' },
    seen: { headers: bearer('flag') },
    unlike: 'kubectl sends the token of the file',
  },
  '--token over basic authentication': {
    user: { username: 'a', password: 'b' },
    flags: { token: 'flag' },
    seen: { headers: bearer('flag') },
    unlike: 'kubectl refuses the pair',
  },
  '--token over an exec plugin': { user: plugin({}, 'token'), flags: { token: 'flag' }, seen: { headers: bearer('flag') } },
  'a client certificate over an exec plugin': {
    user: { ...certificate, ...plugin({}, 'token') },
    seen: { headers: [], certificate: 'jane' },
  },
  'a token from an exec plugin': { user: plugin({}, 'token'), seen: { headers: bearer('from-plugin') } },
  'a v1beta1 plugin without interactiveMode': {
    user: plugin({ apiVersion: 'client.authentication.k8s.io/v1beta1', interactiveMode: undefined }, 'token'),
    seen: { headers: bearer('from-plugin') },
  },
  'a certificate from an exec plugin': { user: plugin({}, 'certificate'), seen: { headers: [], certificate: 'jane' } },
  'env and cluster information for an exec plugin': {
    cluster: { extensions: [{ name: 'client.authentication.k8s.io/exec', extension: { audience: 'x' } }], 'tls-server-name': 'localhost' },
    user: plugin({ provideClusterInfo: true, env: [{ name: 'COLOUR', value: 'blue' }] }, 'echo'),
    seen: { headers: bearer('blue/localhost/x/ca:true/false') },
  },
  'no cluster information unless asked for': { user: plugin({}, 'echo'), seen: { headers: bearer('none/none/none/ca:false/false') } },
  'impersonation in the kubeconfig': { user: { token: 'abc', ...impersonated }, seen: { headers: [...bearer('abc'), ...impersonation] } },
  '--as keeps the groups of the kubeconfig': {
    user: { as: 'jane', 'as-groups': ['g1'] },
    flags: { as: 'joe', token: 't' },
    seen: { headers: [...bearer('t'), 'impersonate-group: g1', 'impersonate-user: joe'] },
  },
  '--as-group replaces the groups of the kubeconfig': {
    user: { token: 't', as: 'jane', 'as-groups': ['g1'] },
    flags: { asGroup: ['a', 'b'], asUid: '9' },
    seen: { headers: [...bearer('t'), 'impersonate-group: a', 'impersonate-group: b', 'impersonate-uid: 9', 'impersonate-user: jane'] },
  },
  'plain http: impersonation but no credentials': {
    plain: true,
    user: { token: 'abc', ...certificate, as: 'jane' },
    seen: { headers: ['impersonate-user: jane'] },
  },
  'a base path, its query and fragment left out': {
    cluster: { path: '/k8s/clusters/c-1?x=1#y' },
    user: { token: 'abc' },
    seen: { path: '/k8s/clusters/c-1/version' },
  },
  'tls-server-name': { cluster: { 'tls-server-name': 'api.test' }, user: { token: 'abc' }, seen: { sni: 'api.test' } },
  '--tls-server-name': { flags: { tlsServerName: 'api.test' }, user: { token: 'abc' }, seen: { sni: 'api.test' } },
  'no SNI for an address': { user: { token: 'abc' }, seen: { sni: null } },
  'a CA file': {
    cluster: { 'certificate-authority-data': undefined, 'certificate-authority': 'secrets/ca.crt' },
    user: { token: 'a' },
    seen: {},
  },
  "the server's own certificate as CA": { cluster: { 'certificate-authority-data': base64('server.crt') }, user: { token: 'a' }, seen: {} },
  'insecure-skip-tls-verify': {
    cluster: { 'certificate-authority-data': undefined, 'insecure-skip-tls-verify': true },
    user: { token: 'abc' },
    seen: { headers: bearer('abc') },
  },
  '--insecure-skip-tls-verify over a CA': {
    cluster: { 'certificate-authority-data': base64('other-ca.crt') },
    flags: { insecureSkipTlsVerify: true },
    user: { token: 'abc' },
    seen: { headers: bearer('abc') },
  },
  '--certificate-authority over insecure-skip-tls-verify': {
    cluster: { 'certificate-authority-data': undefined, 'insecure-skip-tls-verify': true },
    flags: { certificateAuthority: 'secrets/ca.crt' },
    user: { token: 'abc' },
    seen: { headers: bearer('abc') },
  },
};

let folder: string;
let secure: ApiServer;
let plain: ApiServer;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tokmeter-wire-'));
  secure = await apiServer();
  plain = await apiServer('server', false);
  write('secrets/token', 'from-file\n');
  for (const name of ['ca.crt', 'client.crt', 'client.key']) write(`secrets/${name}`, pem(name));
  write('plugin.cjs', pluginSource(), 0o755);
});

afterAll(async () => {
  await Promise.all([secure.close(), plain.close()]);
  rmSync(folder, { recursive: true, force: true });
});

function write(name: string, text: string, mode = 0o600): void {
  mkdirSync(dirname(join(folder, name)), { recursive: true });
  writeFileSync(join(folder, name), text, { mode });
}

/** Answers with what its argument says; "echo" tells back what it was given. */
function pluginSource(): string {
  return `#!${process.execPath}
const info = JSON.parse(process.env.KUBERNETES_EXEC_INFO);
const cluster = info.spec.cluster ?? {};
const told = [process.env.COLOUR ?? 'none', cluster['tls-server-name'] ?? 'none', cluster.config?.audience ?? 'none',
  'ca:' + Boolean(cluster['certificate-authority-data']), info.spec.interactive].join('/');
const status = {
  token: { token: 'from-plugin', expirationTimestamp: '2100-01-01T00:00:00Z' },
  echo: { token: told },
  certificate: { clientCertificateData: ${JSON.stringify(pem('client.crt'))}, clientKeyData: ${JSON.stringify(pem('client.key'))} },
}[process.argv[2]];
console.log(JSON.stringify({ apiVersion: info.apiVersion, kind: 'ExecCredential', status }));
`;
}

function kubeconfig({ cluster: { path = '', ...cluster } = {}, user = {}, plain: isPlain = false }: Case): string {
  const server = isPlain ? `http://127.0.0.1:${plain.port}${path}` : `https://127.0.0.1:${secure.port}${path}`;
  const trusted = isPlain ? {} : { 'certificate-authority-data': base64('ca.crt') };
  return JSON.stringify({
    'current-context': 'one',
    contexts: [{ name: 'one', context: { cluster: 'here', user: 'me' } }],
    clusters: [{ name: 'here', cluster: { server, ...trusted, ...cluster } }],
    users: [{ name: 'me', user }],
  });
}

/** The flags as kubectl spells them. */
function spelled(flags: ClusterFlags): readonly string[] {
  return Object.entries(flags).flatMap(([name, value]) => {
    const flag = `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
    return (Array.isArray(value) ? value : [value]).map((each) => `${flag}=${each}`);
  });
}

async function reached(given: Case, send: (file: string) => Promise<unknown>): Promise<Seen> {
  const file = join(folder, 'config');
  writeFileSync(file, kubeconfig(given));
  const server = given.plain ? plain : secure;
  server.seen.length = 0;
  await send(file);
  const seen = server.seen.at(-1);
  if (seen === undefined) throw new Error('nothing reached the server');
  return seen;
}

/** Relative paths of flags start at the working directory, as of a shell in that folder. */
async function sendOurs(flags: ClusterFlags): Promise<void> {
  const machine = thisMachine({ PATH: process.env.PATH });
  const readFile = (path: string) => machine.readFile(path.startsWith('/') ? path : join(folder, path));
  await ask(await resolveConnection(flags, {}, { ...machine, stdinIsTerminal: false, readFile }));
}

describe('what reaches the API server', () => {
  it.each(Object.entries(cases))('%s', async (_, given) => {
    const seen = await reached(given, (file) => sendOurs({ ...given.flags, kubeconfig: file }));
    expect(seen).toMatchObject(given.seen);
  });
});

describe.skipIf(kubectl === null)(`what reaches the API server is what kubectl sends${withoutKubectl}`, () => {
  it.each(Object.entries(cases).filter(([, { unlike }]) => unlike === undefined))('%s', async (_, given) => {
    const args = ['get', '--raw', '/version', ...spelled(given.flags ?? {})];
    const theirs = await reached(given, async (file) => {
      const { code, stderr } = await runKubectl([...args, `--kubeconfig=${file}`], folder, { HOME: folder });
      if (code !== 0) throw new Error(stderr);
    });
    const ours = await reached(given, (file) => sendOurs({ ...given.flags, kubeconfig: file }));
    // "get --raw" takes its path as it is; other requests of kubectl go below the base path.
    expect({ ...ours, path: null }).toEqual({ ...theirs, path: null });
  });
});
