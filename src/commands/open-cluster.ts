import { openCluster } from '../sources/cluster.ts';
import type { Connection } from '../sources/connection.ts';
import { KubeconfigError, resolveConnection } from '../sources/kubeconfig.ts';
import { proxyFromEnvironment } from '../sources/proxy.ts';
import type { ConnectionFlags } from './flags.ts';
import type { Opened } from './open.ts';
import { oneOf } from './plan.ts';
import type { Run } from './run.ts';
import type { Shell } from './shell.ts';
import { UsageError } from './usage-error.ts';
import { milliseconds } from './values.ts';

/** Opens the cluster that kubectl would have talked to. Throws ReadError when it does not answer. */
export async function openedCluster(flags: ConnectionFlags, shell: Shell, run: Pick<Run, 'signal'>): Promise<Opened> {
  const via = oneOf('--via', flags.via, ['auto', 'port-forward', 'proxy', 'direct']);
  const requestTimeoutMs = milliseconds('--request-timeout', flags.requestTimeout);
  const connection = await connectionOf(flags, shell);
  const source = await openCluster(connection, {
    requestTimeoutMs,
    via,
    version: shell.version,
    signal: run.signal,
    proxyFor: (url) => proxyFromEnvironment(url, shell.environment),
  });
  return { source, close: () => source.close() };
}

async function connectionOf(flags: ConnectionFlags, shell: Shell): Promise<Connection> {
  try {
    return await resolveConnection(flags, shell.environment);
  } catch (error) {
    throw error instanceof KubeconfigError ? new UsageError(error.message, { cause: error }) : error;
  }
}
