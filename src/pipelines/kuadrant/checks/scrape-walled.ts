import { ownTargets } from '../../../checks/scraped.ts';
import { keysOf, named } from '../../../checks/wording.ts';
import { targets } from '../../../facts/targets.ts';
import { defineCheck, type Finding, verdict } from '../../../model/check.ts';
import { type Kuadrant, kuadrants } from '../facts/kuadrants.ts';
import { nouns } from '../nouns.ts';
import { merging } from '../phrases.ts';

/** Mutual TLS in front of Limitador, while scrapes end in the middle: that it is the cause is deduced, from internal/controller/istio_peerauthentication_reconciler.go. */
export const scrapeWalled = defineCheck({
  id: 'scrape-walled',
  title: 'mutual TLS does not keep Prometheus from the limiter',
  hop: 'collect',
  severity: 'warning',
  why: 'With mutual TLS only proxies of the mesh may speak with the limiter, and a Prometheus outside of it is cut off. The counters go on and are not stored.',
  fix: 'Leave the limiter out of it: `kubectl -n kuadrant-system patch kuadrant kuadrant --type merge -p \'{"spec":{"mtls":{"limitador":false}}}\'`.',
  follows: ['limitador-unready', 'metrics-unreadable'],
  needs: { kuadrants },
  wants: { targets: targets(nouns) },
  judge: ({ kuadrants, targets }) => {
    const kuadrant = kuadrants.objects.find(({ mtls }) => mtls);
    if (kuadrant === undefined) return { status: 'skip', because: 'spec.mtls is not set for Limitador' };
    if (targets.status === 'unread') return { status: 'unknown', unread: [targets.unread] };
    const cut = ownTargets(targets).filter(
      ({ health, lastError }) => health === 'down' && /EOF|reset|broken pipe|refused/i.test(lastError),
    );
    return verdict(cut.length === 0 ? [] : [findingOf(kuadrant, cut)]);
  },
});

function findingOf(kuadrant: Kuadrant, cut: ReturnType<typeof ownTargets>): Finding {
  const patch = { spec: { mtls: { limitador: false } } };
  const emitters = [...new Map(cut.map(({ emitter }) => [emitter.key, emitter])).values()];
  return {
    subject: kuadrant.subject,
    message: `spec.mtls is set for ${named(emitters, nouns)}, whose scrapes are cut off: that may well be why`,
    evidence: {
      saw: `${cut[0]?.url}: ${cut[0]?.lastError.slice(0, 160)}`,
      run: `kubectl -n ${kuadrant.namespace} get peerauthentications`,
    },
    remedy: {
      text: 'leave Limitador out of it, or let its metrics port be PERMISSIVE',
      command: merging('kuadrant', kuadrant, patch),
      patch,
    },
    about: keysOf(emitters),
  };
}
