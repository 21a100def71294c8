import { rootCertificates } from 'node:tls';
import type { Chosen } from './kubeconfig-choose.ts';
import { KubeconfigError } from './kubeconfig-error.ts';
import { type Machine, whyUnread } from './kubeconfig-machine.ts';

const nothing = Buffer.alloc(0);

/** The authorities to trust (null: Node's own) and, of these, what the kubeconfig itself gave. */
export async function caOf(
  { cluster, clusterName }: Chosen,
  machine: Machine,
): Promise<{ readonly trusted: Buffer | null; readonly own: Buffer }> {
  const of = `for cluster ${JSON.stringify(clusterName)}`;
  const { certificateAuthority: file, certificateAuthorityData: data } = cluster;
  const own = data.length > 0 ? data : file === '' ? nothing : await fileOf(file, 'certificate-authority', of, machine);
  if (file === '' && data.length === 0) return { trusted: cluster.insecureSkipTlsVerify ? null : await systemRoots(machine), own };
  if (!isPem(own, 'CERTIFICATE'))
    throw new KubeconfigError(`certificate-authority${file === '' ? '-data' : ` ${file}`} ${of} holds no PEM certificate`);
  return { trusted: own, own };
}

/** The client certificate and its key, when the user has one. */
export async function certificateOf(
  { user, userName }: Chosen,
  machine: Machine,
): Promise<{ readonly cert?: Buffer; readonly key?: Buffer }> {
  const of = `for user ${JSON.stringify(userName)}`;
  if (user.clientCertificate === '' && user.clientCertificateData.length === 0) return {};
  const read = async (data: Buffer, file: string, what: string) => (data.length > 0 ? data : fileOf(file, what, of, machine));
  const cert = await read(user.clientCertificateData, user.clientCertificate, 'client-certificate');
  const key = await read(user.clientKeyData, user.clientKey, 'client-key');
  if (!isPem(cert, 'CERTIFICATE')) throw new KubeconfigError(`client-certificate ${of} holds no PEM certificate`);
  if (!isPem(key, 'PRIVATE KEY')) throw new KubeconfigError(`client-key ${of} holds no PEM private key`);
  return { cert, key };
}

function isPem(bytes: Buffer, what: string): boolean {
  return new RegExp(`^-----BEGIN [A-Z0-9 ]*${what}-----`, 'm').test(bytes.toString('latin1'));
}

async function fileOf(path: string, what: string, of: string, machine: Machine): Promise<Buffer> {
  try {
    return await machine.readFile(path);
  } catch (error) {
    throw new KubeconfigError(`unable to read ${what} ${path} ${of}: ${whyUnread(error)}`, { cause: error });
  }
}

// Where Go looks for the system's authorities: crypto/x509/root_linux.go certFiles
const bundles = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
  '/etc/pki/tls/cacert.pem',
  '/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem',
  '/etc/ssl/cert.pem',
];

/** What kubectl trusts when the kubeconfig names no authority: the system's, to which Node's are added; null when the system has none. */
async function systemRoots(machine: Machine): Promise<Buffer | null> {
  const { SSL_CERT_FILE, NODE_EXTRA_CA_CERTS } = machine.env;
  const found = await firstReadable(SSL_CERT_FILE ? [SSL_CERT_FILE] : bundles, machine);
  if (found === null) return null;
  // Node adds NODE_EXTRA_CA_CERTS only to its own authorities, which an explicit list replaces.
  const extra = NODE_EXTRA_CA_CERTS ? await firstReadable([NODE_EXTRA_CA_CERTS], machine) : null;
  return Buffer.concat([found, Buffer.from('\n'), extra ?? nothing, Buffer.from(`\n${rootCertificates.join('\n')}\n`)]);
}

async function firstReadable(paths: readonly string[], machine: Machine): Promise<Buffer | null> {
  for (const path of paths) {
    const bytes = await machine.readFile(path).catch(() => null);
    if (bytes !== null) return bytes;
  }
  return null;
}
