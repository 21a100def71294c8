import { ReadError } from '../model/source.ts';

/** Who was being connected to. */
export interface Peer {
  readonly role: 'server' | 'proxy';
  /** Without a password: "https://10.0.0.1:6443". */
  readonly name: string;
  readonly host: string;
}

/** What became of a connection, as a sentence. Knows the codes of node:net, node:dns, node:tls and OpenSSL; a ReadError stays itself. */
export function socketTrouble(error: unknown, peer: Peer): ReadError {
  if (error instanceof ReadError) return error;
  const code = codeOf(error);
  const name = peer.role === 'proxy' ? `proxy ${peer.name}` : peer.name;
  const reason = code === 'ETIMEDOUT' ? 'timeout' : 'unreachable';
  const message = sentences[code]?.(name, peer, error) ?? otherwise(name, error, code);
  return new ReadError(reason, `connect to ${peer.name}`, message, { cause: error });
}

/** What an aborted connection is called: out of time, or interrupted by whoever aborted it. */
export function interrupted(reason: unknown, peer: Peer, timeoutMs: number): ReadError {
  if (reason instanceof ReadError) return reason;
  const what = `connect to ${peer.name}`;
  if (reason instanceof Error && reason.name === 'TimeoutError')
    return new ReadError('timeout', what, `${peer.name} did not answer within ${timeoutMs / 1000} s`, { cause: reason });
  return new ReadError('interrupted', what, `the connection to ${peer.name} was interrupted`, { cause: reason });
}

type Sentence = (name: string, peer: Peer, error: unknown) => string;

const unknownAuthority: Sentence = (name) =>
  `the certificate of ${name} is signed by an unknown authority: --certificate-authority (or certificate-authority in the kubeconfig) must name the CA that signed it`;
const selfSigned: Sentence = (name) =>
  `the certificate of ${name} is self-signed and not trusted: --certificate-authority must name it or its CA`;
const plainText: Sentence = (name, peer) =>
  `${name} does not speak TLS: it seems to be a plain http port${peer.role === 'server' ? ', or something between answers in its place' : ''}`;
const versions: Sentence = (name) => `${name} speaks no TLS version that this program accepts (1.2 or 1.3)`;
const clientRefused: Sentence = (name) =>
  `${name} refuses the client certificate: it is missing, expired or signed by a CA that the server does not know`;
const reset: Sentence = (name) =>
  `${name} closed the connection before it was ready: a firewall, a load balancer without backends, or no TLS there`;
const noRoute: Sentence = (name) => `there is no route to ${name} from this machine: a VPN or a proxy may be missing`;
const badPem: Sentence = () => 'the client certificate or its key is not PEM that OpenSSL can read';

const sentences: Readonly<Record<string, Sentence>> = {
  ECONNREFUSED: (name) => `${name} refused the connection: nothing listens there`,
  ENOTFOUND: (name, peer) => `the host name ${JSON.stringify(peer.host)} of ${name} does not exist in DNS`,
  EAI_AGAIN: (name, peer) => `DNS did not answer for ${JSON.stringify(peer.host)} of ${name}`,
  ETIMEDOUT: (name) => `${name} did not answer`,
  EHOSTUNREACH: noRoute,
  ENETUNREACH: noRoute,
  EADDRNOTAVAIL: noRoute,
  ECONNRESET: reset,
  EPIPE: reset,
  CLOSED: reset,
  DEPTH_ZERO_SELF_SIGNED_CERT: selfSigned,
  SELF_SIGNED_CERT_IN_CHAIN: unknownAuthority,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: unknownAuthority,
  UNABLE_TO_GET_ISSUER_CERT: unknownAuthority,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: unknownAuthority,
  CERT_SIGNATURE_FAILURE: unknownAuthority,
  CERT_HAS_EXPIRED: (name) => `the certificate of ${name} has expired (or the clock of this machine is wrong)`,
  CERT_NOT_YET_VALID: (name) => `the certificate of ${name} is not valid yet (or the clock of this machine is wrong)`,
  ERR_TLS_CERT_ALTNAME_INVALID: (name, _, error) =>
    `the certificate of ${name} is for ${altNames(error)}: --server must use such a name, or --tls-server-name name one`,
  ERR_SSL_WRONG_VERSION_NUMBER: plainText,
  ERR_SSL_PACKET_LENGTH_TOO_LONG: plainText,
  ERR_SSL_HTTP_REQUEST: plainText,
  ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION: versions,
  ERR_SSL_UNSUPPORTED_PROTOCOL: versions,
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: clientRefused,
  ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE: clientRefused,
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED: clientRefused,
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_UNKNOWN: clientRefused,
  ERR_SSL_TLSV1_ALERT_UNKNOWN_CA: clientRefused,
  ERR_OSSL_X509_KEY_VALUES_MISMATCH: () => 'the client key does not belong to the client certificate',
  ERR_OSSL_PEM_NO_START_LINE: badPem,
  ERR_OSSL_UNSUPPORTED: badPem,
  ERR_MISSING_PASSPHRASE: () => 'the client key is encrypted: a kubeconfig can only use one without a passphrase',
};

function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return '';
  if ('code' in error && typeof error.code === 'string') return error.code;
  return error.message === 'closed' ? 'CLOSED' : '';
}

function altNames(error: unknown): string {
  const certificate = error instanceof Error && 'cert' in error ? error.cert : null;
  const names =
    typeof certificate === 'object' && certificate !== null && 'subjectaltname' in certificate ? certificate.subjectaltname : null;
  return typeof names === 'string' ? names.replace(/(DNS|IP Address):/g, '') : 'another host';
}

function otherwise(name: string, error: unknown, code: string): string {
  const said = error instanceof Error && error.message !== '' ? error.message : String(error);
  // OpenSSL's texts carry a thread id and a source line of no use to the reader.
  const brief = said
    .replace(/^.*:error:[0-9A-F]+:/, '')
    .split(':')
    .slice(0, 2)
    .join(': ')
    .trim();
  return `${name} cannot be connected to: ${code.startsWith('ERR_SSL') ? brief : said.trim()}`;
}
