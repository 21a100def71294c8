import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { list, record, text } from '../../src/parse/fields.ts';
import { type ClusterFlags, choose } from '../../src/sources/kubeconfig-choose.ts';
import { pathsOf, readKubeconfigs } from '../../src/sources/kubeconfig-files.ts';
import { thisMachine } from '../../src/sources/kubeconfig-machine.ts';
import { mergeKubeconfigs } from '../../src/sources/kubeconfig-merge.ts';
import { kubectl, runKubectl, withoutKubectl } from './kubeconfig-kubectl.ts';

interface Case {
  /** File name to text. */
  readonly files: Readonly<Record<string, string>>;
  readonly KUBECONFIG?: string;
  readonly flags?: ClusterFlags;
}

const prod = `
apiVersion: v1
kind: Config
current-context: prod
contexts:
- name: prod
  context: {cluster: prod, user: admin, namespace: shop}
- name: stage
  context: {cluster: stage, user: dev}
clusters:
- name: prod
  cluster: {server: "https://prod.example:6443", certificate-authority: pki/ca.crt}
- name: stage
  cluster: {server: "https://stage.example:6443", insecure-skip-tls-verify: true}
users:
- name: admin
  user: {token: prod-token}
- name: dev
  user: {username: dev, password: secret}
`;
const other = `
current-context: lab
contexts:
- name: lab
  context: {cluster: lab, user: admin}
- name: prod
  context: {cluster: lab, user: lab-admin, namespace: elsewhere}
clusters:
- name: lab
  cluster: {server: "https://lab.example", tls-server-name: lab.internal}
- name: prod
  cluster: {server: "https://wrong.example"}
users:
- name: admin
  user: {tokenFile: lab.token}
- name: lab-admin
  user: {client-certificate: lab.crt, client-key: ../lab.key}
`;
const one = (cluster: string, user: string, context = '') => `
current-context: one
contexts: [{name: one, context: {cluster: c, user: u${context}}}]
clusters: [{name: c, cluster: ${cluster}}]
users: [{name: u, user: ${user}}]
`;
const https = '{server: "https://a.example:6443"}';

