import type { Emission } from '../../../facts/emitters.ts';
import { defineCheck, type Finding, verdict } from '../../../model/check.ts';
import { emissions } from '../facts/emissions.ts';
import { metricsPath } from '../names.ts';
import { ask } from '../phrases.ts';

/** Whether a pod answers its web page where metrics should be, as every released build does. */
export function isStock({ outcome }: Emission): boolean {
  return outcome.status === 'unreadable' && outcome.problem === 'not-metrics' && /\bhtml\b|<!doctype/i.test(outcome.message);
}

/** Builds that have no metrics endpoint: the page of the program answers for every path it does not know. */
export const metricsAbsent = defineCheck({
  id: 'metrics-absent',
  title: 'every pod runs a build that has a metrics endpoint',
  hop: 'emit',
  severity: 'error',
  why: 'A build without the endpoint answers its web page with status 200, so that nothing looks broken. Tokens are in its request log alone, and no scraper, dashboard or bill sees them.',
  fix: 'Run an image built from the change that adds GET /metrics, or export the request log from its database.',
  follows: ['health-failing'],
  needs: { emissions },
  judge: ({ emissions }) => {
    if (emissions.read.length === 0 && emissions.unread.length === 0) return { status: 'skip', because: 'no pod runs' };
    return verdict(emissions.read.filter(isStock).map(finding), emissions.unread);
  },
});

function finding({ emitter }: Emission): Finding {
  const release = emitter.release === null ? '' : ` (image tag ${emitter.release})`;
  return {
    subject: emitter.subject,
    message: `this build${release} has no metrics endpoint: ${metricsPath} answers HTTP 200 with the web page of the program`,
    evidence: { saw: `text/html at port ${emitter.port}${metricsPath}`, run: ask(emitter, metricsPath) },
    remedy: {
      text: 'build an image from pull request 416 of tbphp/gpt-load, which was not merged (git fetch origin pull/416/head), or export the table request_logs of its database',
    },
    about: [emitter.key],
  };
}
