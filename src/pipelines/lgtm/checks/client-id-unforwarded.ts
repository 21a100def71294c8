import { listed } from '../../../checks/phrases.ts';
import { defineCheck, type Finding, verdict } from '../../../model/check.ts';
import { shellWord } from '../../../parse/shell-word.ts';
import { controllers } from '../../envoy-ai-gateway/facts/controller.ts';
import { identity } from '../../envoy-ai-gateway/facts/identity.ts';
import { proxies } from '../../envoy-ai-gateway/facts/proxies.ts';
import { aiRoutes } from '../../envoy-ai-gateway/facts/routes.ts';
import { securityPolicies } from '../../envoy-ai-gateway/facts/security-policies.ts';
import { sourceOf } from '../../envoy-ai-gateway/identity-sources.ts';
import { aboutOf, byPolicy, type KeyedRoute, keyedRoutes, showPolicy, unkeyed } from '../keyed-routes.ts';
import { ids } from '../names.ts';

/** API keys that tell the gateway who calls, and nobody after it. */
export const clientIdUnforwarded = defineCheck({
  id: ids.unforwarded,
  title: 'every policy with API keys forwards the client ID',
  hop: 'configure',
  severity: 'error',
  inObjects: true,
  why: 'The gateway knows whose key it accepted and keeps it to itself. Tokens of every caller are counted for nobody, and no dashboard can tell them apart later.',
  fix: 'Set `spec.apiKeyAuth.forwardClientIDHeader: x-client-id` and `spec.apiKeyAuth.sanitize: true` in the SecurityPolicy, in whatever renders it.',
  follows: [ids.unsupported],
  needs: { aiRoutes, securityPolicies },
  wants: { identity, proxies, controllers },
  judge({ aiRoutes, securityPolicies, identity, proxies, controllers }, options) {
    const keyed = keyedRoutes(aiRoutes.routes, securityPolicies, options);
    if (keyed.length === 0) return { status: 'skip', because: unkeyed };
    const mapped = identity.status === 'read' ? identity.value.flatMap(({ header }) => header ?? []) : [];
    const header = (controllers.status === 'read' ? controllers.value[0]?.mapping.pairs[0]?.header : undefined) ?? 'x-client-id';
    // Another policy of the route may say who calls.
    const silent = keyed.filter(
      ({ apiKey, effective }) => apiKey.forwards === null && !mapped.some((each) => sourceOf(each, effective) !== null),
    );
    const leaking = keyed.filter(({ apiKey }) => apiKey.forwards !== null && !apiKey.sanitizes);
    return verdict([
      ...byPolicy(silent).map((routes) => unforwarded(routes, header, aboutOf(routes, identity, proxies))),
      ...byPolicy(leaking).map(unsanitized),
    ]);
  },
});

const routesOf = (keyed: readonly KeyedRoute[]): string => listed([...new Set(keyed.map(({ route }) => route.subject))]);

function unforwarded(keyed: readonly KeyedRoute[], header: string, about: readonly string[]): Finding {
  const [{ policy }] = keyed as readonly [KeyedRoute];
  const patch = { spec: { apiKeyAuth: { forwardClientIDHeader: header, sanitize: true } } };
  return {
    subject: policy.subject,
    message: `it checks API keys and forwards no client ID: the tokens of ${routesOf(keyed)} are counted for nobody`,
    evidence: { saw: 'spec.apiKeyAuth without forwardClientIDHeader', run: showPolicy(policy) },
    remedy: {
      text: `set spec.apiKeyAuth.forwardClientIDHeader of ${policy.subject} to ${header}, or upgrade the operator that renders it`,
      command: `kubectl -n ${policy.namespace} patch securitypolicy ${policy.name} --type merge -p ${shellWord(JSON.stringify(patch))}`,
      patch,
    },
    about,
  };
}

function unsanitized(keyed: readonly KeyedRoute[]): Finding {
  const [{ policy }] = keyed as readonly [KeyedRoute];
  const patch = { spec: { apiKeyAuth: { sanitize: true } } };
  return {
    subject: policy.subject,
    severity: 'warning',
    message: `sanitize is not true: the API key of the caller goes on to the backend of ${routesOf(keyed)}`,
    evidence: { saw: 'spec.apiKeyAuth.sanitize is not true', run: showPolicy(policy) },
    remedy: {
      text: `set spec.apiKeyAuth.sanitize of ${policy.subject}`,
      command: `kubectl -n ${policy.namespace} patch securitypolicy ${policy.name} --type merge -p ${shellWord(JSON.stringify(patch))}`,
      patch,
    },
    about: [`policy ${policy.namespace}/${policy.name}`],
  };
}
