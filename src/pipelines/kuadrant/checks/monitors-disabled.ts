import { scrapedKeys } from '../../../checks/scraped.ts';
import { keysOf, named } from '../../../checks/wording.ts';
import { coverage } from '../../../facts/coverage.ts';
import type { Emitter } from '../../../facts/emitters.ts';
import type { Monitor } from '../../../facts/monitors.ts';
import { targets } from '../../../facts/targets.ts';
import { defineCheck, type Finding, verdict } from '../../../model/check.ts';
import { type Kuadrant, kuadrants } from '../facts/kuadrants.ts';
import { type Operator, operators } from '../facts/operator.ts';
import { monitorName, observabilityLabel } from '../names.ts';
import { nouns } from '../nouns.ts';
import { merging } from '../phrases.ts';
import { restart } from '../status.ts';

/** Nothing that would scrape Limitador was ever made. One that nearly scrapes it is the matter of unmonitored-limitadors. */
export const monitorsDisabled = defineCheck({
  id: 'monitors-disabled',
  title: 'the operator makes the monitor of the limiter, or someone else did',
  hop: 'discover',
  severity: 'error',
  why: 'The operator makes monitors only where it is told to, and is not by default. Tokens are counted in memory and reach no dashboard and no bill.',
  fix: 'Switch it on: `kubectl -n kuadrant-system patch kuadrant kuadrant --type merge -p \'{"spec":{"observability":{"enable":true}}}\'`.',
  follows: ['operator-missing', 'limitador-unready', 'kuadrant-unready', 'crds-missing'],
  needs: { kuadrants, coverage: coverage(nouns) },
  wants: { targets: targets(nouns), operators },
  judge: ({ kuadrants, coverage, targets, operators }) => {
    if (coverage.emitters.length === 0)
      return coverage.unread.length > 0
        ? { status: 'unknown', unread: coverage.unread }
        : { status: 'skip', because: 'there is no Limitador' };
    if (!coverage.installed) return { status: 'skip', because: 'the API server does not know PodMonitors' };
    const [kuadrant] = kuadrants.objects;
    if (kuadrant === undefined) return { status: 'skip', because: 'there is no Kuadrant object' };
    const endpoints = coverage.monitors.flatMap((monitor) => monitor.endpoints);
    const meant = endpoints.some(({ monitor, covers, misses }) => covers.length > 0 || (misses.length > 0 && !isOthers(monitor)));
    const scraped = scrapedKeys(targets);
    if (meant || coverage.emitters.some(({ key }) => scraped.has(key))) return verdict([]);
    if (coverage.unread.length > 0) return { status: 'unknown', unread: coverage.unread };
    const known = operators.status === 'read' ? operators.value : [];
    return verdict([
      kuadrants.objects.some(({ observability }) => observability)
        ? lost(kuadrant, coverage.emitters, known)
        : disabled(kuadrant, coverage.emitters),
    ]);
  },
});

/** A monitor that the operator makes for something else than Limitador, whatever it comes near. */
function isOthers({ labels, name }: Monitor): boolean {
  return labels[observabilityLabel] === 'true' && name !== monitorName;
}

function disabled(kuadrant: Kuadrant, emitters: readonly Emitter[]): Finding {
  const patch = { spec: { observability: { enable: true } } };
  return {
    subject: kuadrant.subject,
    message: `spec.observability.enable is not set and no other monitor scrapes ${named(emitters, nouns)}`,
    evidence: { saw: 'spec.observability.enable: false', run: 'kubectl get podmonitors,servicemonitors -A' },
    remedy: { text: 'let the operator make its monitors', command: merging('kuadrant', kuadrant, patch), patch },
    about: keysOf(emitters),
  };
}

/** The operator looks for the kinds of monitors at its start alone: internal/controller/state_of_the_world.go. */
function lost({ namespace }: Kuadrant, emitters: readonly Emitter[], operators: readonly Operator[]): Finding {
  return {
    subject: `PodMonitor ${namespace}/${monitorName}`,
    message: `spec.observability.enable is true and the operator has not made it: nothing scrapes ${named(emitters, nouns)}`,
    evidence: { saw: 'not found', run: `kubectl -n ${namespace} get podmonitor ${monitorName}` },
    remedy: {
      text: 'look again in a minute; if it stays away, the kinds of monitors came after the operator: restart it',
      command: restart(operators),
    },
    about: keysOf(emitters),
  };
}
