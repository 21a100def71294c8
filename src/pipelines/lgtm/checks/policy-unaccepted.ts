import { patching } from '../../../checks/patching.ts';
import { defineCheck, type Finding, type Remedy, verdict } from '../../../model/check.ts';
import type { Options } from '../../../model/fact.ts';
import { nearNames } from '../../../parse/near.ts';
import { gateways } from '../../envoy-ai-gateway/facts/gateways.ts';
import { identity } from '../../envoy-ai-gateway/facts/identity.ts';
import { proxies } from '../../envoy-ai-gateway/facts/proxies.ts';
import { type AiRoute, aiRoutes, httpRoutes, routeWanted } from '../../envoy-ai-gateway/facts/routes.ts';
import { type SecurityPolicy, securityPolicies } from '../../envoy-ai-gateway/facts/security-policies.ts';
import { aboutOf, showPolicy } from '../keyed-routes.ts';
import { ids } from '../names.ts';

/** A policy about callers that has no effect, or that makes its routes answer with errors. */
export const policyUnaccepted = defineCheck({
  id: ids.unaccepted,
  title: 'every policy with API keys is accepted',
  hop: 'configure',
  severity: 'error',
  why: 'A policy that is refused sets no header, and its routes refuse every request or let everybody in. Either way nobody is billed for what was meant to be theirs.',
  fix: 'Correct what the condition Accepted says with `kubectl describe securitypolicy NAME`.',
  follows: [ids.unsupported],
  needs: { aiRoutes, securityPolicies },
  wants: { httpRoutes, gateways, identity, proxies },
  judge({ aiRoutes, securityPolicies, httpRoutes, gateways, identity, proxies }, options) {
    const scoped = securityPolicies
      .filter(({ apiKey }) => apiKey !== null)
      .map((policy) => ({ policy, routes: targetedBy(policy, aiRoutes.routes, options) }));
    const known = {
      HTTPRoute: httpRoutes.status === 'read' ? httpRoutes.value : null,
      Gateway: gateways.status === 'read' ? gateways.value : null,
    };
    const lost = scoped
      .filter(({ policy }) => policy.accepted === null)
      .flatMap(({ policy }) => missingTarget(policy, known, aiRoutes.routes));
    const refused = scoped.filter(({ policy, routes }) => policy.accepted === false && routes.length > 0);
    if (scoped.every(({ routes }) => routes.length === 0) && lost.length === 0)
      return { status: 'skip', because: 'no SecurityPolicy with apiKeyAuth targets an AI route or its Gateway' };
    return verdict([
      ...refused.map(({ policy, routes }) =>
        unaccepted(
          policy,
          aboutOf(
            routes.flatMap((route) => route.gateways.map((gateway) => ({ gateway }))),
            identity,
            proxies,
          ),
        ),
      ),
      ...lost,
    ]);
  },
});

/** The AI routes that a policy targets, themselves or by their Gateway, accepted or not. */
function targetedBy(policy: SecurityPolicy, routes: readonly AiRoute[], options: Options): readonly AiRoute[] {
  const targets = (kind: string, namespace: string, name: string): boolean =>
    policy.namespace === namespace && policy.targets.some((target) => target.kind === kind && target.name === name);
  return routes
    .filter((route) => routeWanted(route, options))
    .filter(
      (route) =>
        targets('HTTPRoute', route.namespace, route.name) ||
        route.gateways.some((gateway) => targets('Gateway', gateway.namespace, gateway.name)) ||
        (policy.selects.includes('HTTPRoute') && policy.namespace === route.namespace),
    );
}

function unaccepted(policy: SecurityPolicy, about: readonly string[]): Finding {
  const said = policy.conditions.find(({ type, status }) => type === 'Accepted' && status === 'False');
  const reason = [said?.reason, said?.message].filter(Boolean).join(': ');
  return {
    subject: policy.subject,
    message: `it is not accepted${reason === '' ? '' : `: ${reason}`}`,
    evidence: { saw: `Accepted=False ${reason}`.trim(), run: showPolicy(policy) },
    remedy: {
      text: 'correct what the condition says; a duplicated key, a Secret in another namespace and a header of the wrong name are refused so',
    },
    about,
  };
}

interface KnownTargets {
  readonly HTTPRoute: readonly { readonly namespace: string; readonly name: string }[] | null;
  readonly Gateway: readonly { readonly namespace: string; readonly name: string }[] | null;
}

/** A policy without a status, in a namespace with AI routes, whose target is not there: no controller will ever say a word about it. */
function missingTarget(policy: SecurityPolicy, known: KnownTargets, routes: readonly AiRoute[]): readonly Finding[] {
  const near = routes.filter((route) => route.namespace === policy.namespace);
  const missing = policy.targets.filter(({ kind, name }) => {
    const all = kind === 'HTTPRoute' || kind === 'Gateway' ? known[kind] : null;
    return all !== null && !all.some((each) => each.namespace === policy.namespace && each.name === name);
  });
  const [target] = missing;
  if (target === undefined || missing.length < policy.targets.length || near.length === 0) return [];
  return [
    {
      subject: policy.subject,
      message: `its target ${target.kind} ${policy.namespace}/${target.name} does not exist, so it applies to nothing`,
      evidence: { saw: `targetRefs: ${missing.map(({ kind, name }) => `${kind} ${name}`).join(', ')}; no status`, run: showPolicy(policy) },
      remedy: retargeting(
        policy,
        missing,
        near.map(({ name }) => name),
      ),
    },
  ];
}

/** Exact where one name is lost, and one route is the only one or the only one that is named much like it. */
function retargeting({ namespace, name, subject }: SecurityPolicy, missing: SecurityPolicy['targets'], routes: readonly string[]): Remedy {
  const [target, ...others] = missing;
  const likely = routes.length === 1 ? routes : nearNames(target?.name ?? '', routes);
  const [route, ...more] = likely;
  if (target?.kind !== 'HTTPRoute' || others.length > 0 || route === undefined || more.length > 0)
    return { text: `name a route of its namespace, such as ${routes.slice(0, 3).join(', ')}` };
  const to = { resource: 'securitypolicy', namespace, name };
  return patching(`let ${subject} target HTTPRoute ${route}`, [to, [{ op: 'replace', path: target.path, value: route }]]);
}
