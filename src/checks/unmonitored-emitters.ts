import { type Coverage, coverage, type EndpointCoverage } from '../facts/coverage.ts';
import type { Emitter, Nouns } from '../facts/emitters.ts';
import { resourceOf } from '../facts/monitors.ts';
import { targets } from '../facts/targets.ts';
import { defineCheck, type Finding, verdict } from '../model/check.ts';
import { commonLabels, explained } from './near-miss.ts';
import { scrapedKeys } from './scraped.ts';
import type { SharedIds } from './shared-ids.ts';
import { enumerated, keysOf, monitorsOf, named, withoutEmitters } from './wording.ts';

/** Emitters that no PodMonitor scrapes; each PodMonitor that nearly does is explained. */
export function unmonitoredEmitters(nouns: Nouns, ids: SharedIds) {
  return defineCheck({
    id: ids.unmonitored,
    title: `a ${monitorsOf(nouns)} selects every ${nouns.one}`,
    hop: 'discover',
    severity: 'error',
    why: 'What no PodMonitor selects is not scraped. Its tokens are counted in the pod, reach no dashboard and no bill, and are gone when the pod is.',
    fix: 'Make one PodMonitor match the pods: podMetricsEndpoints.port as the pods name it, selector and namespaceSelector as the pods have them.',
    follows: [...ids.earlier.ports, ids.portUndeclared, ids.operatorMissing],
    needs: { coverage: coverage(nouns) },
    wants: { targets: targets(nouns) },
    judge({ coverage, targets }) {
      const none = withoutEmitters(coverage.emitters, coverage.unread, nouns);
      if (none !== null) return none;
      if (!coverage.installed) return { status: 'skip', because: 'the API server does not know PodMonitors' };
      const endpoints = coverage.monitors.flatMap((monitor) => monitor.endpoints);
      const covered = new Set(endpoints.flatMap(({ covers }) => covers.map(({ emitter }) => emitter.key)));
      const uncovered = coverage.emitters.filter(({ key }) => !covered.has(key));
      const otherwise = scrapedKeys(targets);
      const missed = uncovered.filter(({ key }) => !otherwise.has(key));
      const note = uncovered.length > 0 ? 'some are scraped without a PodMonitor' : undefined;
      return verdict(findingsOf(missed, endpoints, coverage, nouns), coverage.unread, note);
    },
  });
}

function findingsOf(
  missed: readonly Emitter[],
  endpoints: readonly EndpointCoverage[],
  coverage: Coverage,
  nouns: Nouns,
): readonly Finding[] {
  const keys = new Set(keysOf(missed));
  const near = endpoints.flatMap((endpoint) => {
    const misses = endpoint.misses.filter(({ emitter }) => keys.has(emitter.key));
    return misses.length === 0 ? [] : [{ endpoint, misses, conditions: Math.min(...misses.map(({ failing }) => failing.length)) }];
  });
  const fewest = Math.min(...near.map(({ conditions }) => conditions));
  const nearest = near.filter(({ conditions }) => conditions === fewest);
  const explainedKeys = new Set(nearest.flatMap(({ misses }) => misses.map(({ emitter }) => emitter.key)));
  const lost = missed.filter(({ key }) => !explainedKeys.has(key));
  const findings = nearest.map(({ endpoint, misses }) => nearMiss(endpoint, misses, nouns));
  // What no PodMonitor comes near may have a ServiceMonitor that was refused.
  return lost.length > 0 && coverage.servicesUnread.length === 0 ? [...findings, unmatched(lost, coverage, nouns)] : findings;
}

function nearMiss(coverage: EndpointCoverage, misses: EndpointCoverage['misses'], nouns: Nouns): Finding {
  const { monitor, endpoint } = coverage;
  const emitters = misses.map(({ emitter }) => emitter);
  const conditions = [...new Set(misses.flatMap(({ failing }) => failing))];
  const reasons = conditions.map((condition) =>
    explained(
      condition,
      coverage,
      misses.filter(({ failing }) => failing.includes(condition)),
      nouns,
    ),
  );
  const [first] = reasons;
  const where = monitor.endpoints.length > 1 ? `endpoint ${endpoint.index}: ` : '';
  return {
    subject: monitor.subject,
    message: where + reasons.map(({ text }) => text).join('; '),
    evidence: {
      saw: reasons.map(({ saw }) => saw).join(', '),
      run: `kubectl -n ${monitor.namespace} get ${resourceOf(monitor)} ${monitor.name} -o yaml`,
    },
    ...(reasons.length === 1 && first !== undefined ? { remedy: first.remedy } : {}),
    about: keysOf(emitters),
  };
}

function unmatched(emitters: readonly Emitter[], coverage: Coverage, nouns: Nouns): Finding {
  const [{ pod, subject }] = emitters as [Emitter];
  const ports = [...new Set(emitters.map(({ port, portNames }) => portNames?.[0] ?? String(port)))];
  return {
    subject,
    message: `no ${monitorsOf(nouns)} comes near ${named(emitters, nouns)}: none looks for port ${enumerated(ports)}`,
    evidence: {
      saw: `${coverage.monitors.length} ${monitorsOf(nouns).replace(' or ', 's and ')}s`,
      run: `kubectl get podmonitors${nouns.services === true ? ',servicemonitors' : ''} -A`,
    },
    remedy: { text: `create a PodMonitor beside the pods in namespace ${pod.namespace}`, patch: monitorFor(emitters, coverage) },
    about: keysOf(emitters),
  };
}

/** A PodMonitor that selects these emitters and that the first Prometheus would take. */
function monitorFor(emitters: readonly Emitter[], { objects }: Coverage): unknown {
  const [first] = emitters as [Emitter];
  const wanted = objects[0]?.monitorSelector?.requirements ?? [];
  const labels = Object.fromEntries(wanted.flatMap(({ key, operator, values }) => (operator === 'In' ? [[key, values[0] ?? '']] : [])));
  const name = first.portNames?.[0];
  const namespaces = [...new Set(emitters.map(({ pod }) => pod.namespace))];
  const { credentials } = first;
  const port = name === undefined ? { portNumber: first.port } : { port: name };
  return {
    apiVersion: 'monitoring.coreos.com/v1',
    kind: 'PodMonitor',
    metadata: { name: 'token-metrics', namespace: first.pod.namespace, labels },
    spec: {
      selector: { matchLabels: commonLabels(emitters) },
      ...(namespaces.length > 1 ? { namespaceSelector: { matchNames: namespaces } } : {}),
      podMetricsEndpoints: [{ ...port, path: first.path, ...(credentials === undefined ? {} : { authorization: { credentials } }) }],
    },
  };
}
