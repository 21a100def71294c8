import { ReadError } from '../model/source.ts';
import { record, text } from '../parse/fields.ts';
import type { ClusterEntry, ExecEntry } from './kubeconfig-entry.ts';
import { codeOf, type Machine } from './kubeconfig-machine.ts';

/** What an exec plugin answered. */
export interface ExecCredential {
  readonly token: string;
  readonly clientCertificateData: string;
  readonly clientKeyData: string;
  /** Milliseconds since 1970; null: it stays valid until a 401. */
  readonly expires: number | null;
}

/** What the plugin is told about its cluster when it asks with provideClusterInfo. */
export interface PluginCluster extends ClusterEntry {
  /** What certificate-authority or certificate-authority-data hold. */
  readonly ca: Buffer;
}

// A plugin that cannot ask anybody anything has no reason to take longer.
const limitMs = 60_000;
const maxOutput = 4 * 1024 * 1024;

/** Runs the plugin once. Throws ReadError with its own last words. kubernetes/client-go plugin/pkg/client/auth/exec/exec.go */
export async function runPlugin(exec: ExecEntry, cluster: PluginCluster, user: string, machine: Machine): Promise<ExecCredential> {
  const blame = blameFor(exec, user);
  if (exec.interactiveMode === 'Always' && !machine.stdinIsTerminal)
    throw blame('needs a terminal to ask at (interactiveMode Always), and standard input is none');
  const interactive = exec.interactiveMode !== 'Never' && machine.stdinIsTerminal;
  const env = { ...machine.env, ...Object.fromEntries(exec.env.map(({ name, value }) => [name, value])) };
  const input = JSON.stringify(inputOf(exec, cluster, interactive));
  const output = await outputOf(exec, { ...env, KUBERNETES_EXEC_INFO: input }, interactive, blame);
  return credentialOf(await parsed(output, blame), exec, blame);
}

type Blame = (message: string, cause?: unknown) => ReadError;

function blameFor(exec: ExecEntry, user: string): Blame {
  return (message, cause) =>
    new ReadError(
      'unreachable',
      `get credentials of user ${user}`,
      `exec plugin ${exec.command} of user ${JSON.stringify(user)} ${message}`,
      { cause },
    );
}

/** kubernetes/client-go pkg/apis/clientauthentication/v1/types.go ExecCredential */
function inputOf(exec: ExecEntry, cluster: PluginCluster, interactive: boolean): unknown {
  const about = {
    server: cluster.server,
    ...(cluster.tlsServerName === '' ? {} : { 'tls-server-name': cluster.tlsServerName }),
    ...(cluster.insecureSkipTlsVerify ? { 'insecure-skip-tls-verify': true } : {}),
    ...(cluster.ca.length === 0 ? {} : { 'certificate-authority-data': cluster.ca.toString('base64') }),
    ...(cluster.proxyUrl === '' ? {} : { 'proxy-url': cluster.proxyUrl }),
    ...(cluster.execConfig === undefined ? {} : { config: cluster.execConfig }),
  };
  const spec = { ...(exec.provideClusterInfo ? { cluster: about } : {}), interactive };
  return { kind: 'ExecCredential', apiVersion: exec.apiVersion, spec };
}

async function outputOf(exec: ExecEntry, env: NodeJS.ProcessEnv, interactive: boolean, blame: Blame): Promise<string> {
  const { spawn } = await import('node:child_process');
  return new Promise((resolve, reject) => {
    const stdio = [interactive ? 'inherit' : 'ignore', 'pipe', interactive ? 'inherit' : 'pipe'] as const;
    const child = spawn(exec.command, exec.args, { env, stdio: [...stdio], windowsHide: true });
    let said = '';
    let answer = '';
    let tooMuch = false;
    const timer = interactive ? undefined : setTimeout(() => child.kill('SIGKILL'), limitMs);
    child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
      answer += chunk;
      if (answer.length > maxOutput) tooMuch = child.kill('SIGKILL');
    });
    child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
      said = (said + chunk).slice(-4096);
    });
    child.on('error', (error) => {
      clearTimeout(timer);
      reject(blame(whyNotStarted(exec, error), error));
    });
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      if (code === 0) resolve(answer);
      else if (tooMuch) reject(blame('answered with more than 4 MiB'));
      else reject(blame(`${code === null ? `was ended by ${signal}` : `failed with exit code ${code}`}${lastWords(said)}`));
    });
  });
}

function whyNotStarted(exec: ExecEntry, error: Error): string {
  const hint = exec.installHint === '' ? '' : `: ${printable(exec.installHint).trim()}`;
  if (codeOf(error) === 'ENOENT') return `is not installed${hint}`;
  if (codeOf(error) === 'EACCES') return 'may not be executed: permission denied';
  return `cannot be started: ${error.message}`;
}

function lastWords(said: string): string {
  const lines = printable(said)
    .split(/[\r\n]+/)
    .map((line) => line.trim())
    .filter((line) => line !== '');
  return lines.length === 0 ? '' : `: ${lines.slice(-3).join(' ').slice(0, 400)}`;
}

/** Without terminal escapes; line breaks stay. */
function printable(said: string): string {
  return said.replace(/\u001b\[[0-9;?]*[ -/]*[@-~]/g, '').replace(/[\u0000-\u0009\u000b\u000c\u000e-\u001f\u007f-\u009f]/g, ' ');
}

async function parsed(output: string, blame: Blame): Promise<Readonly<Record<string, unknown>>> {
  try {
    return record(JSON.parse(output));
  } catch {
    // A plugin may answer in YAML as well.
    const { parse } = await import('yaml');
    try {
      return record(parse(output, { logLevel: 'silent' }));
    } catch (error) {
      throw blame('answered with something that is no ExecCredential', error);
    }
  }
}

function credentialOf(answer: Readonly<Record<string, unknown>>, exec: ExecEntry, blame: Blame): ExecCredential {
  if (text(answer.kind) !== 'ExecCredential') throw blame('answered with something that is no ExecCredential');
  const version = text(answer.apiVersion) ?? 'no apiVersion';
  if (version !== exec.apiVersion)
    throw blame(`is configured to use API version ${exec.apiVersion}, but answered with ${printable(version)}`);
  const status = record(answer.status);
  const field = (name: string) => text(status[name]) ?? '';
  const [token, clientCertificateData, clientKeyData] = [field('token'), field('clientCertificateData'), field('clientKeyData')];
  if (token === '' && clientCertificateData === '' && clientKeyData === '')
    throw blame('answered without a token or a certificate and key');
  if ((clientCertificateData === '') !== (clientKeyData === '')) throw blame('answered with only a certificate or a key, not both');
  return { token, clientCertificateData, clientKeyData, expires: expiryOf(text(status.expirationTimestamp), blame) };
}

function expiryOf(timestamp: string | null, blame: Blame): number | null {
  if (timestamp === null || timestamp === '') return null;
  const at = Date.parse(timestamp);
  if (Number.isNaN(at)) throw blame(`answered with an expirationTimestamp that is no time: ${JSON.stringify(timestamp)}`);
  return at;
}
