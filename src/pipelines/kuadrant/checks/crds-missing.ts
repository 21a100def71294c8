import { defineCheck, type Finding, verdict } from '../../../model/check.ts';
import { kuadrants } from '../facts/kuadrants.ts';
import { telemetryPolicies, tokenPolicies } from '../facts/policies.ts';

const upgrade = 'helm upgrade kuadrant-operator kuadrant-operator --repo https://kuadrant.io/helm-charts -n kuadrant-system';

/** A release that cannot count tokens: TokenRateLimitPolicy and TelemetryPolicy came with operator 1.3. */
export const crdsMissing = defineCheck({
  id: 'crds-missing',
  title: 'the API server knows the policies that count and label tokens',
  hop: 'configure',
  severity: 'error',
  why: 'Without these kinds no policy can ask for tokens to be counted, nor say whose they are. Limits count requests alone.',
  fix: 'Upgrade the operator to 1.3 or later with its CRDs: `helm upgrade kuadrant-operator kuadrant-operator --repo https://kuadrant.io/helm-charts -n kuadrant-system`.',
  needs: { kuadrants, tokenPolicies, telemetryPolicies },
  judge: ({ kuadrants, tokenPolicies, telemetryPolicies }) => {
    const missing = [
      ...(kuadrants.served ? [] : ['kuadrants.kuadrant.io']),
      ...(tokenPolicies.served ? [] : ['tokenratelimitpolicies.kuadrant.io']),
      ...(telemetryPolicies.served ? [] : ['telemetrypolicies.extensions.kuadrant.io']),
    ];
    return verdict(missing.map(findingOf));
  },
});

function findingOf(name: string): Finding {
  const from = name.startsWith('kuadrants') ? '' : ': it came with operator 1.3';
  return {
    subject: `CustomResourceDefinition ${name}`,
    message: `the API server does not know ${name}${from}`,
    evidence: { saw: 'no such resource', run: `kubectl get crd ${name}` },
    remedy: { text: 'upgrade the operator to 1.3 or later, and its CRDs with it', command: upgrade },
  };
}
