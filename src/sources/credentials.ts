import { ReadError } from '../model/source.ts';
import type { Credentials, TlsMaterial } from './connection.ts';
import { type ExecCredential, type PluginCluster, runPlugin } from './exec-plugin.ts';
import { askAuthProvider } from './kubeconfig-auth-provider.ts';
import type { Chosen } from './kubeconfig-choose.ts';
import type { UserEntry } from './kubeconfig-entry.ts';
import { KubeconfigError } from './kubeconfig-error.ts';
import { type Machine, whyUnread } from './kubeconfig-machine.ts';
import { caOf, certificateOf } from './kubeconfig-tls.ts';

type Header = readonly [name: string, value: string];

/** A function that gives the current credentials, as client-go's chain of round trippers would. kubernetes/client-go transport/round_trippers.go */
export async function credentialsOf(chosen: Chosen, server: URL, machine: Machine): Promise<(fresh?: boolean) => Promise<Credentials>> {
  const impersonation = impersonationOf(chosen.user);
  // Over plain http kubectl impersonates but never authenticates: client_config.go ClientConfig, IsConfigTransportTLS.
  if (server.protocol !== 'https:') return async () => ({ headers: impersonation, tls: { rejectUnauthorized: true } });
  const { tls, ca } = await tlsOf(chosen, machine);
  const authorize = authorizer(chosen, server, machine, { ...chosen.cluster, ca }, tls.cert !== undefined);
  // The same material for the same certificate: connections share what they make of it.
  let last: { readonly certificate: Authorization['certificate']; readonly tls: TlsMaterial } = { certificate: undefined, tls };
  return async (fresh = false) => {
    const { headers, certificate } = await authorize(fresh);
    if (certificate !== last.certificate) last = { certificate, tls: { ...tls, ...certificate } };
    return { headers: [...headers, ...impersonation], tls: last.tls };
  };
}

interface Authorization {
  readonly headers: readonly Header[];
  readonly certificate?: { readonly cert: Buffer; readonly key: Buffer };
}

type Authorizer = (fresh: boolean) => Promise<Authorization>;

function authorizer(chosen: Chosen, server: URL, machine: Machine, cluster: PluginCluster, hasCertificate: boolean): Authorizer {
  const { user, userName } = chosen;
  if (user.tokenFile !== '') return tokenFileAuthorizer(user, userName, machine);
  if (user.token !== '') return constant(bearer(user.token, userName));
  if (user.username !== '' || user.password !== '') return constant(basic(user));
  if (hasCertificate) return constant([]);
  const { exec } = user;
  if (exec !== null) return pluginAuthorizer(() => runPlugin(exec, cluster, userName, machine), userName, machine);
  if (user.authProvider !== null) return async () => ({ headers: [['Authorization', await askAuthProvider(user, userName, server)]] });
  return constant([]);
}

function constant(headers: readonly Header[]): Authorizer {
  return async () => ({ headers });
}

/** Read anew each time, for service account tokens rotate; what was read last serves when it cannot be read again. */
function tokenFileAuthorizer(user: UserEntry, userName: string, machine: Machine): Authorizer {
  let last = user.token;
  return async () => {
    try {
      const token = (await machine.readFile(user.tokenFile)).toString('utf8').trim();
      if (token === '') throw new Error('it is empty');
      last = token;
    } catch (error) {
      const message = `tokenFile ${user.tokenFile} of user ${JSON.stringify(userName)} cannot be read: ${whyUnread(error)}`;
      if (last === '') throw new ReadError('unreachable', `get credentials of user ${userName}`, message, { cause: error });
    }
    return { headers: bearer(last, userName) };
  };
}

/** Runs the plugin once for all who ask, again when its answer has expired or was refused. */
function pluginAuthorizer(run: () => Promise<ExecCredential>, userName: string, machine: Machine): Authorizer {
  let held: ExecCredential | null = null;
  const certificates = new WeakMap<ExecCredential, Authorization['certificate'] & object>();
  let running: Promise<ExecCredential> | null = null;
  const renewed = async (): Promise<ExecCredential> => {
    running ??= run().finally(() => {
      running = null;
    });
    held = await running;
    return held;
  };
  return async (fresh) => {
    const usable = held !== null && !fresh && (held.expires === null || machine.now() <= held.expires);
    const credential = usable && held !== null ? held : await renewed();
    const { token, clientCertificateData, clientKeyData } = credential;
    const headers = token === '' ? [] : bearer(token, userName);
    if (clientCertificateData === '') return { headers };
    const known = certificates.get(credential);
    const certificate = known ?? { cert: Buffer.from(clientCertificateData), key: Buffer.from(clientKeyData) };
    certificates.set(credential, certificate);
    return { headers, certificate };
  };
}

function bearer(token: string, userName: string): readonly Header[] {
  return [['Authorization', `Bearer ${headerValue(token, `token of user ${JSON.stringify(userName)}`)}`]];
}

function basic(user: UserEntry): readonly Header[] {
  return [['Authorization', `Basic ${Buffer.from(`${user.username}:${user.password}`).toString('base64')}`]];
}

/** The Impersonate-* headers, in client-go's order; extra keys are percent-encoded by headerKeyEscape. */
export function impersonationOf(user: UserEntry): readonly Header[] {
  if (user.impersonate === '') return [];
  const extra = Object.entries(user.impersonateExtra).sort(([a], [b]) => (a < b ? -1 : 1));
  const headers: Header[] = [
    ['Impersonate-User', user.impersonate],
    ...(user.impersonateUid === '' ? [] : [['Impersonate-Uid', user.impersonateUid] as const]),
    ...user.impersonateGroups.map((group) => ['Impersonate-Group', group] as const),
    ...extra.flatMap(([key, values]) => values.map((value) => [`Impersonate-Extra-${escapedKey(key)}`, value] as const)),
  ];
  return headers.map(([name, value]) => [name, headerValue(value, name)] as const);
}

/** Percent-encodes what is no token character of RFC 7230, and '%' itself. */
export function escapedKey(key: string): string {
  return [...Buffer.from(key)]
    .map((byte) => {
      const letter = String.fromCharCode(byte);
      return /[!#$&'*+.^_`|~0-9A-Za-z-]/.test(letter) ? letter : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
    })
    .join('');
}

/** Go sends the UTF-8 bytes of a value; Node wants each byte as one character. Neither sends control characters. */
function headerValue(value: string, what: string): string {
  if (/[\u0000-\u0008\u000a-\u001f\u007f]/.test(value))
    throw new KubeconfigError(`${what} holds a line break or another control character`);
  return Buffer.from(value, 'utf8').toString('latin1');
}

async function tlsOf(chosen: Chosen, machine: Machine): Promise<{ readonly tls: TlsMaterial; readonly ca: Buffer }> {
  const { cluster } = chosen;
  const ca = await caOf(chosen, machine);
  const { trusted, own } = ca;
  const tls: TlsMaterial = {
    rejectUnauthorized: !cluster.insecureSkipTlsVerify,
    ...(trusted === null ? {} : { ca: trusted }),
    ...(cluster.tlsServerName === '' ? {} : { servername: cluster.tlsServerName }),
    ...(await certificateOf(chosen, machine)),
  };
  return { tls, ca: own };
}
