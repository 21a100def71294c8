import type { Workload } from '../../../facts/workloads.ts';
import { list, record, records, text } from '../../../parse/fields.ts';
import { withoutEndSlashes } from '../../../parse/slashes.ts';
import { defaultDatabase, workDirectory } from '../names.ts';
import { isProgram } from './environment.ts';

/** Where the request log is kept that the counters are summed over. */
export type Database =
  | {
      readonly kind: 'sqlite';
      /** Absolute path of the file in the container. */
      readonly path: string;
      /** What the path is on: a volume that outlives the pod, one that goes with the pod, or the container itself. */
      readonly on: 'volume' | 'emptyDir' | 'container';
    }
  /** MySQL or PostgreSQL; equal keys are one database. */
  | { readonly kind: 'server'; readonly key: string }
  /** The environment comes from objects that are not read. */
  | { readonly kind: 'unknown' };

type Fields = Readonly<Record<string, unknown>>;

/** The database of a pod's container, from its environment and mounts; no value of a Secret is read. */
export function databaseOf(spec: Fields, container: Fields): Database {
  const entry = records(container.env).find(({ name }) => name === 'DATABASE_DSN');
  const value = text(entry?.value);
  if (entry !== undefined && value === null) return { kind: 'server', key: JSON.stringify(entry.valueFrom ?? null) };
  if (value !== null && value !== '' && isServer(value)) return { kind: 'server', key: value };
  if (entry === undefined && list(container.envFrom).length > 0) return { kind: 'unknown' };
  // The next major version keeps its file in DATA_DIR: Dockerfile of the branch v2.
  const folder = text(records(container.env).find(({ name }) => name === 'DATA_DIR')?.value);
  const path = absolute(value || (folder ? `${folder}/gpt-load.db` : defaultDatabase));
  return { kind: 'sqlite', path, on: mediumOf(path, spec, container) };
}

/** The database of the pods that a workload will have; null: no container of it runs the program. */
export function templateDatabase({ raw, containers }: Workload): Database | null {
  const spec = record(raw.spec);
  const template = record(record(spec.template).spec);
  const program = containers.find(isProgram);
  if (program === undefined) return null;
  const claims = records(spec.volumeClaimTemplates).map(({ metadata }) => ({ name: record(metadata).name, persistentVolumeClaim: {} }));
  const container = records(template.containers).find(({ name }) => name === program.name) ?? {};
  return databaseOf({ ...template, volumes: [...records(template.volumes), ...claims] }, container);
}

/** internal/db/database.go: postgres by its scheme, mysql by "@tcp"; anything else is a file. A masked value is a secret, which a file name is not. */
function isServer(dsn: string): boolean {
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(dsn) || /@(tcp|unix)\(/.test(dsn) || /\bhost=/.test(dsn) || /^(\*\*\*|<secret>)/.test(dsn);
}

function absolute(path: string): string {
  return path.startsWith('/') ? path : `${workDirectory}/${path.replace(/^(\.\/)+/, '')}`;
}

function mediumOf(path: string, spec: Fields, container: Fields): 'volume' | 'emptyDir' | 'container' {
  const mounts = records(container.volumeMounts).map((mount) => ({ name: text(mount.name) ?? '', at: text(mount.mountPath) ?? '' }));
  const volumes = records(spec.volumes);
  const keeps = (name: string): boolean => volumes.some((volume) => volume.name === name && isKept(volume));
  const holding = mounts
    .filter(({ at }) => path === at || path.startsWith(`${withoutEndSlashes(at)}/`))
    .sort((a, b) => b.at.length - a.at.length)[0];
  // An image with another working directory keeps its file elsewhere: a claim that is mounted is there for something.
  if (holding === undefined) return mounts.some(({ name }) => keeps(name)) ? 'volume' : 'container';
  return keeps(holding.name) ? 'volume' : 'emptyDir';
}

/** Everything but what ends with the pod or cannot be written. A claim template of a StatefulSet is a claim in its pods. */
function isKept(volume: Fields): boolean {
  return !['emptyDir', 'ephemeral', 'configMap', 'secret', 'downwardAPI', 'projected'].some((kind) => kind in record(volume));
}
