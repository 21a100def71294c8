import { defineCheck, type Finding, verdict } from '../../../model/check.ts';
import type { Options } from '../../../model/fact.ts';
import { type Gateway, gateways } from '../facts/gateways.ts';
import { type ProxyPod, proxies } from '../facts/proxies.ts';
import { aiRoutes, routeWanted, sameGateway } from '../facts/routes.ts';
import { labels } from '../names.ts';

/** Gateways with AI routes that no pod serves: nothing there can be judged, and nothing is counted. */
export const proxiesAbsent = defineCheck({
  id: 'proxies-absent',
  title: 'every Gateway with AI routes has proxy pods',
  hop: 'emit',
  severity: 'error',
  why: 'Where no proxy runs no request is served and no token is counted. A chain without its first link looks quiet, not broken.',
  fix: 'See with `kubectl describe gateway NAME` why it is not programmed, and read the logs of the controller that should create its pods.',
  needs: { proxies, routes: aiRoutes, gateways },
  judge: ({ proxies, routes, gateways }, options) => {
    const wanted = routes.routes.filter((route) => routeWanted(route, options));
    const routed = gateways.filter((gateway) => wanted.some((route) => route.gateways.some((ref) => sameGateway(ref, gateway))));
    if (routed.length === 0 && proxies.read.some(({ sidecar }) => sidecar !== null)) return verdict([], proxies.unread);
    if (routed.length === 0) return verdict([nothing(options)], proxies.unread);
    return verdict(
      routed.filter((gateway) => !proxies.read.some((proxy) => serves(proxy, gateway))).map((gateway) => unserved(gateway, options)),
      proxies.unread,
    );
  },
});

function serves({ gateway, gatewayClass }: ProxyPod, wanted: Gateway): boolean {
  return gateway === null ? gatewayClass === wanted.gatewayClass : sameGateway(gateway, wanted);
}

function narrowed({ selector, namespace, gateway }: Options): string {
  const where = namespace === null ? '' : ` in namespace ${namespace}`;
  const which = gateway === null ? '' : ` of Gateway ${gateway.namespace}/${gateway.name}`;
  return `${where}${which}${selector === null ? '' : ` that matches -l ${selector}`}`;
}

function unserved(gateway: Gateway, options: Options): Finding {
  const { namespace, name, subject, key } = gateway;
  const run = `kubectl get pods -A -l ${labels.gatewayNamespace}=${namespace},${labels.gatewayName}=${name}`;
  return {
    subject,
    message: `it has AI routes, and no proxy pod${options.selector === null ? '' : ` that matches -l ${options.selector}`} serves it`,
    evidence: { saw: 'no pods', run },
    remedy: { text: 'see what its conditions say', command: `kubectl -n ${namespace} describe gateway ${name}` },
    about: [key],
  };
}

function nothing(options: Options): Finding {
  return {
    subject: 'Gateway',
    message: `no AI route and no proxy pod with a sidecar was found${narrowed(options)}: nothing is metered there`,
    evidence: { saw: 'no AIGatewayRoute with a Gateway, no ai-gateway-extproc container', run: 'kubectl get aigatewayroutes,gateways -A' },
    remedy: { text: 'create an AIGatewayRoute whose parentRefs name a Gateway' },
  };
}
