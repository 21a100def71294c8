import type { Emission } from '../../../facts/emitters.ts';
import { defineCheck, type Finding, type Remedy, verdict } from '../../../model/check.ts';
import { type Controller, controllers } from '../facts/controller.ts';
import { emissions, guessWith } from '../facts/emissions.ts';
import { type ProxyPod, proxies } from '../facts/proxies.ts';
import { rollout } from '../phrases.ts';
import { agreed } from '../releases.ts';
import { settingEnvironment, thenAnew } from '../remedies.ts';
import { isOverflow, showMetrics } from '../traffic.ts';

/** otel-go's variable; honoured from v0.3 on, 0 means no limit (recorded: cardinality-report.txt). */
const variable = 'OTEL_GO_X_CARDINALITY_LIMIT';
/** Share of the limit from which on it is about to be reached. */
const near = 0.8;

/** Label sets beyond the limit, whose identity is gone, or nearly so. */
export const seriesOverflow = defineCheck({
  id: 'series-overflow',
  title: 'no sidecar has reached its limit of label sets',
  hop: 'emit',
  severity: 'error',
  why: 'Beyond the limit every new user, model and token type is folded into one series that has lost all of them, until the process restarts. The grand total stays right, so nothing looks wrong.',
  fix: 'Set `OTEL_GO_X_CARDINALITY_LIMIT=0` (no limit) or a higher number in the environment of the sidecar, or map fewer labels.',
  needs: { emissions, proxies },
  wants: { controllers },
  judge: ({ emissions, proxies, controllers }) => {
    const controller = (controllers.status === 'read' ? controllers.value[0] : undefined) ?? null;
    const byKey = new Map(proxies.read.map((proxy) => [proxy.key, proxy]));
    const metered = emissions.read.filter(({ outcome }) => outcome.status === 'metered');
    if (metered.length === 0 && emissions.unread.length === 0) return { status: 'skip', because: 'no sidecar has counted tokens yet' };
    return verdict(
      metered.flatMap((emission) => crowded(emission, byKey.get(emission.emitter.key), controller) ?? []),
      emissions.unread,
    );
  },
});

/** The limit in force; null: none, or none that could be told. */
function limitOf(proxy: ProxyPod | undefined, target: Emission['target']): number | null {
  const sidecar = proxy?.sidecar;
  if (sidecar == null) return null;
  const set = sidecar.container.env.find(({ name }) => name === variable)?.value ?? null;
  const value = set === null || set.trim() === '' ? Number.NaN : Number(set);
  if (Number.isInteger(value)) return value > 0 ? value : null;
  const guess = guessWith(proxy, target);
  return guess === null ? null : agreed(guess, ({ seriesLimit }) => seriesLimit);
}

function crowded(emission: Emission, proxy: ProxyPod | undefined, controller: Controller | null): Finding | null {
  const { emitter, outcome } = emission;
  if (outcome.status !== 'metered') return null;
  const sets = outcome.series.filter((entry) => !isOverflow(entry)).length;
  const folded = outcome.series.filter(isOverflow);
  const limit = limitOf(proxy, emission.target);
  const finding = (message: string, saw: string): Finding => ({
    subject: emitter.subject,
    message,
    evidence: { saw, run: showMetrics(emission, '-c "_count{"') },
    remedy: remedyOf(controller, proxy),
    about: [emitter.key],
  });
  if (folded.length > 0) {
    const tokens = folded.reduce((sum, entry) => sum + entry.sum, 0);
    return finding(
      `its limit of label sets is reached (${sets} are in use): ${tokens} tokens were folded into a series without user, model or token type`,
      'otel_metric_overflow="true"',
    );
  }
  if (limit === null || sets <= limit * near) return null;
  return {
    ...finding(`${sets} of ${limit} label sets are taken; the next users will lose their identity`, `${sets} label sets`),
    severity: 'warning',
  };
}

function remedyOf(controller: Controller | null, proxy: ProxyPod | undefined): Remedy {
  const set = controller === null ? null : settingEnvironment(controller, variable, '0');
  const text = `set ${variable} to 0 (no limit) or higher in the sidecar's environment, by the Helm value extProc.extraEnvVars or a GatewayConfig, and create the proxies anew`;
  if (controller === null || set === null) return { text };
  return proxy === undefined ? set : { ...set, command: thenAnew(set.command, controller, rollout(proxy.pod)) };
}
