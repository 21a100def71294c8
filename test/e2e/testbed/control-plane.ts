import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Api, apiOf, type Manifest } from './api.ts';
import { bin, end, freePort, run, until } from './processes.ts';

/** A real kube-apiserver over etcd, with kwok as the kubelet of node-a. */
export interface ControlPlane {
  readonly server: string;
  /** Where etcd answers, without TLS. */
  readonly etcd: string;
  readonly api: Api;
  readonly kubeconfig: { readonly admin: string; readonly viewer: string };
  /** Starts the kubelet: after its CRDs exist. */
  startKubelet(): void;
  stop(): Promise<void>;
}

/** Starts etcd and kube-apiserver on free loopback ports; everything they write lies in the folder. */
export async function startControlPlane(folder: string): Promise<ControlPlane> {
  const [etcdPort, peerPort, securePort, kubeletPort] = await ports();
  writeKeys(folder);
  const etcd = run(join(bin, 'etcd'), etcdArgs(folder, etcdPort, peerPort), join(folder, 'etcd.log'));
  const apiserver = run(join(bin, 'kube-apiserver'), apiserverArgs(folder, etcdPort, securePort), join(folder, 'apiserver.log'));
  const children = [apiserver, etcd];
  const server = `https://127.0.0.1:${securePort}`;
  const certificate = join(folder, 'certs/apiserver.crt');
  const ca = await until('the API server certificate', () => (existsSync(certificate) ? readFileSync(certificate, 'utf8') : null) || null);
  const api = apiOf(server, ca, tokens.admin);
  await until('the API server to be ready', async () => {
    if (apiserver.exitCode !== null) throw new Error(`kube-apiserver ended: see ${folder}/apiserver.log`);
    return (await api.send('GET', '/readyz').catch(() => null))?.status === 200 || null;
  });
  await until('the namespaces that the API server makes', async () => (await api.list('/api/v1/namespaces')).length >= 3 || null);
  await api.apply(nodeOf(kubeletPort));
  return {
    server,
    etcd: `http://127.0.0.1:${etcdPort}`,
    api,
    kubeconfig: { admin: kubeconfig(folder, server, ca, 'admin'), viewer: kubeconfig(folder, server, ca, 'viewer') },
    startKubelet: () => void children.unshift(run(join(bin, 'kwok'), kwokArgs(folder, kubeletPort), join(folder, 'kwok.log'))),
    stop: async () => {
      for (const child of children) await end(child);
    },
  };
}

const tokens = { admin: 'admintok', viewer: 'viewtok' };

async function ports(): Promise<[number, number, number, number]> {
  const found = new Set<number>();
  while (found.size < 4) found.add(await freePort());
  const [a = 0, b = 0, c = 0, d = 0] = found;
  return [a, b, c, d];
}

function writeKeys(folder: string): void {
  const policy = { apiVersion: 'audit.k8s.io/v1', kind: 'Policy', omitStages: ['RequestReceived'], rules: [{ level: 'Metadata' }] };
  writeFileSync(join(folder, 'audit.json'), JSON.stringify(policy));
  writeFileSync(join(folder, 'tokens.csv'), `${tokens.admin},admin,1,"system:masters"\n${tokens.viewer},viewer,2,"viewers"\n`);
  const openssl = (...args: string[]): Buffer => execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' });
  openssl('genrsa', '-out', 'sa.key', '2048');
  const names = ['-subj', '/CN=kubelet', '-addext', 'subjectAltName=IP:127.0.0.1'];
  openssl('req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', 'kubelet.key', '-out', 'kubelet.crt', '-days', '30', ...names);
}

function etcdArgs(folder: string, port: number, peer: number): string[] {
  const clients = `http://127.0.0.1:${port}`;
  return [
    ...['--data-dir', join(folder, 'etcd'), '--unsafe-no-fsync=true', '--log-level=error'],
    ...['--listen-client-urls', clients, '--advertise-client-urls', clients, '--listen-peer-urls', `http://127.0.0.1:${peer}`],
  ];
}

function apiserverArgs(folder: string, etcd: number, port: number): string[] {
  const key = join(folder, 'sa.key');
  return [
    `--etcd-servers=http://127.0.0.1:${etcd}`,
    `--cert-dir=${join(folder, 'certs')}`,
    '--bind-address=127.0.0.1',
    `--secure-port=${port}`,
    '--service-cluster-ip-range=10.0.0.0/24',
    '--allow-privileged=true',
    '--authorization-mode=RBAC',
    '--disable-admission-plugins=ServiceAccount,MutatingAdmissionWebhook',
    `--service-account-issuer=https://127.0.0.1:${port}/`,
    `--service-account-key-file=${key}`,
    `--service-account-signing-key-file=${key}`,
    `--token-auth-file=${join(folder, 'tokens.csv')}`,
    '--kubelet-preferred-address-types=InternalIP',
    '--kubelet-timeout=10s',
    `--audit-policy-file=${join(folder, 'audit.json')}`,
    `--audit-log-path=${join(folder, 'audit.log')}`,
  ];
}

function kwokArgs(folder: string, port: number): string[] {
  return [
    ...['--kubeconfig', join(folder, 'admin.kubeconfig'), '--manage-all-nodes=true'],
    ...['--enable-crds=Stage,PortForward,ClusterPortForward,Logs', '--node-port', String(port), '--server-address', `127.0.0.1:${port}`],
    ...['--tls-cert-file', join(folder, 'kubelet.crt'), '--tls-private-key-file', join(folder, 'kubelet.key')],
  ];
}

/** The one Node: the API server's port-forward goes to the address and port in its status. */
function nodeOf(port: number): Manifest {
  const addresses = [{ type: 'InternalIP', address: '127.0.0.1' }];
  const status = { addresses, daemonEndpoints: { kubeletEndpoint: { Port: port } } };
  return { apiVersion: 'v1', kind: 'Node', metadata: { name: 'node-a' }, status };
}

function kubeconfig(folder: string, server: string, ca: string, user: 'admin' | 'viewer'): string {
  const path = join(folder, `${user}.kubeconfig`);
  const cluster = { server, 'certificate-authority-data': Buffer.from(ca).toString('base64') };
  const content = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'testbed',
    clusters: [{ name: 'testbed', cluster }],
    users: [{ name: user, user: { token: tokens[user] } }],
    contexts: [{ name: 'testbed', context: { cluster: 'testbed', user } }],
  };
  writeFileSync(path, JSON.stringify(content, null, 2));
  return path;
}
