import { defineCheck, type Finding, verdict } from '../../../model/check.ts';
import { number, record } from '../../../parse/fields.ts';
import { type Instance, instances } from '../facts/instances.ts';
import { kubectlName } from '../phrases.ts';

/** A request log that ends with the pod, or that each replica has for itself. */
export const storageUnsound = defineCheck({
  id: 'storage-unsound',
  title: 'the request log outlives its pods and is one',
  hop: 'configure',
  severity: 'error',
  why: 'Counters that are sums over a request log are only as lasting as the log. When the pod goes, or another replica with a log of its own answers, tokens that were counted are gone from every sum.',
  fix: 'Mount a PersistentVolumeClaim at the directory of the database file, and set DATABASE_DSN to a MySQL or PostgreSQL before running more than one replica.',
  needs: { instances },
  judge: ({ instances }) => {
    if (instances.read.length === 0 && instances.unread.length === 0) return { status: 'skip', because: 'no pod runs' };
    const byWorkload = new Map(instances.read.map((instance) => [instance.workload?.subject ?? instance.subject, instance]));
    const all = [...byWorkload.values()].flatMap((instance) => findingsOf(instance, instances.read));
    return verdict(all, instances.unread);
  },
});

function findingsOf(instance: Instance, all: readonly Instance[]): readonly Finding[] {
  const { workload, database } = instance;
  if (database.kind !== 'sqlite') return [];
  const peers = workload === null ? [instance] : all.filter((other) => other.workload?.subject === workload.subject);
  const replicas = workload === null ? 1 : (number(record(workload.raw.spec).replicas) ?? peers.length);
  if (replicas > 1) return [divided(instance, peers, { replicas, path: database.path })];
  return database.on === 'volume' ? [] : [fleeting(instance, peers, database)];
}

function divided(
  { subject, pod, workload }: Instance,
  peers: readonly Instance[],
  { replicas, path }: { readonly replicas: number; readonly path: string },
): Finding {
  return {
    subject: workload?.subject ?? subject,
    message: `${replicas} replicas keep their request logs in an SQLite file (${path}): groups, keys and counters are not the same in each, or they damage one file`,
    evidence: {
      saw: `replicas ${replicas}, DATABASE_DSN names no database server`,
      run: `kubectl -n ${pod.namespace} get ${kubectlName(workload, pod)} -o yaml | grep -E 'replicas:|DATABASE_DSN'`,
    },
    remedy: {
      text: 'run one replica, or set DATABASE_DSN to a MySQL or PostgreSQL and REDIS_DSN to a Redis that all replicas share',
      command: `kubectl -n ${pod.namespace} scale ${kubectlName(workload, pod)} --replicas=1`,
    },
    about: peers.map(({ key }) => key),
  };
}

function fleeting(
  { subject, pod, workload }: Instance,
  peers: readonly Instance[],
  { path, on }: { readonly path: string; readonly on: string },
): Finding {
  const where = on === 'emptyDir' ? 'on a volume that goes with the pod' : 'in the container itself, on no volume';
  return {
    subject: workload?.subject ?? subject,
    message: `the request log is an SQLite file (${path}) ${where}: the next pod begins to count at zero`,
    evidence: {
      saw: on === 'emptyDir' ? `a mount that holds ${path} and is no PersistentVolumeClaim` : `no volume mounted where ${path} is`,
      run: `kubectl -n ${pod.namespace} get ${kubectlName(workload, pod)} -o yaml | grep -A20 -E 'volumes:|volumeMounts:'`,
    },
    remedy: { text: `mount a PersistentVolumeClaim at ${path.slice(0, path.lastIndexOf('/')) || '/'}` },
    severity: 'warning',
    about: peers.map(({ key }) => key),
  };
}
