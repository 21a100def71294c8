import type { Options } from '../model/fact.ts';
import type { Report } from '../model/report.ts';
import type { Source } from '../model/source.ts';
import { replay } from '../sources/replay.ts';
import { bundleIn } from './bundle.ts';
import type { ConnectionFlags, RunFlags } from './flags.ts';
import type { Run } from './run.ts';
import type { Shell } from './shell.ts';
import { UsageError } from './usage-error.ts';

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
  if (flags.from !== undefined) return openedBundle(flags.from, flags);
  // A bundle needs no network.
  const { openedCluster } = await import('./open-cluster.ts');
  return openedCluster(flags, shell, run);
}

async function openedBundle(file: string, flags: ConnectionFlags): Promise<Opened> {
  const named = (['kubeconfig', 'context', 'cluster', 'server'] as const).find((name) => flags[name] !== undefined);
  if (named !== undefined) throw new UsageError(`--from reads a bundle and --${named} names a cluster; give one of them`);
  const { snapshot, options } = await bundleIn(file);
  return { source: replay(snapshot), options, close: () => Promise.resolve() };
}
