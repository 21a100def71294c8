import { raise } from '../../../facts/listed.ts';
import { type Attempt, defineFact } from '../../../model/fact.ts';
import type { Installed } from '../../../model/pipeline.ts';
import type { Many } from '../../../model/source.ts';
import { type Controller, controllers } from './controller.ts';
import { type ProxyPod, proxies } from './proxies.ts';
import { type AiRoute, aiRoutes } from './routes.ts';

const lookedFor = [
  'the AIGatewayRoute resource of aigateway.envoyproxy.io',
  'a Deployment that runs ai-gateway-controller or has the flag --extProcImage',
  'an ai-gateway-extproc container in pods managed by envoy-gateway',
];

/** Whether the gateway is there, by its API, its controller or its sidecars; a refused read is not absence. */
export const installed = defineFact({
  id: 'envoy-ai-gateway',
  title: 'Envoy AI Gateway',
  wants: { routes: aiRoutes, controllers, proxies },
  read: ({ routes, controllers, proxies }): Installed => {
    const found =
      (routes.status === 'read' && routes.value.served) ||
      (controllers.status === 'read' && controllers.value.length > 0) ||
      (proxies.status === 'read' && proxies.value.read.some(({ sidecar }) => sidecar !== null));
    if (found) return { status: 'installed', variant: variantOf(controllers, proxies), summary: summaryOf(proxies, routes) };
    for (const attempt of [routes, controllers, proxies]) if (attempt.status === 'unread') raise(attempt.unread);
    return { status: 'absent', lookedFor };
  },
});

/** The releases of the sidecars, oldest first; the controller's while there is none. */
function variantOf(controllers: Attempt<readonly Controller[]>, proxies: Attempt<Many<ProxyPod>>): string | null {
  const sidecars = proxies.status === 'read' ? proxies.value.read.flatMap(({ sidecar }) => sidecar ?? []) : [];
  const guesses = sidecars.length > 0 ? sidecars : controllers.status === 'read' ? controllers.value : [];
  const versions = guesses.flatMap(({ guess }) => guess.version ?? []);
  const ordered = [...new Set(versions)].sort((left, right) => left.localeCompare(right, 'en', { numeric: true }));
  return ordered.length === 0 ? null : ordered.join(', ');
}

function summaryOf(
  proxies: Attempt<Many<ProxyPod>>,
  routes: Attempt<{ readonly served: boolean; readonly routes: readonly AiRoute[] }>,
): string {
  if (proxies.status === 'unread') return 'proxies could not be read';
  const pods = proxies.value.read;
  const owners = new Set(
    pods.map(({ gateway, gatewayClass }) => (gateway === null ? gatewayClass : `${gateway.namespace}/${gateway.name}`)),
  );
  const about = `${counted(pods.length, 'proxy', 'proxies')} of ${counted(owners.size, 'gateway', 'gateways')}`;
  return routes.status === 'read' && routes.value.served
    ? `${about}, ${counted(routes.value.routes.length, 'AI route', 'AI routes')}`
    : about;
}

const counted = (count: number, one: string, many: string): string => `${count} ${count === 1 ? one : many}`;
