import type { IdentityLabel } from '../../../facts/emitters.ts';
import { defineCheck, type Finding, verdict } from '../../../model/check.ts';
import { identity } from '../facts/identity.ts';
import { proxies } from '../facts/proxies.ts';
import { aiRoutes, routeWanted } from '../facts/routes.ts';
import { securityPolicies } from '../facts/security-policies.ts';
import { policiesOf, type RoutePolicies, sourceOf } from '../identity-sources.ts';
import { metered } from '../metered.ts';

/** A route's own policy replaces the Gateway's as a whole, with the header that it set. */
export const identityOverridden = defineCheck({
  id: 'identity-overridden',
  title: 'no route’s own policy drops the header that its Gateway’s policy sets',
  hop: 'configure',
  severity: 'warning',
  why: 'A policy on a route replaces the Gateway’s policy as a whole. Requests of that route lose the identity header, and their tokens are nobody’s.',
  fix: 'Set the header in the route’s SecurityPolicy too, or give it mergeType: StrategicMerge.',
  follows: ['mapping-missing', 'mapping-invalid'],
  needs: { aiRoutes, identity, securityPolicies },
  wants: { proxies },
  judge({ aiRoutes, identity, securityPolicies, proxies }, options) {
    const mapped = identity.filter((label) => label.header !== null);
    if (mapped.length === 0) return { status: 'skip', because: 'no request header is mapped to a label' };
    const routes = aiRoutes.routes.filter((route) => routeWanted(route, options));
    const pairs = routes.flatMap((route) => route.gateways.map((gateway) => policiesOf(route, gateway, securityPolicies)));
    const pods = metered(proxies);
    return verdict(pairs.flatMap((pair) => overridden(pair, mapped, pods(pair.gateway))));
  },
});

function overridden(pair: RoutePolicies, mapped: readonly IdentityLabel[], pods: readonly string[]): readonly Finding[] {
  const lost = mapped.filter(
    ({ header }) => sourceOf(header ?? '', pair.effective) === null && sourceOf(header ?? '', pair.replaced) !== null,
  );
  const [own] = pair.effective;
  const [replaced] = pair.replaced;
  if (lost.length === 0 || own === undefined || replaced === undefined) return [];
  const headers = lost.map(({ header }) => header).join(', ');
  const said = replaced.conditions.find((condition) => condition.type === 'Overridden' && condition.status === 'True')?.message;
  return [
    {
      subject: pair.route.subject,
      about: [...lost.map(({ label }) => `label ${label}`), ...pods],
      message: `${own.subject} replaces ${replaced.subject} on this route and does not set ${headers}`,
      evidence: {
        saw: said ?? `${own.subject} without ${headers}`,
        run: `kubectl -n ${own.namespace} get securitypolicy ${own.name} -o yaml`,
      },
      remedy: {
        text: `let ${own.subject} merge with the Gateway's policy, or set ${headers} in it as well`,
        command: `kubectl -n ${own.namespace} patch securitypolicy ${own.name} --type merge -p '{"spec":{"mergeType":"StrategicMerge"}}'`,
      },
    },
  ];
}