const cases: Readonly<Record<string, Case>> = {
  'one file': { files: { config: prod } },
  'the default file': { files: { '.kube/config': prod }, KUBECONFIG: '' },
  'another context': { files: { config: prod }, flags: { context: 'stage' } },
  'two files, the first first': { files: { config: prod, other }, KUBECONFIG: 'config:other' },
  'two files, the second first': { files: { config: prod, other }, KUBECONFIG: 'other:config' },
  'two files, a context of the second': { files: { config: prod, other }, KUBECONFIG: 'config:other', flags: { context: 'lab' } },
  'two files, both have the context': { files: { config: prod, other }, KUBECONFIG: 'other:config', flags: { context: 'prod' } },
  'an empty file before a full one': { files: { empty: '', config: prod }, KUBECONFIG: 'empty:config' },
  'a file of white space': { files: { empty: '\n# nothing\n', config: prod }, KUBECONFIG: 'empty:config' },
  'missing files in the list': { files: { config: prod }, KUBECONFIG: 'nowhere:config:nowhere-else' },
  'empty elements in the list': { files: { config: prod }, KUBECONFIG: '::config:' },
  'a file named twice': { files: { config: prod, other }, KUBECONFIG: 'config:other:config' },
  'current-context from one file, its context from another': {
    files: { choice: 'current-context: lab\n', config: prod, other },
    KUBECONFIG: 'choice:config:other',
  },
  'an empty current-context gives way': { files: { choice: 'current-context: ""\n', config: prod }, KUBECONFIG: 'choice:config' },
  '--kubeconfig is the only file': { files: { config: prod, other }, KUBECONFIG: 'config', flags: { kubeconfig: 'other' } },
  'a file in a folder of its own': { files: { 'deep/er/config': prod }, KUBECONFIG: 'deep/er/config' },
  'relative paths of two folders': {
    files: { 'a/config': prod, 'b/config': other },
    KUBECONFIG: 'a/config:b/config',
    flags: { context: 'lab' },
  },
  'paths that climb': { files: { 'b/config': other }, KUBECONFIG: 'b/config', flags: { context: 'prod' } },
  'an absolute path': { files: { config: one('{server: "https://a", certificate-authority: /etc/ca.crt}', '{tokenFile: /run/token}') } },
  'certificates as data': {
    files: {
      config: one('{server: "https://a", certificate-authority-data: Q0E=}', '{client-certificate-data: Q1JU, client-key-data: "S0\\nVZ"}'),
    },
  },
  'data in a folded block': {
    files: {
      config: one('{server: "https://a"}', '{token: t}').replace(
        '{server: "https://a"}',
        '{server: "https://a", certificate-authority-data: "Q0\\r\\nE="}',
      ),
    },
  },
  'yes is true': { files: { config: one('{server: "https://a", insecure-skip-tls-verify: yes}', '{token: t}') } },
  'off is false': { files: { config: one('{server: "https://a", insecure-skip-tls-verify: off}', '{token: t}') } },
  'a date stays a string': { files: { config: one('{server: "https://a", tls-server-name: 2020-01-01}', '{token: t}') } },
  'merge keys and anchors': {
    files: {
      config: `x-base: &base {server: "https://base", tls-server-name: name}\n${one('{<<: *base, server: "https://own"}', '{token: t}')}`,
    },
  },
  'a JSON kubeconfig': {
    files: {
      config: JSON.stringify({
        kind: 'Config',
        'current-context': 'j',
        contexts: [{ name: 'j', context: { cluster: 'c', user: 'u', namespace: 'n' } }],
        clusters: [{ name: 'c', cluster: { server: 'https://json' } }],
        users: [{ name: 'u', user: { token: 'ü"\\' } }],
      }),
    },
  },
  'the last of two equal keys': { files: { config: one('{server: "https://first", server: "https://last"}', '{token: t}') } },
  'the first of two documents': { files: { config: `${one(https, '{token: t}')}---\ncurrent-context: two\n` } },
  'a document marker and comments': { files: { config: `# mine\n---\n${one(https, '{token: t}')}` } },
  'keys in the wrong case are unknown': { files: { config: one('{Server: "https://x", server: "https://y"}', '{Token: x, token: z}') } },
  'unknown fields': { files: { config: `colour: blue\n${one('{server: "https://a", colour: red}', '{token: t, shape: [round]}')}` } },
  'null instead of entries': {
    files: {
      config: `users: null\n${one(https, 'null').replace(/users: \[.*\n/, '')}`,
      more: 'users: [{name: u, user: {token: later}}]\n',
    },
    KUBECONFIG: 'config:more',
  },
  'a user that is null': { files: { config: one(https, 'null') } },
  'names with spaces and slashes': { files: { config: one(https, '{token: t}').replaceAll(' c,', ' "arn:aws:eks/x y",') } },
  'CRLF line ends': { files: { config: prod.replaceAll('\n', '\r\n') } },
  'a byte order mark': { files: { config: `\ufeff${prod}` } },
  impersonation: { files: { config: one(https, '{token: t, as: jane, as-uid: "7", as-groups: [a, b], as-user-extra: {x: [z]}}') } },
  'an exec plugin by path': {
    files: {
      'd/config': one(
        https,
        '{exec: {apiVersion: client.authentication.k8s.io/v1, command: ./bin/login, args: [a, b], env: [{name: A, value: b}], interactiveMode: Never, provideClusterInfo: true}}',
      ),
    },
    KUBECONFIG: 'd/config',
  },
  'an exec plugin in PATH': {
    files: { 'd/config': one(https, '{exec: {apiVersion: client.authentication.k8s.io/v1beta1, command: login}}') },
    KUBECONFIG: 'd/config',
  },
  'a legacy auth-provider': {
    files: { config: one(https, '{auth-provider: {name: oidc, config: {id-token: x, idp-issuer-url: "https://i"}}}') },
  },
  'proxy-url and tls-server-name': {
    files: {
      config: one('{server: "https://a", proxy-url: "socks5://p:1080", tls-server-name: b, disable-compression: true}', '{token: t}'),
    },
  },
};

