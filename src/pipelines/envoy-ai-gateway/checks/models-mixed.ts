import { listed } from '../../../checks/phrases.ts';
import type { Emission } from '../../../facts/emitters.ts';
import { defineCheck, type Finding, verdict } from '../../../model/check.ts';
import { emissions, guessWith } from '../facts/emissions.ts';
import { proxies } from '../facts/proxies.ts';
import { agreed, type Guess } from '../releases.ts';
import { busy, showMetrics } from '../traffic.ts';

/** Releases that credit the tokens of concurrent requests to each other's models. */
export const modelsMixed = defineCheck({
  id: 'models-mixed',
  title: 'tokens are credited to the model that used them',
  hop: 'emit',
  severity: 'warning',
  why: 'This release puts tokens on the wrong model when requests for several models are in flight at once. Totals over models and per user are right, figures per model are not.',
  fix: 'Upgrade the gateway to v0.4 or later, and bill by user rather than by model until then.',
  needs: { emissions, proxies },
  judge: ({ emissions, proxies }) => {
    const byKey = new Map(proxies.read.map((proxy) => [proxy.key, proxy]));
    const mixing = emissions.read.filter(({ emitter, target }) => mixes(guessWith(byKey.get(emitter.key), target)));
    if (mixing.length === 0 && emissions.read.length > 0) return verdict([], emissions.unread);
    if (emissions.read.length === 0 && emissions.unread.length === 0) return { status: 'skip', because: 'no proxy has a sidecar' };
    return verdict(
      busy(mixing).flatMap(({ emission, series }) => mixed(emission, modelsOf(series)) ?? []),
      emissions.unread,
    );
  },
});

function mixes(guess: Guess | null): boolean {
  return guess !== null && agreed(guess, ({ mixesModels }) => mixesModels) === true;
}

/** "unknown" is what v0.3 writes for a request that it could not attribute (facts of #1160). */
function modelsOf(series: readonly { readonly labels: Readonly<Record<string, string>> }[]): readonly string[] {
  return [...new Set(series.flatMap(({ labels }) => labels.gen_ai_request_model ?? []))].filter((model) => model !== 'unknown').sort();
}

function mixed(emission: Emission, models: readonly string[]): Finding | null {
  if (models.length < 2) return null;
  const { emitter } = emission;
  return {
    subject: emitter.subject,
    message: `${emitter.release ?? 'this release'} serves ${models.length} models (${listed(models)}) and mixes up their tokens under concurrency: figures per model cannot be trusted, totals can`,
    evidence: { saw: `gen_ai_request_model: ${models.join(', ')}`, run: showMetrics(emission, '_sum') },
    remedy: {
      text: 'upgrade to v0.4 or later, with the CRDs and the Envoy Gateway that its compatibility matrix names: no one command does',
    },
    about: [emitter.key],
  };
}
