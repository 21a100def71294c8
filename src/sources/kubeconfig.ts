import { ReadError } from '../model/source.ts';
import type { Connection } from './connection.ts';
import { credentialsOf } from './credentials.ts';
import { type Chosen, type ClusterFlags, choose } from './kubeconfig-choose.ts';
import type { Kubeconfig } from './kubeconfig-entry.ts';
import { KubeconfigError, visible } from './kubeconfig-error.ts';
import { pathsOf, readKubeconfigs } from './kubeconfig-files.ts';
import { inCluster, podNamespace } from './kubeconfig-in-cluster.ts';
import { type Machine, thisMachine } from './kubeconfig-machine.ts';
import { mergeKubeconfigs } from './kubeconfig-merge.ts';
import { faultsOf } from './kubeconfig-valid.ts';
import { proxyFromEnvironment, proxyOf } from './proxy.ts';

export type { ClusterFlags } from './kubeconfig-choose.ts';
export { KubeconfigError } from './kubeconfig-error.ts';
export type { Machine } from './kubeconfig-machine.ts';

/** The API server that kubectl would talk to, with the same flags and environment. Throws KubeconfigError when they are wrong, ReadError when there is no cluster to talk to. */
export async function resolveConnection(
  flags: ClusterFlags,
  env: Machine['env'],
  machine: Machine = thisMachine(env),
): Promise<Connection> {
  const { paths, required } = pathsOf(flags.kubeconfig, machine);
  const files = await readKubeconfigs(paths, required, machine);
  const config = mergeKubeconfigs(files);
  const chosen = choose(config, flags);
  if (chosen.cluster.server !== '' || chosen.contextName !== null || flags.cluster) {
    return connectionOf({ ...chosen, namespace: chosen.namespace || (await podNamespace(machine)) }, false, machine);
  }
  const pod = await inCluster(flags, machine);
  if (pod !== null) return connectionOf(pod, true, machine);
  if (machine.env.KUBERNETES_MASTER) {
    const cluster = { ...chosen.cluster, server: machine.env.KUBERNETES_MASTER };
    return connectionOf({ ...chosen, cluster }, false, machine);
  }
  throw nowhere(config, paths, files.length);
}

async function connectionOf(chosen: Chosen, inside: boolean, machine: Machine): Promise<Connection> {
  const [fault] = faultsOf(chosen);
  if (fault !== undefined) throw new KubeconfigError(fault);
  const server = serverOf(chosen);
  const proxy = proxyOf(chosen.cluster.proxyUrl, chosen.clusterName) ?? proxyFromEnvironment(server, machine.env);
  return {
    context: chosen.contextName,
    server,
    namespace: chosen.namespace || 'default',
    proxy,
    inCluster: inside,
    credentials: await credentialsOf(chosen, server, machine),
  };
}

/** kubernetes/client-go rest/url_utils.go DefaultServerURL: without a scheme it is http. */
function serverOf({ cluster, clusterName }: Chosen): URL {
  const text = /^[a-z][a-z0-9+.-]*:\/\//i.test(cluster.server) ? cluster.server : `http://${cluster.server}`;
  const wrong = (why: string) =>
    new KubeconfigError(`server ${JSON.stringify(cluster.server)} of cluster ${JSON.stringify(clusterName)} ${why}`);
  if (!URL.canParse(text)) throw wrong('is neither a URL nor a host:port pair');
  const url = new URL(text);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') throw wrong('must begin with https:// or http://');
  url.search = '';
  url.hash = '';
  return url;
}

/** Nothing names a cluster: says where it was looked for and what would help. */
function nowhere(config: Kubeconfig, paths: readonly string[], found: number): ReadError {
  const where = paths.join(', ');
  const contexts = [...config.contexts.keys()].sort();
  const why =
    found === 0
      ? `no kubeconfig at ${where === '' ? 'any path of KUBECONFIG' : where}: --kubeconfig FILE or KUBECONFIG names one`
      : contexts.length === 0
        ? `no context in ${where}`
        : `no current-context in ${where}: --context chooses one of ${contexts.slice(0, 12).join(', ')}`;
  return new ReadError('unreachable', 'find a cluster', visible(`no cluster to look at: ${why}; "tokmeter demo" needs none`));
}
