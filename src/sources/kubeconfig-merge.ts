import { dirname, isAbsolute, join, resolve, sep } from 'node:path';
import type { ClusterEntry, Kubeconfig, UserEntry } from './kubeconfig-entry.ts';

/** A kubeconfig and the file it came from, which its relative paths start at. */
export interface KubeconfigFile {
  readonly path: string;
  readonly config: Kubeconfig;
}

/** kubectl's merge: the first file that has an entry of a name, or a current-context, wins it whole. kubernetes/client-go tools/clientcmd/loader.go Load */
export function mergeKubeconfigs(files: readonly KubeconfigFile[]): Kubeconfig {
  const anchored = files.map(({ path, config }) => fromFolder(config, dirname(resolve(path))));
  return {
    currentContext: anchored.find((config) => config.currentContext !== '')?.currentContext ?? '',
    contexts: firstOf(anchored.map((config) => config.contexts)),
    clusters: firstOf(anchored.map((config) => config.clusters)),
    users: firstOf(anchored.map((config) => config.users)),
  };
}

function firstOf<T>(maps: readonly ReadonlyMap<string, T>[]): ReadonlyMap<string, T> {
  return new Map(maps.toReversed().flatMap((map) => [...map]));
}

function fromFolder(config: Kubeconfig, folder: string): Kubeconfig {
  const path = (reference: string) => (reference === '' || isAbsolute(reference) ? reference : join(folder, reference));
  const cluster = (entry: ClusterEntry): ClusterEntry => ({ ...entry, certificateAuthority: path(entry.certificateAuthority) });
  const user = (entry: UserEntry): UserEntry => ({
    ...entry,
    clientCertificate: path(entry.clientCertificate),
    clientKey: path(entry.clientKey),
    tokenFile: path(entry.tokenFile),
    // A command without a separator is looked for in PATH: loader.go GetAuthInfoFileReferences
    exec:
      entry.exec === null
        ? null
        : { ...entry.exec, command: entry.exec.command.includes(sep) ? path(entry.exec.command) : entry.exec.command },
  });
  return { ...config, clusters: mapped(config.clusters, cluster), users: mapped(config.users, user) };
}

function mapped<T>(map: ReadonlyMap<string, T>, change: (value: T) => T): ReadonlyMap<string, T> {
  return new Map([...map].map(([name, value]) => [name, change(value)]));
}
