import { type ClusterEntry, type ContextEntry, type Kubeconfig, noCluster, noContext, noUser, type UserEntry } from './kubeconfig-entry.ts';
import { KubeconfigError } from './kubeconfig-error.ts';
import { suggestion } from './kubeconfig-near.ts';

/** kubectl's connection flags, as commander names them. */
export interface ClusterFlags {
  readonly kubeconfig?: string | undefined;
  readonly context?: string | undefined;
  readonly cluster?: string | undefined;
  readonly user?: string | undefined;
  readonly namespace?: string | undefined;
  readonly server?: string | undefined;
  readonly token?: string | undefined;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  readonly as?: string | undefined;
  readonly asGroup?: readonly string[] | undefined;
  readonly asUid?: string | undefined;
  readonly certificateAuthority?: string | undefined;
  readonly clientCertificate?: string | undefined;
  readonly clientKey?: string | undefined;
  readonly insecureSkipTlsVerify?: boolean | undefined;
  readonly tlsServerName?: string | undefined;
}

/** The entries that a connection is made of, flags laid over them. */
export interface Chosen {
  /** null when no context was used. */
  readonly contextName: string | null;
  readonly clusterName: string;
  readonly userName: string;
  readonly namespace: string;
  readonly cluster: ClusterEntry;
  readonly user: UserEntry;
}

/** What kubectl would use. kubernetes/client-go tools/clientcmd/client_config.go getContext, getCluster, getAuthInfo */
export function choose(config: Kubeconfig, flags: ClusterFlags): Chosen {
  const contextName = flags.context || config.currentContext;
  const context = contextOf(config, flags, contextName);
  const clusterName = flags.cluster || context.cluster;
  const userName = flags.user || context.user;
  return {
    contextName: contextName === '' ? null : contextName,
    clusterName,
    userName,
    namespace: flags.namespace || context.namespace,
    cluster: overCluster(clusterOf(config, flags, contextName, clusterName), flags),
    user: overUser(userOf(config, flags, contextName, userName), flags),
  };
}

function contextOf(config: Kubeconfig, flags: ClusterFlags, name: string): ContextEntry {
  const found = config.contexts.get(name);
  if (found !== undefined) return found;
  const others = suggestion(name, [...config.contexts.keys()]);
  if (flags.context) throw new KubeconfigError(`context ${JSON.stringify(name)} does not exist${others}`);
  if (name !== '') throw new KubeconfigError(`current-context ${JSON.stringify(name)} does not exist${others}`);
  return noContext;
}

function clusterOf(config: Kubeconfig, flags: ClusterFlags, context: string, name: string): ClusterEntry {
  const found = config.clusters.get(name);
  if (found !== undefined) return found;
  const others = suggestion(name, [...config.clusters.keys()]);
  if (flags.cluster) throw new KubeconfigError(`cluster ${JSON.stringify(name)} does not exist${others}`);
  if (flags.server || context === '') return noCluster;
  if (name === '') throw new KubeconfigError(`cluster was not specified for context ${JSON.stringify(context)}`);
  throw new KubeconfigError(`cluster ${JSON.stringify(name)} was not found for context ${JSON.stringify(context)}${others}`);
}

function userOf(config: Kubeconfig, flags: ClusterFlags, context: string, name: string): UserEntry {
  const found = config.users.get(name);
  if (found !== undefined) return found;
  const others = suggestion(name, [...config.users.keys()]);
  if (flags.user) throw new KubeconfigError(`user ${JSON.stringify(name)} does not exist${others}`);
  if (name === '' || flags.token || flags.username || flags.clientCertificate) return noUser;
  throw new KubeconfigError(`user ${JSON.stringify(name)} was not found for context ${JSON.stringify(context)}${others}`);
}

function overCluster(entry: ClusterEntry, flags: ClusterFlags): ClusterEntry {
  const trust = flags.insecureSkipTlsVerify === true || Boolean(flags.certificateAuthority);
  return {
    ...entry,
    server: flags.server || entry.server,
    // --server clears the name that belongs to the kubeconfig's server, unless --tls-server-name gives one.
    tlsServerName: flags.tlsServerName || (flags.server ? '' : entry.tlsServerName),
    insecureSkipTlsVerify: trust ? flags.insecureSkipTlsVerify === true : entry.insecureSkipTlsVerify,
    certificateAuthority: trust ? (flags.certificateAuthority ?? '') : entry.certificateAuthority,
    certificateAuthorityData: trust ? noCluster.certificateAuthorityData : entry.certificateAuthorityData,
  };
}

function overUser(entry: UserEntry, flags: ClusterFlags): UserEntry {
  const { clientCertificateData, clientKeyData } = noUser;
  return {
    ...entry,
    ...(flags.clientCertificate ? { clientCertificate: flags.clientCertificate, clientCertificateData } : {}),
    ...(flags.clientKey ? { clientKey: flags.clientKey, clientKeyData } : {}),
    username: flags.username || entry.username,
    password: flags.password || entry.password,
    ...(flags.token ? { token: flags.token, tokenFile: '', username: '', password: '' } : {}),
    impersonate: flags.as || entry.impersonate,
    impersonateUid: flags.asUid || entry.impersonateUid,
    impersonateGroups: flags.asGroup !== undefined && flags.asGroup.length > 0 ? flags.asGroup : entry.impersonateGroups,
  };
}
