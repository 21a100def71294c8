import { type SecretName, secretNames, secretsNotAsked } from '../../../facts/secret-names.ts';
import { defineCheck, type Finding, verdict } from '../../../model/check.ts';
import { identity } from '../../envoy-ai-gateway/facts/identity.ts';
import { proxies } from '../../envoy-ai-gateway/facts/proxies.ts';
import { aiRoutes } from '../../envoy-ai-gateway/facts/routes.ts';
import { securityPolicies } from '../../envoy-ai-gateway/facts/security-policies.ts';
import { aboutOf, byPolicy, type KeyedRoute, keyedRoutes, showPolicy, unkeyed } from '../keyed-routes.ts';
import { ids } from '../names.ts';

/** Secrets of API keys that a policy names and that are not where it looks. */
export const apiKeysMissing = defineCheck({
  id: ids.keysMissing,
  title: 'the Secrets with API keys exist beside their policies',
  hop: 'configure',
  severity: 'error',
  why: 'A policy whose Secret is missing is not accepted, or knows no key and refuses every caller. Nobody is metered, because nobody gets in.',
  fix: 'Create the Secret of `credentialRefs` in the namespace of the SecurityPolicy, with the client ID as key and the API key as value.',
  follows: [ids.unsupported],
  needs: { aiRoutes, securityPolicies, secretNames },
  wants: { identity, proxies },
  judge({ aiRoutes, securityPolicies, secretNames, identity, proxies }, options) {
    if (secretNames.status === 'not-asked') return { status: 'skip', because: secretsNotAsked };
    // A policy that is not accepted for its Secret is looked at too.
    const keyed = keyedRoutes(
      aiRoutes.routes,
      securityPolicies.map((policy) => ({ ...policy, accepted: true })),
      options,
    );
    if (keyed.length === 0) return { status: 'skip', because: unkeyed };
    return verdict(byPolicy(keyed).flatMap((routes) => missing(routes, secretNames.secrets, aboutOf(routes, identity, proxies))));
  },
});

function missing(keyed: readonly KeyedRoute[], secrets: readonly SecretName[], about: readonly string[]): readonly Finding[] {
  const [{ policy, apiKey }] = keyed as readonly [KeyedRoute];
  return apiKey.secrets.flatMap(({ namespace, name }) => {
    const there = secrets.some((secret) => secret.namespace === namespace && secret.name === name);
    // A ReferenceGrant is not looked at for credentialRefs: EG internal/gatewayapi/securitypolicy.go buildAPIKeyAuth.
    const message = there
      ? namespace === policy.namespace
        ? null
        : `it takes its keys from Secret ${namespace}/${name}, and only Secrets of its own namespace are read`
      : `Secret ${namespace}/${name} with its API keys does not exist`;
    if (message === null) return [];
    return [
      {
        subject: policy.subject,
        message,
        evidence: { saw: `credentialRefs: ${namespace}/${name}`, run: `${showPolicy(policy)}; kubectl -n ${namespace} get secret ${name}` },
        remedy: { text: `create Secret ${name} in namespace ${policy.namespace}, with the client ID as key and the API key as value` },
        about,
      },
    ];
  });
}