/** Plain scalars as a password: whether YAML 1.1 of Go takes them for a string, a number, a truth value or nothing. */
const scalars = (
  '12:34 1:2:3.5 .5 1. + 1_000 0x1F 0b11 017 08 09.5 +1 1e3 123e45 1E-5 1.5e+3 .inf -.INF .NaN inf Infinity NaN 1.2.3 0_1 _1 1_ 1__0 ' +
  'y Y yes YES yEs n no off OFF on On true TRUE tRue false ~ null Null NULL nULL = 2020-01-01 2020-01-01T00:00:00Z 0x 0b 0b12 1,000 00 0 -0 1- v1'
).split(' ');

const broken: Readonly<Record<string, string>> = {
  'a list': '- a\n- b\n',
  'a word': 'hello\n',
  tabs: 'clusters:\n\t- name: c\n',
  'clusters as a mapping': 'clusters: {c: {server: x}}\n',
  'two clusters of one name': 'clusters: [{name: c, cluster: {server: "https://a"}}, {name: c, cluster: {server: "https://b"}}]\n',
  'a number as a name': 'clusters:\n- name: 1\n  cluster: {server: "https://a"}\n',
  'a number as a token': one(https, '{token: 12345}'),
  'y as a password': one(https, '{username: a, password: y}'),
  'a string as a truth value': one('{server: "https://a", insecure-skip-tls-verify: "true"}', '{}'),
  'data that is no base64': one('{server: "https://a", certificate-authority-data: "###"}', '{}'),
  'another kind': `kind: Pod\n${one(https, '{}')}`,
  'another version': `apiVersion: v2\nkind: Config\n${one(https, '{}')}`,
  'an unclosed bracket': 'clusters: [{name: c\n',
  'an unknown alias': 'clusters: *nobody\n',
  binary: 'clusters: \u0000\u0001\u0002\n',
  'bytes that are no UTF-8': 'latin1:clusters: [\xe4\xf6]\n',
};

let root: string;
let count = 0;

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'tokmeter-view-'));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

function laidOut(files: Readonly<Record<string, string>>): string {
  const folder = join(root, `${++count}`);
  for (const [name, content] of Object.entries({ '.kube/none': '', ...files })) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    const latin = content.startsWith('latin1:');
    writeFileSync(join(folder, name), latin ? Buffer.from(content.slice(7), 'latin1') : content);
  }
  return folder;
}

/** What both sides are asked about. Paths are absolute, data is base64. */
interface View {
  readonly context: string;
  readonly namespace: string;
  readonly cluster: Readonly<Record<string, unknown>>;
  readonly user: Readonly<Record<string, unknown>>;
}

async function ours({ KUBECONFIG = 'config', flags = {} }: Case, folder: string): Promise<View> {
  const machine = { ...thisMachine({ KUBECONFIG, HOME: folder }), home: folder };
  const inFolder = (path: string) => (isAbsolute(path) ? path : join(folder, path));
  const { paths, required } = pathsOf(flags.kubeconfig, machine);
  const chosen = choose(mergeKubeconfigs(await readKubeconfigs(paths.map(inFolder), required, machine)), flags);
  const { cluster, user } = chosen;
  return {
    context: chosen.contextName ?? '',
    namespace: chosen.namespace,
    cluster: bare({
      server: cluster.server,
      'tls-server-name': cluster.tlsServerName,
      'insecure-skip-tls-verify': cluster.insecureSkipTlsVerify,
      'certificate-authority': cluster.certificateAuthority,
      'certificate-authority-data': cluster.certificateAuthorityData.toString('base64'),
      'proxy-url': cluster.proxyUrl,
    }),
    user: bare({
      token: user.token,
      tokenFile: user.tokenFile,
      username: user.username,
      password: user.password,
      'client-certificate': user.clientCertificate,
      'client-certificate-data': user.clientCertificateData.toString('base64'),
      'client-key': user.clientKey,
      'client-key-data': user.clientKeyData.toString('base64'),
      as: user.impersonate,
      'as-uid': user.impersonateUid,
      'as-groups': user.impersonateGroups,
      'as-user-extra': user.impersonateExtra,
      exec: user.exec === null ? null : bare({ ...user.exec }),
      'auth-provider': user.authProvider,
    }),
  };
}

