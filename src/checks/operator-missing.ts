import { type Coverage, coverage } from '../facts/coverage.ts';
import type { Emitter, Nouns } from '../facts/emitters.ts';
import { targets } from '../facts/targets.ts';
import { defineCheck, type Finding, verdict } from '../model/check.ts';
import { ownTargets } from './scraped.ts';
import type { SharedIds } from './shared-ids.ts';
import { counted, enumerated, withoutEmitters } from './wording.ts';

/** A cluster without PodMonitors or without a Prometheus object, where nothing else scrapes the emitters either. */
export function missingOperator(nouns: Nouns, ids: SharedIds) {
  return defineCheck({
    id: ids.operatorMissing,
    title: 'PodMonitors and a Prometheus object are there',
    hop: 'discover',
    severity: 'error',
    why: 'Without prometheus-operator nobody turns PodMonitors into scrape configuration. Token counters then live and die with their pods.',
    fix: 'Install prometheus-operator with a Prometheus object, or name the Prometheus that scrapes with --prometheus.',
    needs: { coverage: coverage(nouns) },
    wants: { targets: targets(nouns) },
    judge({ coverage, targets }) {
      const none = withoutEmitters(coverage.emitters, coverage.unread, nouns);
      if (none !== null) return none;
      const missing = coverage.installed ? 'Prometheus' : 'PodMonitor';
      if (coverage.installed && coverage.objects.length > 0) return { status: 'pass' };
      const others = ownTargets(targets);
      const pools = [...new Set(others.map(({ pool }) => pool))];
      if (others.length > 0)
        return { status: 'pass', note: `there are no ${missing} objects, and scrape pool ${enumerated(pools)} does without` };
      if (coverage.installed && coverage.objectsUnread.length > 0) return { status: 'unknown', unread: coverage.objectsUnread };
      return verdict([finding(coverage, missing, nouns)]);
    },
  });
}

function finding(coverage: Coverage, missing: 'Prometheus' | 'PodMonitor', nouns: Nouns): Finding {
  const resource = missing === 'Prometheus' ? 'prometheuses' : 'podmonitors';
  const known = missing === 'PodMonitor' ? coverage.installed : coverage.objectsInstalled;
  const message = known ? `there is no ${missing} object in any namespace` : `the API server does not know the kind ${missing}`;
  return {
    subject: `CustomResourceDefinition ${resource}.monitoring.coreos.com`,
    message: `${message}; ${otherwise(coverage.emitters, nouns)}`,
    evidence: {
      saw: known ? `0 ${resource}` : `no resource ${resource}.monitoring.coreos.com`,
      run: `kubectl get ${resource}.monitoring.coreos.com -A`,
    },
    remedy: {
      text: 'install prometheus-operator with a Prometheus object, or name the Prometheus that scrapes with --prometheus',
      command:
        'helm upgrade -i kube-prometheus-stack oci://ghcr.io/prometheus-community/charts/kube-prometheus-stack -n monitoring --create-namespace',
    },
  };
}

/** What else might scrape: the annotations that hand-written scrape jobs look for. */
function otherwise(emitters: readonly Emitter[], nouns: Nouns): string {
  const annotated = emitters.filter(({ pod }) => pod.metadata.annotations?.['prometheus.io/scrape'] === 'true');
  if (annotated.length === 0) return `nothing was seen that would scrape ${counted(emitters.length, nouns)} instead`;
  const ports = [...new Set(annotated.map(({ pod }) => pod.metadata.annotations?.['prometheus.io/port'] ?? 'every port'))];
  return `${counted(annotated.length, nouns)} carry prometheus.io/scrape for ${enumerated(ports)}, and no Prometheus that heeds it was found`;
}
