import { defineCheck, type Finding, type Remedy, verdict } from '../../../model/check.ts';
import { type Controller, controllers } from '../facts/controller.ts';
import { type ProxyPod, proxies, type Sidecar } from '../facts/proxies.ts';
import { rollout } from '../phrases.ts';
import { agreed } from '../releases.ts';
import { settingEnvironment, thenAnew } from '../remedies.ts';

/** Whether sidecars push the same metrics by OTLP that are scraped. */
export const otlpDouble = defineCheck({
  id: 'otlp-double',
  title: 'sidecars do not push by OTLP what is scraped from them',
  hop: 'emit',
  severity: 'warning',
  why: 'An OTLP endpoint set for traces also starts a push of metrics. Where both ways end in one store, every token is there twice, perhaps under two names.',
  fix: 'Set OTEL_METRICS_EXPORTER=none on the sidecar (helm: extProc.extraEnvVars; or a GatewayConfig), or stop scraping it.',
  follows: ['uninjected-proxies'],
  needs: { proxies },
  wants: { controllers },
  judge({ proxies, controllers }) {
    const controller = (controllers.status === 'read' ? controllers.value[0] : undefined) ?? null;
    const findings = proxies.read.flatMap((proxy) => (proxy.sidecar === null ? [] : pushes(proxy, proxy.sidecar, controller)));
    return verdict(findings, proxies.unread);
  },
});

/** internal/metrics/metrics.go from v0.4 on: the Prometheus reader is always there, and these variables add a push. */
function pushes(proxy: ProxyPod, sidecar: Sidecar, controller: Controller | null): readonly Finding[] {
  // v0.2 and v0.3 read no OTEL variable.
  if (agreed(sidecar.guess, (release) => release.portFlag === 'metricsPort') === true) return [];
  const env = new Map(sidecar.container.env.map(({ name, value }) => [name, value]));
  const endpoint = ['OTEL_EXPORTER_OTLP_METRICS_ENDPOINT', 'OTEL_EXPORTER_OTLP_ENDPOINT'].find(
    (name) => env.has(name) && env.get(name) !== '',
  );
  const exporter = env.get('OTEL_METRICS_EXPORTER') ?? 'otlp';
  if (endpoint === undefined || env.get('OTEL_SDK_DISABLED') === 'true' || (exporter !== '' && !exporter.includes('otlp'))) return [];
  const { namespace, name } = proxy.pod;
  return [
    {
      subject: proxy.subject,
      about: [proxy.key],
      message: `${endpoint} is set and OTEL_METRICS_EXPORTER is not none, so the sidecar pushes its metrics besides serving them`,
      evidence: { saw: `env ${endpoint}`, run: `kubectl -n ${namespace} get pod ${name} -o jsonpath='{.spec..env}'` },
      remedy: remedyOf(controller, rollout(proxy.pod)),
    },
  ];
}

function remedyOf(controller: Controller | null, restart: string): Remedy {
  const set = controller === null ? null : settingEnvironment(controller, 'OTEL_METRICS_EXPORTER', 'none');
  if (controller === null || set === null) return { text: 'add OTEL_METRICS_EXPORTER=none to the sidecar, and recreate the proxies' };
  return { ...set, command: thenAnew(set.command, controller, restart) };
}
