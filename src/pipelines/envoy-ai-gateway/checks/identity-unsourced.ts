import type { IdentityLabel } from '../../../facts/emitters.ts';
import { defineCheck, type Finding, verdict } from '../../../model/check.ts';
import { identity } from '../facts/identity.ts';
import { proxies } from '../facts/proxies.ts';
import { aiRoutes, routeWanted, sameGateway } from '../facts/routes.ts';
import { securityPolicies } from '../facts/security-policies.ts';
import { type TrafficPolicy, trafficPolicies } from '../facts/traffic-policies.ts';
import { policiesOf, type RoutePolicies, sourceOf, usuallyArray } from '../identity-sources.ts';
import { metered } from '../metered.ts';
import { overwriting } from '../traffic-remedies.ts';

/** Who writes the mapped headers: a policy of the gateway, or whoever calls it. */
export const identityUnsourced = defineCheck({
  id: 'identity-unsourced',
  title: 'a policy sets every mapped header on every route',
  hop: 'configure',
  severity: 'warning',
  inObjects: true,
  why: 'A header that no policy sets is whatever the caller sends: tokens are billed to a tenant of the caller’s choice. A caller that sends none is billed to nobody.',
  fix: 'Set the header from the credentials in a SecurityPolicy (apiKeyAuth.forwardClientIDHeader, jwt.providers[].claimToHeaders with a scalar claim) that targets the Gateway or the route.',
  follows: ['mapping-missing', 'mapping-invalid', 'controller-missing'],
  needs: { aiRoutes, identity, securityPolicies },
  wants: { proxies, traffic: trafficPolicies },
  judge({ aiRoutes, identity, securityPolicies, proxies, traffic }, options) {
    const mapped = identity.filter(({ header }) => header !== null && possible.test(header));
    if (mapped.length === 0) return { status: 'skip', because: 'no request header is mapped to a label' };
    const routes = aiRoutes.routes.filter((route) => routeWanted(route, options));
    if (routes.length === 0) return { status: 'skip', because: 'there is no AIGatewayRoute' };
    const pairs = routes.flatMap((route) => route.gateways.map((gateway) => policiesOf(route, gateway, securityPolicies)));
    const pods = metered(proxies);
    const early = traffic.status === 'read' ? traffic.value : [];
    return verdict(
      pairs.flatMap((pair) => [
        ...unsourced(pair, mapped, {
          pods,
          early: early.filter(({ gateways }) => gateways.some((gateway) => sameGateway(gateway, pair.gateway))),
        }),
        ...optional(pair, mapped, pods),
        ...arrays(pair, mapped, pods),
      ]),
    );
  },
});

// RFC 9110 token: what holds a quote is no header, and mapping-ineffective says so.
const possible = /^[!#$%&'*+.^`|~\w-]+$/;

type Pods = ReturnType<typeof metered>;

interface Around {
  readonly pods: Pods;
  /** The ClientTrafficPolicies of the route's Gateway. */
  readonly early: readonly TrafficPolicy[];
}

function unsourced(pair: RoutePolicies, mapped: readonly IdentityLabel[], { pods, early }: Around): readonly Finding[] {
  const isSet = (header: string): boolean =>
    sourceOf(header, [...pair.effective, ...pair.replaced]) !== null || early.some(({ sets }) => sets.includes(header.toLowerCase()));
  const missing = mapped.filter(({ header }) => !isSet(header ?? ''));
  if (missing.length === 0) return [];
  const headers = missing.map(({ header }) => header).join(', ');
  const stripper = early.find(({ strips }) => missing.every(({ header }) => strips.includes((header ?? '').toLowerCase())));
  const fate =
    stripper === undefined
      ? 'absent, or whatever the caller sends'
      : `absent, because ClientTrafficPolicy ${stripper.namespace}/${stripper.name} strips what callers send`;
  return [
    {
      ...base(pair, missing, pods),
      message: `nothing sets ${headers} on requests of this route (${stateOf(pair, missing)}): ${labels(missing)} ${missing.length === 1 ? 'is' : 'are'} ${fate}`,
      evidence: { saw: stateOf(pair, missing), run: listPolicies(pair) },
      remedy:
        stripper === undefined
          ? overwriting(
              missing.map(({ header }) => header ?? ''),
              pair.gateway,
              early,
            )
          : { text: `set ${headers} in a SecurityPolicy: from which credentials, only you know` },
    },
  ];
}

function stateOf({ effective }: RoutePolicies, missing: readonly IdentityLabel[]): string {
  if (effective.length === 0) return 'no SecurityPolicy applies to it';
  const verb = effective.length === 1 ? 'does' : 'do';
  return `${effective.map((policy) => policy.subject).join(', ')} ${verb} not set ${missing.length === 1 ? 'it' : 'them'}`;
}

function optional(pair: RoutePolicies, mapped: readonly IdentityLabel[], pods: Pods): readonly Finding[] {
  const open = mapped.filter(({ header }) => {
    const source = sourceOf(header ?? '', pair.effective);
    return source?.produced.by === 'JWT claim' && source.policy.optional;
  });
  const policy = pair.effective.find((candidate) => candidate.optional);
  if (open.length === 0 || policy === undefined) return [];
  return [
    {
      ...base(pair, open, pods),
      message: `${policy.subject} lets requests without a token pass (jwt.optional), and their tokens are nobody's`,
      evidence: {
        saw: 'jwt.optional: true',
        run: `kubectl -n ${policy.namespace} get securitypolicy ${policy.name} -o jsonpath='{.spec.jwt.optional}'`,
      },
      remedy: {
        text: `set spec.jwt.optional of ${policy.subject} to false`,
        command: `kubectl -n ${policy.namespace} patch securitypolicy ${policy.name} --type merge -p '{"spec":{"jwt":{"optional":false}}}'`,
      },
    },
  ];
}

function arrays(pair: RoutePolicies, mapped: readonly IdentityLabel[], pods: Pods): readonly Finding[] {
  return mapped.flatMap((label) => {
    const source = sourceOf(label.header ?? '', pair.effective);
    if (source === null || !usuallyArray(source.produced.claim)) return [];
    const { policy, produced } = source;
    return [
      {
        ...base(pair, [label], pods),
        message: `${policy.subject} sets ${label.header} from the claim ${produced.claim}, which is usually an array, and only strings, numbers and booleans are forwarded: ${label.label} stays absent`,
        evidence: {
          saw: `claim: ${produced.claim}, header: ${produced.header}`,
          run: `kubectl -n ${policy.namespace} get securitypolicy ${policy.name} -o jsonpath='{.spec.jwt.providers[*].claimToHeaders}'`,
        },
        remedy: { text: `let the identity provider issue a claim with one value, and map that one to ${label.header}` },
      },
    ];
  });
}

function base(pair: RoutePolicies, missing: readonly IdentityLabel[], pods: Pods): Pick<Finding, 'subject' | 'about'> {
  return { subject: pair.route.subject, about: [...missing.map(({ label }) => `label ${label}`), ...pods(pair.gateway)] };
}

function labels(missing: readonly IdentityLabel[]): string {
  return `the label${missing.length === 1 ? '' : 's'} ${missing.map(({ label }) => label).join(', ')}`;
}

function listPolicies(pair: RoutePolicies): string {
  const namespaces = new Set([pair.route.namespace, pair.gateway.namespace]);
  return [...namespaces].map((namespace) => `kubectl -n ${namespace} get securitypolicy -o yaml`).join('; ');
}
