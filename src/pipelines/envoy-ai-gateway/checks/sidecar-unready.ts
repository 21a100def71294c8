import { stateText } from '../../../checks/phrases.ts';
import { defineCheck, type Finding, verdict } from '../../../model/check.ts';
import { shellWord } from '../../../parse/shell-word.ts';
import { isCrashing, isStarting, lastWords, quoted } from '../container-state.ts';
import { type ProxyPod, proxies } from '../facts/proxies.ts';
import { rollout } from '../phrases.ts';

/** How long a container may take to be created before that is trouble rather than a start, in seconds. */
const patience = 120;

/** A sidecar that is there and does not work. */
export const sidecarUnready = defineCheck({
  id: 'sidecar-unready',
  title: 'every sidecar is ready',
  hop: 'emit',
  severity: 'error',
  why: 'A sidecar that is not ready makes its whole pod unready, and one that crashes counts nothing and forgets what it counted. Requests go to other proxies or fail.',
  fix: 'Read its last words with `kubectl logs POD -c ai-gateway-extproc --previous` and correct what they name.',
  follows: ['version-skew'],
  needs: { proxies },
  judge: ({ proxies }) => {
    const sidecars = proxies.read.filter(({ sidecar }) => sidecar !== null);
    if (sidecars.length === 0) return { status: 'skip', because: 'no proxy has a sidecar' };
    return verdict(
      sidecars.flatMap((proxy) => unready(proxy) ?? []),
      proxies.unread,
    );
  },
});

function unready(proxy: ProxyPod): Finding | null {
  const { sidecar, pod, subject, key, age } = proxy;
  const state = sidecar?.state ?? null;
  if (sidecar === null || state?.ready) return null;
  const words = lastWords(state);
  const crashing = state !== null && isCrashing(state);
  const logs = `kubectl -n ${pod.namespace} logs ${pod.name} -c ${shellWord(sidecar.container.name)}${crashing ? ' --previous' : ''}`;
  const young = isStarting(state) && age !== null && age < patience;
  return {
    subject,
    message: `container ${sidecar.container.name} is not ready: ${stateText(state)}${quoted(state)}`,
    evidence: { saw: words ?? stateText(state), run: words === null ? logs : `kubectl -n ${pod.namespace} describe pod ${pod.name}` },
    remedy: remedyOf(words, logs, proxy),
    about: [key],
    ...(young ? { severity: 'warning' } : {}),
  };
}

/** What is known of the ends that its program comes to: samples of startup.log, mismatch-report.txt and flags-report.txt. */
function remedyOf(words: string | null, logs: string, { pod }: ProxyPod): NonNullable<Finding['remedy']> {
  if (/config version mismatch/.test(words ?? ''))
    return {
      text: 'let the sidecar have the release of the controller: remove the pinned image, or create the pod anew',
      command: rollout(pod),
    };
  if (/flag provided but not defined/.test(words ?? ''))
    return { text: 'let the sidecar have the release of the controller, whose flags its image does not know', command: rollout(pod) };
  return { text: 'read why it ends', command: logs };
}
