import type { Options } from '../model/fact.ts';
import type { Report } from '../model/report.ts';
import type { Source } from '../model/source.ts';
import { openCluster } from '../sources/cluster.ts';
import type { Connection } from '../sources/connection.ts';
import { KubeconfigError, resolveConnection } from '../sources/kubeconfig.ts';
import { proxyFromEnvironment } from '../sources/proxy.ts';
import { replay } from '../sources/replay.ts';
import { bundleIn } from './bundle.ts';
import type { ConnectionFlags, RunFlags } from './flags.ts';
import { oneOf } from './plan.ts';
import type { Run } from './run.ts';
import type { Shell } from './shell.ts';
import { UsageError } from './usage-error.ts';
import { milliseconds } from './values.ts';

export interface Opened {
  readonly source: Source;
  /** What a recording was asked to look at. */
  readonly options?: Options;
  /** How a source that is more than itself is judged: manifests alone, or over a cluster. */
  readonly through?: (look: (source: Source) => Promise<Report>) => Promise<Report>;
  close(): Promise<void>;
}

/** Opens the bundle of --from, or the cluster that kubectl would have talked to. Throws ReadError when it does not answer. */
export async function open(flags: ConnectionFlags & Pick<RunFlags, 'from'>, shell: Shell, run: Pick<Run, 'signal'>): Promise<Opened> {
  return flags.from === undefined ? openedCluster(flags, shell, run) : openedBundle(flags.from, flags);
}

async function openedBundle(file: string, flags: ConnectionFlags): Promise<Opened> {
  const named = (['kubeconfig', 'context', 'cluster', 'server'] as const).find((name) => flags[name] !== undefined);
  if (named !== undefined) throw new UsageError(`--from reads a bundle and --${named} names a cluster; give one of them`);
  const { snapshot, options } = await bundleIn(file);
  return { source: replay(snapshot), options, close: () => Promise.resolve() };
}

async function openedCluster(flags: ConnectionFlags, shell: Shell, run: Pick<Run, 'signal'>): Promise<Opened> {
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
