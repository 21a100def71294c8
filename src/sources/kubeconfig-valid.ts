import type { Chosen } from './kubeconfig-choose.ts';
import type { ClusterEntry, ExecEntry, UserEntry } from './kubeconfig-entry.ts';

/** Why this cluster and user cannot be used together, in kubectl's words. kubernetes/client-go tools/clientcmd/validation.go */
export function faultsOf({ clusterName, cluster, userName, user }: Chosen): readonly string[] {
  return [...clusterFaults(clusterName, cluster), ...userFaults(userName, user)];
}

function clusterFaults(name: string, cluster: ClusterEntry): readonly string[] {
  const trusted = cluster.certificateAuthority !== '' || cluster.certificateAuthorityData.length > 0;
  return [
    ...when(cluster.server === '', `no server found for cluster ${JSON.stringify(name)}`),
    ...when(
      cluster.certificateAuthority !== '' && cluster.certificateAuthorityData.length > 0,
      `certificate-authority-data and certificate-authority are both specified for cluster ${JSON.stringify(name)}: keep one`,
    ),
    // kubernetes/client-go transport/transport.go TLSConfigFor
    ...when(
      trusted && cluster.insecureSkipTlsVerify,
      `cluster ${JSON.stringify(name)} has a certificate-authority and insecure-skip-tls-verify: keep one`,
    ),
  ];
}

function userFaults(name: string, user: UserEntry): readonly string[] {
  const basic = user.username !== '' || user.password !== '';
  const tokens = user.token !== '' || user.tokenFile !== '';
  const impersonates = user.impersonateUid !== '' || user.impersonateGroups.length > 0 || Object.keys(user.impersonateExtra).length > 0;
  const quoted = JSON.stringify(name);
  return [
    ...certificateFaults(quoted, user),
    ...(user.exec === null ? [] : execFaults(quoted, user.exec)),
    ...when(user.exec !== null && user.authProvider !== null, `auth-provider and exec are both specified for user ${quoted}: keep one`),
    ...when(basic && tokens, `more than one authentication method found for user ${quoted}: token and basicAuth, only one is allowed`),
    ...when(
      impersonates && user.impersonate === '',
      `requesting uid, groups or user-extra for user ${quoted} without impersonating a user (--as)`,
    ),
  ];
}

function certificateFaults(quoted: string, user: UserEntry): readonly string[] {
  if (user.clientCertificate === '' && user.clientCertificateData.length === 0) return [];
  const twice = (what: string, file: string, data: Buffer) =>
    when(file !== '' && data.length > 0, `${what}-data and ${what} are both specified for user ${quoted}: keep one`);
  return [
    ...twice('client-certificate', user.clientCertificate, user.clientCertificateData),
    ...twice('client-key', user.clientKey, user.clientKeyData),
    ...when(
      user.clientKey === '' && user.clientKeyData.length === 0,
      `client-key-data or client-key must be specified for user ${quoted} to use its client certificate`,
    ),
  ];
}

const versions = ['client.authentication.k8s.io/v1', 'client.authentication.k8s.io/v1beta1'];
const modes = ['Never', 'IfAvailable', 'Always'];

function execFaults(quoted: string, exec: ExecEntry): readonly string[] {
  const of = `of the exec plugin of user ${quoted}`;
  return [
    ...when(exec.command === '', `command ${of} must be specified`),
    ...when(
      exec.env.some(({ name }) => name === ''),
      `an env variable ${of} has no name`,
    ),
    ...when(exec.apiVersion === '', `apiVersion ${of} must be specified`),
    ...when(
      exec.apiVersion !== '' && !versions.includes(exec.apiVersion),
      `apiVersion ${of} is ${JSON.stringify(exec.apiVersion)}; known are ${versions.join(' and ')}`,
    ),
    ...when(exec.interactiveMode === '' && exec.apiVersion !== '', `interactiveMode ${of} must be specified: ${modes.join(', ')}`),
    ...when(
      exec.interactiveMode !== '' && !modes.includes(exec.interactiveMode),
      `interactiveMode ${of} is ${JSON.stringify(exec.interactiveMode)}; known are ${modes.join(', ')}`,
    ),
  ];
}

function when(wrong: boolean, message: string): readonly string[] {
  return wrong ? [message] : [];
}
