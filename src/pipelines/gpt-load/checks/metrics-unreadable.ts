import { unreadableText } from '../../../checks/unreadable.ts';
import type { Unreadable } from '../../../facts/emissions.ts';
import type { Emission } from '../../../facts/emitters.ts';
import { defineCheck, type Finding, verdict } from '../../../model/check.ts';
import { shellWord } from '../../../parse/shell-word.ts';
import { emissions, refusesToken } from '../facts/emissions.ts';
import { ask } from '../phrases.ts';
import { isStock } from './metrics-absent.ts';

/** A metrics endpoint that answers nothing a scraper could use; web pages and refused tokens are checks of their own. */
export const metricsUnreadable = defineCheck({
  id: 'metrics-unreadable',
  title: 'every pod serves its metrics',
  hop: 'emit',
  severity: 'error',
  why: 'What the endpoint does not serve no scraper can collect. The tokens stand in a log that nobody adds up.',
  fix: 'Ask GET /metrics of the pod yourself, read the log of the container, and let its database migrations run to the end.',
  follows: ['health-failing'],
  needs: { emissions },
  judge: ({ emissions }) => {
    if (emissions.read.length === 0 && emissions.unread.length === 0) return { status: 'skip', because: 'no pod runs' };
    const wrong = emissions.read.filter((emission) => !isStock(emission) && !refusesToken(emission));
    return verdict(
      wrong.flatMap(({ emitter, outcome }) => (outcome.status === 'unreadable' ? [finding(emitter, outcome)] : [])),
      emissions.unread,
    );
  },
});

function finding(emitter: Emission['emitter'], { problem, message }: Unreadable): Finding {
  const { subject, key, pod, port, path, container } = emitter;
  return {
    subject,
    message: `port ${port}${path} ${unreadableText(problem, 'the counters of this program')}: ${message}`,
    evidence: { saw: message, run: ask(emitter, path) },
    remedy: {
      text: remedyOf(problem, message),
      command: `kubectl -n ${pod.namespace} logs ${pod.name} -c ${shellWord(container)} --tail=200`,
    },
    about: [key],
  };
}

/** PR internal/handler/metrics_handler.go: "internal error" is a query that failed; the limit on concurrent requests answers JSON. */
function remedyOf(problem: Unreadable['problem'], message: string): string {
  if (/too many concurrent/i.test(message)) return 'raise MAX_CONCURRENT_REQUESTS, whose limit counts scrapes too';
  if (/internal error/.test(message))
    return 'look for "Failed to query metrics" in its log: the database does not answer, or lacks the token columns of migration v1.2.0';
  if (/^HTTP 404/.test(message)) return 'see what stands between: the program itself answers no 404 there';
  if (problem === 'slow') return 'add an index over the request log, or keep it for fewer days: every scrape adds it up';
  return 'see whether the container runs and which PORT it was given';
}
