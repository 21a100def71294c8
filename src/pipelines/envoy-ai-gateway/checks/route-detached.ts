import type { Condition } from '../../../facts/workloads.ts';
import { defineCheck, type Finding, verdict } from '../../../model/check.ts';
import { gateways } from '../facts/gateways.ts';
import { type ProxyPod, proxies } from '../facts/proxies.ts';
import { type AiRoute, aiRoutes, type GatewayRef, type HttpRoute, httpRoutes, routeWanted, sameGateway } from '../facts/routes.ts';
import { gatewayKey } from '../names.ts';

/** An AI route that carries no traffic. */
export const routeDetached = defineCheck({
  id: 'route-detached',
  title: 'every AI route is accepted and attached to its Gateway',
  hop: 'configure',
  severity: 'error',
  why: 'Requests to a route that is not attached are answered with 404 or go past the AI gateway. None of their tokens are counted.',
  fix: 'Correct what the condition names with `kubectl describe aigatewayroute NAME` and `kubectl describe httproute NAME`.',
  follows: ['controller-missing', 'controller-unready'],
  needs: { routes: aiRoutes },
  wants: { httpRoutes, gateways, proxies },
  judge: ({ routes, httpRoutes, gateways, proxies }, options) => {
    const wanted = routes.routes.filter((route) => routeWanted(route, options));
    if (wanted.length === 0)
      return { status: 'skip', because: routes.served ? 'there is no AIGatewayRoute' : 'the AIGatewayRoute resource is not installed' };
    const pods = proxies.status === 'read' ? proxies.value.read : [];
    const known = gateways.status === 'read' ? gateways.value : null;
    const found = wanted.flatMap((route) => {
      const refused = notAccepted(route);
      if (refused !== null) return [detached(route, route.gateways, refused, pods)];
      return httpRoutes.status === 'read' ? unattached(route, httpRoutes.value, known, pods) : [];
    });
    return verdict(found, httpRoutes.status === 'unread' ? [httpRoutes.unread] : []);
  },
});

interface Trouble {
  readonly message: string;
  readonly saw: string;
  readonly resource: 'aigatewayroute' | 'httproute';
}

/** One condition in every release: Accepted/True, or NotAccepted/False (internal/controller/ai_gateway_route.go). */
function notAccepted({ conditions }: AiRoute): Trouble | null {
  const resource = 'aigatewayroute';
  const refused = conditions.find(({ type, status }) => type === 'NotAccepted' || (type === 'Accepted' && status !== 'True'));
  if (refused !== undefined) return { message: `the controller does not accept it: ${said(refused)}`, saw: printed(refused), resource };
  if (conditions.some(({ type, status }) => type === 'Accepted' && status === 'True')) return null;
  return { message: 'no controller has looked at it: it has no condition', saw: 'status.conditions: none', resource };
}

const said = ({ reason, message }: Condition): string => [reason, message].filter(Boolean).join(': ');
const printed = (condition: Condition): string => `${condition.type}=${condition.status} ${said(condition)}`.trim();

function unattached(
  route: AiRoute,
  httpRoutes: readonly HttpRoute[],
  known: readonly GatewayRef[] | null,
  pods: readonly ProxyPod[],
): readonly Finding[] {
  const generated = httpRoutes.find(({ namespace, name }) => namespace === route.namespace && name === route.name);
  if (generated === undefined) {
    return [
      detached(
        route,
        route.gateways,
        { message: 'its HTTPRoute of the same name was not generated', saw: 'no such HTTPRoute', resource: 'httproute' },
        pods,
      ),
    ];
  }
  return route.gateways.flatMap((gateway) => {
    const trouble = troubleAt(gateway, generated, known);
    return trouble === null ? [] : [detached(route, [gateway], trouble, pods)];
  });
}

function troubleAt(gateway: GatewayRef, generated: HttpRoute, known: readonly GatewayRef[] | null): Trouble | null {
  const where = `Gateway ${gateway.namespace}/${gateway.name}`;
  const resource = 'httproute';
  const parents = generated.parents.filter((parent) => sameGateway(parent.gateway, gateway));
  if (parents.length === 0) {
    const missing = known !== null && !known.some((candidate) => sameGateway(candidate, gateway));
    const reason = missing ? `${where} does not exist` : `nothing serves ${where}: its HTTPRoute has no status for it`;
    return {
      message: `it is accepted, but not attached: ${reason}`,
      saw: `no parent ${gateway.namespace}/${gateway.name} in status.parents`,
      resource,
    };
  }
  const wrong = parents.map(({ conditions }) =>
    ['Accepted', 'ResolvedRefs'].flatMap(
      (type) => conditions.find((condition) => condition.type === type && condition.status !== 'True') ?? [],
    ),
  );
  if (wrong.some((conditions) => conditions.length === 0)) return null;
  const conditions = wrong.flat();
  return {
    message: `it is accepted, but its HTTPRoute is not sound at ${where}: ${conditions.map(said).join('; ')}`,
    saw: conditions.map(printed).join('; '),
    resource,
  };
}

function detached(
  route: AiRoute,
  gateways: readonly GatewayRef[],
  { message, saw, resource }: Trouble,
  pods: readonly ProxyPod[],
): Finding {
  const behind = pods.filter(({ gateway }) => gateway !== null && gateways.some((ref) => sameGateway(ref, gateway)));
  const run = `kubectl -n ${route.namespace} describe ${resource} ${route.name}`;
  return {
    subject: route.subject,
    message,
    evidence: { saw, run },
    remedy: { text: 'correct what the condition names', command: run },
    about: [...new Set([...gateways.map(gatewayKey), ...behind.map(({ key }) => key)])],
  };
}