async function theirs({ KUBECONFIG = 'config', flags = {} }: Case, folder: string): Promise<View> {
  const args = ['config', 'view', '--minify', '--raw', '-o', 'json'];
  const given = Object.entries(flags).map(([name, value]) => `--${name}=${value}`);
  const { code, stdout, stderr } = await runKubectl([...args, ...given], folder, { HOME: folder, KUBECONFIG });
  if (code !== 0) throw new Error(stderr);
  const view = record(JSON.parse(stdout));
  const context = record(record(list(view.contexts)[0]).context);
  const cluster = record(record(list(view.clusters)[0]).cluster);
  const { exec, ...user } = record(record(list(view.users)[0]).user);
  const files = ['certificate-authority', 'client-certificate', 'client-key', 'tokenFile'];
  const absolute = (entry: Readonly<Record<string, unknown>>) =>
    Object.fromEntries(
      Object.entries(entry).map(([key, value]) => [key, files.includes(key) ? resolve(from(folder, KUBECONFIG), String(value)) : value]),
    );
  const { 'disable-compression': _, ...known } = cluster;
  return {
    context: text(view['current-context']) ?? '',
    namespace: text(context.namespace) ?? '',
    cluster: bare(absolute(known)),
    user: bare({ ...absolute(user), exec: exec === undefined ? null : bare(execOf(record(exec), from(folder, KUBECONFIG))) }),
  };
}

/** "config view" leaves paths relative when they can be; a path of another folder than the first file's comes out absolute. */
function from(folder: string, KUBECONFIG: string): string {
  return dirname(join(folder, KUBECONFIG.split(':').find((path) => path !== '') ?? '.kube/config'));
}

function execOf(exec: Readonly<Record<string, unknown>>, folder: string): Readonly<Record<string, unknown>> {
  const command = String(exec.command);
  return { ...exec, command: command.includes('/') ? resolve(folder, command) : command };
}

function bare(entry: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const empty = (value: unknown) =>
    value === undefined ||
    value === null ||
    value === '' ||
    value === false ||
    (typeof value === 'object' && Object.keys(value).length === 0);
  return Object.fromEntries(Object.entries(entry).filter(([, value]) => !empty(value)));
}

describe.skipIf(kubectl === null)(`the kubeconfig that kubectl sees${withoutKubectl}`, () => {
  it.each(Object.entries(cases))('%s', async (_, given) => {
    const folder = laidOut(given.files);
    expect(await ours(given, folder)).toEqual(await theirs(given, folder));
  });

  it.each(scalars)('%s as a password', async (scalar) => {
    const given = { files: { config: one(https, `{username: a, password: ${scalar}}`) } };
    const folder = laidOut(given.files);
    const outcome = (view: Promise<View>) =>
      view.then(
        ({ user }) => user.password ?? '',
        () => 'refused',
      );
    expect(await outcome(ours(given, folder))).toBe(await outcome(theirs(given, folder)));
  });

  it.each(Object.entries(broken))('%s is refused by both', async (_, content) => {
    const folder = laidOut({ config: content });
    const { code, stderr } = await runKubectl(['config', 'view', '--raw'], folder, { HOME: folder, KUBECONFIG: 'config' });
    expect(`${code} ${stderr}`).toMatch(/^1 error: error loading config file/);
    await expect(ours({ files: {} }, folder)).rejects.toThrow(/\/config:\d+: /);
  });
});
