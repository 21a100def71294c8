import type { Workload } from '../../../facts/workloads.ts';
import { defineCheck, type Finding, verdict } from '../../../model/check.ts';
import { number, record } from '../../../parse/fields.ts';
import { shellWord } from '../../../parse/shell-word.ts';
import { type Database, templateDatabase } from '../facts/database.ts';
import { type Instance, instances } from '../facts/instances.ts';
import { kubectlName } from '../phrases.ts';

/** A request log that ends with the pod, or that each replica has for itself. */
export const storageUnsound = defineCheck({
  id: 'storage-unsound',
  title: 'the request log outlives its pods and is one',
  hop: 'configure',
  severity: 'error',
  inObjects: true,
  why: 'Counters that are sums over a request log are only as lasting as the log. When the pod goes, or another replica with a log of its own answers, tokens that were counted are gone from every sum.',
  fix: 'Mount a PersistentVolumeClaim at the directory of the database file, and set DATABASE_DSN to a MySQL or PostgreSQL before running more than one replica.',
  needs: { instances },
  judge: ({ instances }) => {
    const { read, unread, workloads } = instances;
    if (read.length === 0 && workloads.length === 0 && unread.length === 0) return { status: 'skip', because: 'no workload runs it' };
    const alone = read.filter(({ workload }) => workload === null).map((instance) => logOf(instance.subject, [instance], null));
    const owned = workloads.map((workload) => {
      const own = read.filter((instance) => instance.workload?.subject === workload.subject);
      return logOf(workload.subject, own, workload);
    });
    return verdict([...alone, ...owned].flatMap(findingsOf), unread);
  },
});

/** The request log of a workload: as its pods have it, or as they will have it. */
interface Log {
  readonly subject: string;
  readonly workload: Workload | null;
  readonly namespace: string;
  /** As kubectl takes it. */
  readonly target: string;
  readonly database: Database | null;
  readonly replicas: number;
  /** Keys of its pods; of itself while it has none. */
  readonly pods: readonly string[];
}

function logOf(subject: string, pods: readonly Instance[], workload: Workload | null): Log {
  const [first] = pods;
  const pod = first?.pod ?? { name: '', namespace: '' };
  return {
    subject,
    workload,
    namespace: workload?.namespace ?? pod.namespace,
    target: kubectlName(workload, pod),
    database: first?.database ?? (workload === null ? null : templateDatabase(workload)),
    replicas: workload === null ? 1 : (number(record(workload.raw.spec).replicas) ?? Math.max(1, pods.length)),
    pods: pods.length === 0 ? [`workload ${subject}`] : pods.map(({ key }) => key),
  };
}

function findingsOf(log: Log): readonly Finding[] {
  const { database, replicas } = log;
  if (database?.kind !== 'sqlite') return [];
  if (replicas > 1) return [divided(log, database)];
  return database.on === 'volume' ? [] : [fleeting(log, database)];
}

type Sqlite = Extract<Database, { kind: 'sqlite' }>;

function divided({ subject, workload, namespace, target, replicas, pods }: Log, { path, on }: Sqlite): Finding {
  const text = 'run one replica, or set DATABASE_DSN to a MySQL or PostgreSQL and REDIS_DSN to a Redis that all replicas share';
  // What is on a claim outlives the other pods; anything else would be lost with them.
  const kept = on === 'volume' && (workload?.kind === 'Deployment' || workload?.kind === 'StatefulSet');
  return {
    subject,
    message: `${replicas} replicas keep their request logs in an SQLite file (${path}): groups, keys and counters are not the same in each, or they damage one file`,
    evidence: {
      saw: `replicas ${replicas}, DATABASE_DSN names no database server`,
      run: `kubectl -n ${namespace} get ${target} -o yaml | grep -E 'replicas:|DATABASE_DSN'`,
    },
    remedy: { text, ...(kept ? { command: `kubectl -n ${shellWord(namespace)} scale ${shellWord(target)} --replicas=1` } : {}) },
    about: pods,
  };
}

function fleeting({ subject, namespace, target, pods }: Log, { path, on }: Sqlite): Finding {
  const where = on === 'emptyDir' ? 'on a volume that goes with the pod' : 'in the container itself, on no volume';
  return {
    subject,
    message: `the request log is an SQLite file (${path}) ${where}: the next pod begins to count at zero`,
    evidence: {
      saw: on === 'emptyDir' ? `a mount that holds ${path} and is no PersistentVolumeClaim` : `no volume mounted where ${path} is`,
      run: `kubectl -n ${namespace} get ${target} -o yaml | grep -A20 -E 'volumes:|volumeMounts:'`,
    },
    remedy: { text: `mount a PersistentVolumeClaim at ${path.slice(0, path.lastIndexOf('/')) || '/'}` },
    severity: 'warning',
    about: pods,
  };
}
