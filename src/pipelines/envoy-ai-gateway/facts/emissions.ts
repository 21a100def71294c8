import { readEmissions } from '../../../facts/emissions.ts';
import type { Emission, Emitter } from '../../../facts/emitters.ts';
import { tunnelling } from '../../../facts/kinds.ts';
import type { Page } from '../../../facts/metrics-page.ts';
import { defineFact } from '../../../model/fact.ts';
import type { Many } from '../../../model/source.ts';
import { sidecarGuess } from '../guess.ts';
import { acceptedText, meter } from '../meter.ts';
import type { Guess } from '../releases.ts';
import { emitters } from './emitters.ts';
import { type ProxyPod, proxies } from './proxies.ts';

/** What /metrics of every sidecar says, read once. */
export const emissions = defineFact({
  id: 'emissions',
  title: 'metrics of each proxy',
  reads: tunnelling,
  needs: { emitters, proxies },
  read: async ({ emitters, proxies }, { source }): Promise<Many<Emission>> => {
    const byKey = new Map(proxies.read.map((proxy) => [proxy.key, proxy]));
    return readEmissions(source, emitters, { meter, accept: acceptedText }, (emitter, page) =>
      told(refined(emitter, byKey.get(emitter.key), page), page),
    );
  },
});

function refined(emitter: Emitter, proxy: ProxyPod | undefined, { target }: Page): Emitter {
  const guess = guessWith(proxy, target ?? {});
  return guess === null ? emitter : { ...emitter, release: guess.version };
}

/** The release of a proxy's sidecar, now that the process itself has said what it was built from. */
export function guessWith(proxy: ProxyPod | undefined, target: Emission['target']): Guess | null {
  const sidecar = proxy?.sidecar;
  if (sidecar == null) return null;
  const sdk = target.telemetry_sdk_version;
  return sdk === undefined ? sidecar.guess : sidecarGuess(sidecar.container, sidecar.flags, sidecar.port, sdk);
}

function told(emitter: Emitter, { family, series, labelNames, requests, target }: Page): Emission {
  if (target === null && family === null && requests.length === 0) {
    const message = `port ${emitter.port} serves metrics of another program: neither target_info nor a gen_ai family`;
    return { emitter, outcome: { status: 'unreadable', problem: 'not-metrics', message }, target: {} };
  }
  if (family === null && requests.length === 0) return { emitter, outcome: { status: 'idle' }, target: target ?? {} };
  const named = family ?? 'gen_ai_client_token_usage';
  return { emitter, outcome: { status: 'metered', family: named, series, labelNames, requests }, target: target ?? {} };
}
