import { readEmissions } from '../../../facts/emissions.ts';
import type { Emission, Emitter } from '../../../facts/emitters.ts';
import { tunnelling } from '../../../facts/kinds.ts';
import type { Page } from '../../../facts/metrics-page.ts';
import { defineFact } from '../../../model/fact.ts';
import type { Many, Unread } from '../../../model/source.ts';
import { acceptedText, meter } from '../meter.ts';
import { tokenFamily } from '../names.ts';
import { emitters } from './emitters.ts';

/** What /metrics of every pod says, read once. One that asks for a token which nobody gave could not be looked at. */
export const emissions = defineFact({
  id: 'gpt-load-emissions',
  title: 'metrics of each gpt-load pod',
  reads: tunnelling,
  needs: { emitters },
  read: async ({ emitters }, { source, options }): Promise<Many<Emission>> => {
    const { metricsToken } = options;
    const headers = metricsToken === undefined ? {} : { headers: { Authorization: `Bearer ${metricsToken}` } };
    const all = await readEmissions(source, emitters, { meter, accept: acceptedText, ...headers }, told);
    return metricsToken === undefined ? withoutRefused(all) : all;
  },
});

function told(emitter: Emitter, { family, series, labelNames, requests, target }: Page): Emission {
  if (family === null && requests.length === 0 && target !== null) {
    const message = `port ${emitter.port} serves metrics of another program: no gpt_load family`;
    return { emitter, outcome: { status: 'unreadable', problem: 'not-metrics', message }, target: {} };
  }
  if (family === null && requests.length === 0) return { emitter, outcome: { status: 'idle' }, target: {} };
  // A counter of tokens has no observations: whatever it counted stands for them.
  const counted = series.map(({ labels, sum }) => ({ labels, sum, count: sum }));
  return { emitter, outcome: { status: 'metered', family: family ?? tokenFamily, series: counted, labelNames, requests }, target: {} };
}

/** Whether an endpoint refused the token, or that there was none. */
export function refusesToken({ outcome }: Emission): boolean {
  return outcome.status === 'unreadable' && outcome.problem === 'http-status' && /^HTTP (401|403)\b/.test(outcome.message);
}

function withoutRefused({ read, unread }: Many<Emission>): Many<Emission> {
  const refused = read.filter(refusesToken).map(({ emitter, outcome }): Unread => {
    const said = outcome.status === 'unreadable' ? outcome.message : '';
    return {
      what: `metrics of ${emitter.key}`,
      reason: 'forbidden',
      message: `${emitter.path} of ${emitter.key} asks for a bearer token and answers ${said} (needs --metrics-token-file)`,
      needs: '--metrics-token-file',
    };
  });
  return { read: read.filter((emission) => !refusesToken(emission)), unread: [...unread, ...refused] };
}
