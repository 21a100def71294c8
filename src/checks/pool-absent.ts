import { type Coverage, coverage, doubtsOf, type EndpointCoverage, seenBy, takenBy } from '../facts/coverage.ts';
import type { Nouns } from '../facts/emitters.ts';
import type { Operator } from '../facts/operator.ts';
import type { PrometheusObject } from '../facts/prometheus-objects.ts';
import { rejectionsOf } from '../facts/rejection.ts';
import { type ServerTargets, targets } from '../facts/targets.ts';
import { defineCheck, type Finding, type Remedy, verdict } from '../model/check.ts';
import { record } from '../parse/fields.ts';
import type { SharedIds } from './shared-ids.ts';
import { counted, distinctUnread, keysOf, monitorOf, prometheusRun, withoutEmitters } from './wording.ts';

/** Monitors that a Prometheus ought to have as scrape pools and does not. */
export function absentPools(nouns: Nouns, ids: SharedIds) {
  return defineCheck({
    id: ids.poolAbsent,
    title: `Prometheus has a scrape pool for each ${monitorOf(nouns)} of the ${nouns.many}`,
    hop: 'collect',
    severity: 'error',
    why: 'A PodMonitor works once it has become a scrape pool of the running Prometheus. A reload that failed or an operator that is stuck leaves the old configuration in force, silently.',
    fix: 'Restart the operator with kubectl rollout restart, and read the log of the config-reloader when that changes nothing.',
    follows: [ids.operatorMissing, ids.unselected, ids.rejected],
    needs: { coverage: coverage(nouns), targets: targets(nouns) },
    judge({ coverage, targets }) {
      const none = withoutEmitters(coverage.emitters, coverage.unread, nouns);
      if (none !== null) return none;
      const doubts = doubtsOf(coverage);
      const expected = targets.servers
        .map((server) => ({ server, endpoints: expectedOf(server, coverage) }))
        .filter(({ endpoints }) => endpoints.length > 0);
      if (expected.length === 0 && doubts.length === 0)
        return { status: 'skip', because: `no Prometheus that answers is known to take a ${monitorOf(nouns)} of the ${nouns.many}` };
      const findings = expected.flatMap(({ server, endpoints }) => findingsOf(server, endpoints, coverage, nouns));
      const silent = expected.filter(({ server }) => server.pools === null && server.active === 0).flatMap(({ server }) => server.unread);
      return verdict(findings, distinctUnread([...doubts, ...silent]));
    },
  });
}

/** A paused object is told by the selection, a rejected monitor by its rejection. */
function expectedOf({ server: { object } }: ServerTargets, coverage: Coverage): readonly EndpointCoverage[] {
  if (object === null || object.paused) return [];
  return takenBy(object, coverage).filter(({ monitor }) => rejectionsOf(monitor, object).length === 0);
}

function findingsOf(server: ServerTargets, endpoints: readonly EndpointCoverage[], coverage: Coverage, nouns: Nouns): readonly Finding[] {
  const { pools } = server;
  const { object, subject } = server.server;
  if (pools === null || object === null) return [];
  return endpoints
    .filter(({ pool }) => !pools.includes(pool))
    .map((endpoint) => {
      const emitters = seenBy(object, endpoint).map(({ emitter }) => emitter);
      const { saw, text, remedy } = cause(server, object, coverage);
      return {
        subject: endpoint.monitor.subject,
        message: `${subject} has no scrape pool ${endpoint.pool}, which would scrape ${counted(emitters.length, nouns)}${text}`,
        evidence: { saw: `${pools.length} scrape pools${saw}`, run: prometheusRun('/api/v1/scrape_pools') },
        remedy,
        about: [endpoint.monitor.key, ...keysOf(emitters)],
      };
    });
}

interface Cause {
  readonly text: string;
  readonly saw: string;
  readonly remedy: Remedy;
}

/** Why the configuration in force is an old one, as far as it shows. */
function cause({ reload, server }: ServerTargets, object: PrometheusObject, { operators }: Coverage): Cause {
  if (reload?.success === false) {
    const since = reload.at === null ? '' : ` (the last good one is of ${reload.at})`;
    const text = 'correct what the prometheus container says of its configuration';
    const command = `kubectl -n ${object.namespace} logs statefulset/${setName(object, 0)} -c prometheus --tail=50`;
    return { text: `: its last reload failed${since}`, saw: ', reloadConfigSuccess: false', remedy: { text, command } };
  }
  const stopped = operators.find(({ ready }) => ready === 0);
  if (stopped === undefined) return { text: '', saw: '', remedy: anew(operators, object, server.subject) };
  return {
    text: `: ${stopped.subject} has no ready pod, so nobody writes its configuration`,
    saw: `, ${stopped.subject} 0 ready`,
    remedy: started(stopped),
  };
}

function started({ subject, namespace, name, replicas }: Operator): Remedy {
  if (replicas === 0) return { text: `let ${subject} run`, command: `kubectl -n ${namespace} scale deployment ${name} --replicas=1` };
  return { text: `mend ${subject}: read why it does not run`, command: `kubectl -n ${namespace} logs deployment/${name} --tail=50` };
}

/** The operator writes the configuration anew when it starts; a Prometheus reads it when it starts, and begins with an empty store unless that is on a claim. */
function anew(operators: readonly Operator[], object: PrometheusObject, subject: string): Remedy {
  const [operator, ...others] = operators;
  const kept = keepsItsStore(object);
  const reader = `the config-reloader in the pods of ${subject}`;
  if (operator === undefined || others.length > 0) return { text: `read the log of the operator and of ${reader}` };
  const sets = Array.from({ length: kept ? object.shards : 0 }, (_, shard) => [object.namespace, `statefulset/${setName(object, shard)}`]);
  const restarts = [[operator.namespace, `deployment/${operator.name}`], ...sets];
  return {
    text: `let ${operator.subject} write the configuration anew, ${kept ? `and ${subject} read it` : `which ${reader} then takes up; where it does not, its log says why`}`,
    command: restarts.map(([namespace, workload]) => `kubectl -n ${namespace} rollout restart ${workload}`).join(' && '),
  };
}

function keepsItsStore({ agent, raw }: PrometheusObject): boolean {
  const spec = record(raw.spec);
  return !(agent && spec.mode === 'DaemonSet') && Object.keys(record(record(spec.storage).volumeClaimTemplate)).length > 0;
}

/** The StatefulSet of a shard: prometheus-operator pkg/prometheus/statefulset.go, and pkg/prometheus/agent. */
function setName({ agent, name }: PrometheusObject, shard: number): string {
  return `${agent ? 'prom-agent' : 'prometheus'}-${name}${shard === 0 ? '' : `-shard-${shard}`}`;
}
