import { isIPv6 } from 'node:net';
import { join } from 'node:path';
import type { Chosen, ClusterFlags } from './kubeconfig-choose.ts';
import { noCluster, noUser } from './kubeconfig-entry.ts';
import type { Machine } from './kubeconfig-machine.ts';

/** What a pod's service account gives; null outside a pod. kubernetes/client-go rest/config.go InClusterConfig, tools/clientcmd/client_config.go inClusterClientConfig */
export async function inCluster(flags: ClusterFlags, machine: Machine): Promise<Chosen | null> {
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port } = machine.env;
  const tokenFile = join(machine.serviceAccount, 'token');
  if (!host || !port || !(await readable(tokenFile, machine))) return null;
  const ca = join(machine.serviceAccount, 'ca.crt');
  const found = (await readable(ca, machine)) ? ca : '';
  const { token = '', insecureSkipTlsVerify = false } = flags;
  return {
    contextName: null,
    clusterName: 'in-cluster',
    userName: 'service account',
    namespace: flags.namespace || (await podNamespace(machine)),
    cluster: {
      ...noCluster,
      server: `https://${isIPv6(host) ? `[${host}]` : host}:${port}`,
      certificateAuthority: flags.certificateAuthority || (insecureSkipTlsVerify ? '' : found),
      insecureSkipTlsVerify,
      tlsServerName: flags.tlsServerName ?? '',
    },
    user: {
      ...noUser,
      token,
      tokenFile: token === '' ? tokenFile : '',
      impersonate: flags.as ?? '',
      impersonateUid: flags.asUid ?? '',
      impersonateGroups: flags.asGroup ?? [],
    },
  };
}

/** The namespace that this pod runs in; '' outside a pod. */
export async function podNamespace(machine: Machine): Promise<string> {
  if (!machine.env.KUBERNETES_SERVICE_HOST || !machine.env.KUBERNETES_SERVICE_PORT) return '';
  if (machine.env.POD_NAMESPACE) return machine.env.POD_NAMESPACE;
  const read = await machine.readFile(join(machine.serviceAccount, 'namespace')).catch(() => null);
  return read?.toString('utf8').trim() ?? '';
}

async function readable(path: string, machine: Machine): Promise<boolean> {
  return machine.readFile(path).then(
    () => true,
    () => false,
  );
}
