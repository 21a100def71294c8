import { type Coverage, coverage, doubtsOf, type MonitorCoverage, takenBy } from '../facts/coverage.ts';
import type { Nouns } from '../facts/emitters.ts';
import { endpointsField, type Monitor } from '../facts/monitors.ts';
import type { PrometheusObject } from '../facts/prometheus-objects.ts';
import { type Rejection, referencesOf, rejectionsOf } from '../facts/rejection.ts';
import { type Targets, targets } from '../facts/targets.ts';
import { defineCheck, type Finding, type Remedy, verdict } from '../model/check.ts';
import type { Attempt } from '../model/fact.ts';
import { monitorNamed, patching } from './patching.ts';
import type { SharedIds } from './shared-ids.ts';
import { enumerated, keysOf, monitorOf, withoutEmitters } from './wording.ts';

/** PodMonitors that a Prometheus selects and that its operator then leaves out as invalid. */
export function rejectedMonitors(nouns: Nouns, ids: SharedIds) {
  return defineCheck({
    id: ids.rejected,
    title: `the operator accepts the ${monitorOf(nouns)}s of every ${nouns.one}`,
    hop: 'discover',
    severity: 'error',
    inObjects: true,
    why: 'The operator leaves an invalid PodMonitor out with all of its endpoints. The object looks well and is selected, and only an event tells that nothing is scraped.',
    fix: 'Correct the field that the operator refuses: relabelings, scrapeTimeout, scrapeClass or authentication.',
    follows: [ids.operatorMissing],
    needs: { coverage: coverage(nouns) },
    wants: { targets: targets(nouns) },
    judge({ coverage, targets }) {
      const none = withoutEmitters(coverage.emitters, [...coverage.unread, ...doubtsOf(coverage)], nouns);
      if (none !== null) return none;
      const pairs = coverage.objects.flatMap((object) => {
        const taken = new Set(takenBy(object, coverage).map(({ monitor }) => monitor.key));
        return coverage.monitors.filter(({ monitor }) => taken.has(monitor.key)).map((monitor) => [monitor, object] as const);
      });
      if (pairs.length === 0 && doubtsOf(coverage).length === 0)
        return { status: 'skip', because: `no Prometheus selects a ${monitorOf(nouns)} of the ${nouns.many}` };
      const findings = pairs.flatMap(([monitor, object]) => findingsOf(monitor, object, leftOut(monitor, object, coverage, targets)));
      return verdict(findings, doubtsOf(coverage));
    },
  });
}

/** A monitor that is selected and sound and yet not in force, while nothing else is seen to be in the way: then what it refers to is the likely cause. */
function leftOut(
  { monitor, endpoints }: MonitorCoverage,
  object: PrometheusObject,
  { operators }: Coverage,
  targets: Attempt<Targets>,
): readonly Rejection[] {
  const server = targets.status === 'read' ? targets.value.servers.find((it) => it.server.object?.key === object.key) : undefined;
  const pools = server?.pools ?? null;
  const stuck = object.paused || server?.reload?.success !== true || operators.some(({ ready }) => ready === 0);
  if (pools === null || stuck || endpoints.some(({ pool }) => pools.includes(pool))) return [];
  const named = referencesOf(monitor);
  if (named.length === 0) return [];
  const text = `it is selected and in no scrape pool, and refers to ${enumerated(named)}, without which the operator refuses it`;
  return [{ text, saw: enumerated(named) }];
}

function findingsOf({ monitor, endpoints }: MonitorCoverage, object: PrometheusObject, likely: readonly Rejection[]): readonly Finding[] {
  const certain = rejectionsOf(monitor, object);
  const rejections = certain.length > 0 ? certain : likely;
  if (rejections.length === 0) return [];
  const emitters = endpoints.flatMap(({ covers }) => covers.map(({ emitter }) => emitter));
  return [
    {
      subject: monitor.subject,
      message: `the operator of ${object.subject} leaves it out: ${enumerated(rejections.map(({ text }) => text))}`,
      evidence: {
        saw: enumerated(rejections.map(({ saw }) => saw)),
        run: `kubectl -n ${monitor.namespace} get events --field-selector involvedObject.kind=${monitor.kind},involvedObject.name=${monitor.name}`,
      },
      remedy: inTime(monitor, certain) ?? {
        text:
          certain.length > 0
            ? `correct ${certain[0]?.text.split(': ').slice(0, 2).join(': ')} of ${monitor.subject}`
            : `see that ${likely[0]?.saw} exists`,
      },
      about: [monitor.key, ...keysOf(emitters)],
    },
  ];
}

/** Without a timeout of its own an endpoint has the shorter of the interval and Prometheus's; null where something else is refused. */
function inTime(monitor: Monitor, rejections: readonly Rejection[]): Remedy | null {
  const late = rejections.map(({ text }) => /^endpoint (\d+): scrapeTimeout /.exec(text)?.[1]);
  const field = endpointsField(monitor.kind);
  if (late.length === 0 || late.includes(undefined)) return null;
  const operations = late.map((index) => ({ op: 'remove' as const, path: `/spec/${field}/${index}/scrapeTimeout` }));
  return patching(`remove scrapeTimeout of ${monitor.subject}, which then ends with the interval`, [monitorNamed(monitor), operations]);
}
