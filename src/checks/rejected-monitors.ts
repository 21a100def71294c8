import type { MonitorCoverage } from '../facts/coverage.ts';
import { coverage, doubtsOf, takenBy } from '../facts/coverage.ts';
import type { Nouns } from '../facts/emitters.ts';
import type { PrometheusObject } from '../facts/prometheus-objects.ts';
import { rejectionsOf } from '../facts/rejection.ts';
import { defineCheck, type Finding, verdict } from '../model/check.ts';
import type { SharedIds } from './shared-ids.ts';
import { enumerated, keysOf, withoutEmitters } from './wording.ts';

/** PodMonitors that a Prometheus selects and that its operator then leaves out as invalid. */
export function rejectedMonitors(nouns: Nouns, ids: SharedIds) {
  return defineCheck({
    id: ids.rejected,
    title: `the operator accepts the PodMonitors of every ${nouns.one}`,
    hop: 'discover',
    severity: 'error',
    why: 'The operator leaves an invalid PodMonitor out with all of its endpoints. The object looks well and is selected, and only an event tells that nothing is scraped.',
    fix: 'Correct the field that the operator refuses: relabelings, scrapeTimeout, scrapeClass or authentication.',
    follows: [ids.operatorMissing],
    needs: { coverage: coverage(nouns) },
    judge({ coverage }) {
      const none = withoutEmitters(coverage.emitters, [...coverage.unread, ...doubtsOf(coverage)], nouns);
      if (none !== null) return none;
      const pairs = coverage.objects.flatMap((object) => {
        const taken = new Set(takenBy(object, coverage).map(({ monitor }) => monitor.key));
        return coverage.monitors.filter(({ monitor }) => taken.has(monitor.key)).map((monitor) => [monitor, object] as const);
      });
      if (pairs.length === 0 && doubtsOf(coverage).length === 0)
        return { status: 'skip', because: `no Prometheus selects a PodMonitor of the ${nouns.many}` };
      return verdict(
        pairs.flatMap(([monitor, object]) => findingsOf(monitor, object)),
        doubtsOf(coverage),
      );
    },
  });
}

function findingsOf({ monitor, endpoints }: MonitorCoverage, object: PrometheusObject): readonly Finding[] {
  const rejections = rejectionsOf(monitor, object);
  if (rejections.length === 0) return [];
  const emitters = endpoints.flatMap(({ covers }) => covers.map(({ emitter }) => emitter));
  return [
    {
      subject: monitor.subject,
      message: `the operator of ${object.subject} leaves it out: ${enumerated(rejections.map(({ text }) => text))}`,
      evidence: {
        saw: enumerated(rejections.map(({ saw }) => saw)),
        run: `kubectl -n ${monitor.namespace} get events --field-selector involvedObject.kind=PodMonitor,involvedObject.name=${monitor.name}`,
      },
      remedy: { text: `correct ${rejections[0]?.text.split(': ').slice(0, 2).join(': ')} of ${monitor.subject}` },
      about: [monitor.key, ...keysOf(emitters)],
    },
  ];
}
