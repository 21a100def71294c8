import { listed } from '../../../checks/phrases.ts';
import type { Emission } from '../../../facts/emitters.ts';
import { defineCheck, type Finding, verdict } from '../../../model/check.ts';
import { emissions } from '../facts/emissions.ts';
import { showMetrics } from '../phrases.ts';

/** No Limitador has been asked anything: nobody sent a request, or requests go past it. */
export const idleLimitador = defineCheck({
  id: 'idle-limitador',
  title: 'the limiter has been asked about requests',
  hop: 'emit',
  severity: 'warning',
  why: 'A limiter without a single call looks the same whether nobody asked or requests go past it. Until one has passed, nothing further down can be shown to work.',
  fix: 'Send one model request through the Gateway; if it is answered and the limiter stays idle, see whether the filter is in the proxies and the policies are in force.',
  follows: [
    'gateway-unready',
    'provider-unknown',
    'auth-unenforced',
    'identity-unexposed',
    'limits-unenforced',
    'predicate-hazard',
    'paths-unlimited',
    'telemetry-hazard',
    'wasm-missing',
    'limits-unprogrammed',
    'limitador-outdated',
    'kuadrant-unready',
    'crds-missing',
  ],
  needs: { emissions },
  judge: ({ emissions }) => {
    const told = emissions.read.filter(({ outcome }) => outcome.status !== 'unreadable');
    if (told.length === 0 && emissions.unread.length === 0) return { status: 'skip', because: 'no Limitador could be asked' };
    const idle = told.filter(isIdle);
    if (idle.length < told.length || emissions.unread.length > 0) {
      const note = idle.length === 0 ? undefined : `idle beside busy ones: ${listed(idle.map(({ emitter }) => emitter.pod.name))}`;
      return verdict([], idle.length < told.length ? [] : emissions.unread, note);
    }
    return verdict([findingOf(idle)]);
  },
});

/** Counter families are not there until the first call (recorded: idle-metrics.http). */
function isIdle({ outcome }: Emission): boolean {
  return outcome.status === 'idle';
}

function findingOf(idle: readonly Emission[]): Finding {
  const [{ emitter }] = idle as readonly [Emission];
  return {
    subject: emitter.subject,
    message: `${idle.length === 1 ? 'it serves' : `all ${idle.length} Limitadors serve`} no authorized_calls and no authorized_hits: no request has reached ${idle.length === 1 ? 'it' : 'them'} since the start`,
    evidence: { saw: 'limitador_up and no counters', run: showMetrics(emitter, '-v "^#"').replace(`'-v "^#"'`, '-v "^#"') },
    remedy: { text: 'send one model request through the Gateway; if it is answered and Limitador stays idle, requests go past it' },
    about: idle.map(({ emitter: { key } }) => key),
  };
}
