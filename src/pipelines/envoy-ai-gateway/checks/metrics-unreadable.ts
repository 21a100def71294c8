import { unreadableText } from '../../../checks/unreadable.ts';
import type { Unreadable } from '../../../facts/emissions.ts';
import type { Emission } from '../../../facts/emitters.ts';
import { defineCheck, type Finding, verdict } from '../../../model/check.ts';
import { shellWord } from '../../../parse/shell-word.ts';
import { emissions } from '../facts/emissions.ts';
import { rollout } from '../phrases.ts';

/** A metrics endpoint that answers nothing a scraper could use. */
export const metricsUnreadable = defineCheck({
  id: 'metrics-unreadable',
  title: 'every sidecar serves its metrics',
  hop: 'emit',
  severity: 'error',
  why: 'What the endpoint does not serve no scraper can collect. The tokens are counted in memory and gone when the pod ends.',
  fix: 'Ask the endpoint yourself with `kubectl port-forward POD 1064` and `curl localhost:1064/metrics`, and correct what it says.',
  follows: ['sidecar-unready', 'mapping-hazard', 'version-skew'],
  needs: { emissions },
  judge: ({ emissions }) => {
    if (emissions.read.length === 0 && emissions.unread.length === 0) return { status: 'skip', because: 'no proxy has a sidecar' };
    const found = emissions.read.flatMap(({ emitter, outcome }) => (outcome.status === 'unreadable' ? [unreadable(emitter, outcome)] : []));
    return verdict(found, emissions.unread);
  },
});

function unreadable({ subject, key, pod, port, path, container }: Emission['emitter'], { problem, message }: Unreadable): Finding {
  return {
    subject,
    message: `port ${port}${path} ${unreadableText(problem, 'the metrics of a sidecar')}: ${message}`,
    evidence: {
      saw: message,
      run: `kubectl -n ${pod.namespace} port-forward pod/${pod.name} ${port} & curl -si localhost:${port}${path} | head -n 20`,
    },
    remedy: remedyOf(problem, message, { pod, container }),
    about: [key],
  };
}

function remedyOf(
  problem: Unreadable['problem'],
  message: string,
  { pod, container }: Pick<Emission['emitter'], 'pod' | 'container'>,
): NonNullable<Finding['remedy']> {
  if (/label name|normalization for label|label names/.test(message)) {
    return { text: 'choose another label name in the header mapping, then create the proxies anew', command: rollout(pod) };
  }
  const logs = `kubectl -n ${pod.namespace} logs ${pod.name} -c ${shellWord(container)}`;
  return problem === 'refused'
    ? { text: 'see whether the sidecar runs and which port it was given', command: logs }
    : { text: 'see what the sidecar says', command: logs };
}
