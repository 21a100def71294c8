import type { Source } from '../model/source.ts';
import { openCluster } from '../sources/cluster.ts';
import { resolveConnection } from '../sources/kubeconfig.ts';
import type { ConnectionFlags } from './flags.ts';
import { oneOf } from './plan.ts';
import type { Run } from './run.ts';
import type { Shell } from './shell.ts';
import { milliseconds } from './values.ts';

export interface Opened {
  readonly source: Source;
  close(): Promise<void>;
}

/** Opens the cluster that kubectl would have talked to. Throws ReadError when it does not answer. */
export async function open(flags: ConnectionFlags, shell: Shell, run: Pick<Run, 'signal'>): Promise<Opened> {
  const via = oneOf('--via', flags.via, ['auto', 'port-forward', 'proxy', 'direct']);
  const requestTimeoutMs = milliseconds('--request-timeout', flags.requestTimeout);
  const connection = await resolveConnection(flags, shell.environment);
  const source = await openCluster(connection, { requestTimeoutMs, via, version: shell.version, signal: run.signal });
  return { source, close: () => source.close() };
}
