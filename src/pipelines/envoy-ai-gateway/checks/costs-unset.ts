import { listed } from '../../../checks/phrases.ts';
import { defineCheck, type Finding, verdict } from '../../../model/check.ts';
import { controllers } from '../facts/controller.ts';
import { configOf, type GatewayConfig, gatewayConfigs } from '../facts/gateway-configs.ts';
import { type Gateway, gateways } from '../facts/gateways.ts';
import { type AiRoute, aiRoutes, routeWanted, sameGateway } from '../facts/routes.ts';
import { annotations } from '../names.ts';
import { agreed, type Guess } from '../releases.ts';
import { settingCosts } from '../remedies.ts';

/** Gateways that leave the metering of streams to their clients. Costs count for a Gateway as a whole: one route that has them is enough. */
export const costsUnset = defineCheck({
  id: 'costs-unset',
  title: 'every Gateway with AI routes asks for the usage of streams',
  hop: 'configure',
  severity: 'warning',
  inObjects: true,
  why: 'Without llmRequestCosts the gateway does not ask its backends to report the usage of streamed chat completions. Such a stream is metered only if the client itself sends stream_options.include_usage.',
  fix: 'Set `spec.llmRequestCosts` on one AIGatewayRoute of the Gateway, or `spec.globalLLMRequestCosts` in its GatewayConfig.',
  needs: { routes: aiRoutes, gateways },
  wants: { configs: gatewayConfigs, controllers },
  judge: ({ routes, gateways, configs, controllers }, options) => {
    const wanted = routes.routes.filter((route) => routeWanted(route, options));
    const guess = (controllers.status === 'read' ? controllers.value[0]?.guess : undefined) ?? null;
    const routed = gateways.filter((gateway) => wanted.some((route) => route.gateways.some((ref) => sameGateway(ref, gateway))));
    const without = routed.filter(
      (gateway) => !routes.routes.some((route) => route.costs.length > 0 && route.gateways.some((ref) => sameGateway(ref, gateway))),
    );
    if (routed.length === 0) return { status: 'skip', because: 'there is no Gateway with an AI route' };
    const hopeful = without.filter((gateway) => mayHaveGlobalCosts(gateway, guess));
    if (configs.status === 'unread')
      return verdict(
        findingsOf(
          without.filter((gateway) => !hopeful.includes(gateway)),
          routes.routes,
          guess,
        ),
        hopeful.length > 0 ? [configs.unread] : [],
      );
    const unset = without.filter((gateway) => !(hopeful.includes(gateway) && hasCosts(configOf(gateway, configs.value))));
    return verdict(findingsOf(unset, routes.routes, guess));
  },
});

const mayHaveGlobalCosts = (gateway: Gateway, guess: Guess | null): boolean =>
  annotations.gatewayConfig in gateway.annotations && (guess === null || agreed(guess, ({ globalCosts }) => globalCosts) !== false);

const hasCosts = (config: GatewayConfig | null): boolean => (config?.costs.length ?? 0) > 0;

function findingsOf(gateways: readonly Gateway[], routes: readonly AiRoute[], guess: Guess | null): readonly Finding[] {
  return gateways.map((gateway) => {
    const own = routes.filter((route) => route.gateways.some((ref) => sameGateway(ref, gateway)));
    const [first] = own;
    const left = guess === null ? null : agreed(guess, ({ unaskedStreams }) => unaskedStreams);
    const trace = left === null ? '' : left === 'zeros' ? ', and the others leave samples of 0' : ', and the others leave no sample';
    const never = guess !== null && agreed(guess, ({ line }) => line) === 'v0.2';
    return {
      subject: gateway.subject,
      message: `no route of it has llmRequestCosts: streamed chat completions are metered only if the client sends stream_options.include_usage${trace}`,
      evidence: {
        saw: `spec.llmRequestCosts: none on ${listed(own.map(({ namespace, name }) => `${namespace}/${name}`))}`,
        run: `kubectl -n ${first?.namespace ?? gateway.namespace} get aigatewayroute ${first?.name ?? ''} -o yaml`,
      },
      // v0.2.1 never asks for usage, costs or no costs (recorded: cmp-costs-plain.prom).
      remedy: never
        ? { text: 'have clients send stream_options.include_usage, or upgrade to v0.3 or later' }
        : settingCosts(first?.subject ?? 'one route', { namespace: first?.namespace ?? gateway.namespace, name: first?.name ?? '' }),
      about: [gateway.key],
    };
  });
}
