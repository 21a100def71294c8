import type { Monitor } from '../../../facts/monitors.ts';
import { defineCheck, type Finding, verdict } from '../../../model/check.ts';
import { ageText } from '../../../parse/duration.ts';
import { shellWord } from '../../../parse/shell-word.ts';
import { kuadrants } from '../facts/kuadrants.ts';
import { monitorAges } from '../facts/monitor-ages.ts';
import { observabilityLabel } from '../names.ts';
import { merging, show } from '../phrases.ts';

/**
 * A monitor that is deleted and made again: it is not among those that the operator keeps (internal/controller/observability_reconciler.go, wantedPMs),
 * so that each resynchronisation deletes it, about every ten minutes.
 */
export const monitorChurn = defineCheck({
  id: 'monitor-churn',
  title: "the operator's monitor of the limiter stays",
  hop: 'discover',
  severity: 'warning',
  why: 'Whenever the monitor goes away Prometheus drops its targets, and their series end. Graphs have gaps, and increase() over them loses what was counted meanwhile.',
  fix: 'Set `spec.observability.enable: false` on the `Kuadrant` object and make a PodMonitor under another name without the label kuadrant.io/observability.',
  needs: { monitorAges, kuadrants },
  judge: ({ monitorAges, kuadrants }) => {
    const { own, siblings } = monitorAges;
    if (own === null) return { status: 'skip', because: 'the operator has made no monitor of Limitador' };
    const [kuadrant] = kuadrants.objects.filter(({ observability }) => observability);
    if (kuadrant === undefined || own.age === null) return verdict([]);
    // Without other monitors it may be that it was just switched on.
    const since = siblings ?? 0;
    return verdict(own.age < young && since > own.age + lag ? [findingOf(own.monitor, own.age, { since, kuadrant })] : []);
  },
});

/** A resynchronisation comes about every ten minutes. */
const young = 20 * 60;
/** Those that are made together are not made in one moment. */
const lag = 30 * 60;

interface Beside {
  readonly since: number;
  readonly kuadrant: { readonly namespace: string; readonly name: string };
}

function findingOf(monitor: Monitor, age: number, { since, kuadrant }: Beside): Finding {
  const patch = { spec: { observability: { enable: false } } };
  return {
    subject: monitor.subject,
    message: `it is ${ageText(age)} old and the monitors that were made with it are ${ageText(since)} old: it was deleted and made again`,
    evidence: { saw: `creationTimestamp: ${monitor.raw.metadata.creationTimestamp}`, run: show('podmonitor', monitor) },
    remedy: {
      text: "make a PodMonitor of your own under another name and without the label kuadrant.io/observability, then switch the operator's off",
      command: `${copying(monitor)} && ${merging('kuadrant', kuadrant, patch)}`,
    },
    about: [monitor.key],
  };
}

/** The same monitor under a name that the operator does not know; Prometheus may select it by its other labels. */
function copying({ namespace, name }: Monitor): string {
  const labels = `(.metadata.labels | del(.["${observabilityLabel}"]))`;
  const own = `{apiVersion, kind, metadata: {name: "limitador-metrics", namespace: .metadata.namespace, labels: ${labels}}, spec}`;
  return `kubectl -n ${shellWord(namespace)} get podmonitor ${shellWord(name)} -o json | jq ${shellWord(own)} | kubectl create -f -`;
}
