import { unreadableText } from '../../../checks/unreadable.ts';
import type { Unreadable } from '../../../facts/emissions.ts';
import type { Emission } from '../../../facts/emitters.ts';
import { defineCheck, type Finding, verdict } from '../../../model/check.ts';
import { shellWord } from '../../../parse/shell-word.ts';
import { emissions, type Gauges, gauges } from '../facts/emissions.ts';
import { showMetrics } from '../phrases.ts';

/** A Limitador that does not say what it counted, or cannot count. */
export const metricsUnreadable = defineCheck({
  id: 'metrics-unreadable',
  title: 'every limiter serves its metrics and reaches its store',
  hop: 'emit',
  severity: 'error',
  why: 'What the endpoint does not serve no scraper can collect. The counters are in memory and gone when the pod ends.',
  fix: 'Ask the endpoint yourself with `kubectl -n kuadrant-system port-forward deployment/limitador-limitador 8080` and `curl localhost:8080/metrics`, and correct what it says.',
  follows: ['limitador-unready', 'telemetry-hazard'],
  needs: { emissions, gauges },
  judge: ({ emissions, gauges }) => {
    if (emissions.read.length === 0 && emissions.unread.length === 0) return { status: 'skip', because: 'there is no Limitador' };
    const found = emissions.read.flatMap((emission) =>
      emission.outcome.status === 'unreadable'
        ? [unreadable(emission, emission.outcome)]
        : unwell(emission, gauges.get(emission.emitter.key) ?? {}),
    );
    return verdict(found, emissions.unread);
  },
});

function unreadable({ emitter }: Emission, { problem, message }: Unreadable): Finding {
  const { subject, key, pod, port, path, container } = emitter;
  return {
    subject,
    message: `port ${port}${path} ${unreadableText(problem, 'the metrics of a Limitador')}: ${message}`,
    evidence: {
      saw: message,
      run: `kubectl -n ${pod.namespace} port-forward pod/${pod.name} ${port} & curl -si localhost:${port}${path} | head -n 20`,
    },
    remedy: /label name/.test(message)
      ? {
          text: 'let every label of the TelemetryPolicies keep a name of its own, then create the pod anew, which forgets its counters',
          command: `kubectl -n ${pod.namespace} delete pod ${pod.name}`,
        }
      : { text: 'see what Limitador says', command: `kubectl -n ${pod.namespace} logs ${pod.name} -c ${shellWord(container)}` },
    about: [key],
  };
}

/** limitador-server src/prometheus_metrics.rs: both are always there. */
function unwell({ emitter }: Emission, gauges: Gauges): readonly Finding[] {
  const { subject, key, pod } = emitter;
  const down = gauges.limitador_up !== undefined && gauges.limitador_up !== 1;
  const cut = gauges.datastore_partitioned === 1;
  if (!down && !cut) return [];
  return [
    {
      subject,
      message: cut
        ? 'it cannot reach the store of its counters: datastore_partitioned is 1'
        : `it says of itself that it is not up: limitador_up is ${gauges.limitador_up}`,
      evidence: {
        saw: cut ? 'datastore_partitioned 1' : `limitador_up ${gauges.limitador_up}`,
        run: showMetrics(emitter, 'limitador_up|datastore_partitioned').replace('grep ', 'grep -E '),
      },
      remedy: cut
        ? {
            text: 'see that the Redis of spec.storage runs and is reachable from the pod',
            command: `kubectl -n ${pod.namespace} get limitador -o jsonpath='{.items[*].spec.storage}'`,
          }
        : { text: 'see what Limitador says', command: `kubectl -n ${pod.namespace} logs ${pod.name}` },
      about: [key],
    },
  ];
}
