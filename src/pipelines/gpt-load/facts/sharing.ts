import { grouped } from '../../../parse/grouped.ts';
import type { Instance } from './instances.ts';

/** Instances of one database, which all show the same counters: followers beside their master, replicas of one workload. */
export function sharing(all: readonly Instance[]): readonly (readonly Instance[])[] {
  return [...grouped(all, databaseKey).values()];
}

function databaseKey({ pod, workload, database, key }: Instance): string {
  if (database.kind === 'server') return `${pod.namespace} ${database.key}`;
  if (database.kind === 'unknown') return workload === null ? key : workload.subject;
  return key;
}
