import { defineCheck, type Finding, verdict } from '../../../model/check.ts';
import { shellWord } from '../../../parse/shell-word.ts';
import type { Version } from '../../../parse/versions.ts';
import { aiRoutes } from '../../envoy-ai-gateway/facts/routes.ts';
import { securityPolicies } from '../../envoy-ai-gateway/facts/security-policies.ts';
import { type EnvoyGateway, envoyGateways } from '../facts/envoy-gateways.ts';
import { keyedRoutes, unkeyed } from '../keyed-routes.ts';
import { ids } from '../names.ts';

/** An Envoy Gateway that does not know the fields by which the client ID is forwarded. */
export const clientIdUnsupported = defineCheck({
  id: ids.unsupported,
  title: 'Envoy Gateway can forward the client ID of an API key',
  hop: 'configure',
  severity: 'error',
  why: 'An older release drops the fields it does not know without a word. The policy is accepted, keys are checked, and who called is told to nobody.',
  fix: 'Upgrade Envoy Gateway, its CRDs first, to v1.6 or later: `helm upgrade eg oci://docker.io/envoyproxy/gateway-helm --version v1.6.2`.',
  needs: { envoyGateways, aiRoutes, securityPolicies },
  judge({ envoyGateways, aiRoutes, securityPolicies }, options) {
    const keyed = keyedRoutes(aiRoutes.routes, securityPolicies, options);
    if (keyed.length === 0) return { status: 'skip', because: unkeyed };
    const versions = envoyGateways.flatMap((gateway) => (gateway.version === null ? [] : [{ gateway, version: gateway.version }]));
    if (versions.length === 0)
      return {
        status: 'skip',
        because: envoyGateways.length === 0 ? 'no Deployment runs Envoy Gateway' : 'the image of Envoy Gateway names no release',
      };
    const sanitizing = keyed.some(({ apiKey }) => apiKey.sanitizes);
    return verdict(
      versions.flatMap(({ gateway, version }) => findings(gateway, version, sanitizing)),
      [],
      versions.map(({ version }) => version.text).join(', '),
    );
  },
});

/** forwardClientIDHeader and sanitize came with v1.5.0 (EG api/v1alpha1/api_key_auth_types.go at the tags). */
function findings(gateway: EnvoyGateway, version: Version, sanitizing: boolean): readonly Finding[] {
  const { major, minor, patch } = version;
  if (major < 1 || (major === 1 && minor < 5))
    return [finding(gateway, `${version.text} knows neither apiKeyAuth.forwardClientIDHeader nor sanitize: both need v1.5`)];
  if (sanitizing && major === 1 && minor === 5 && patch < 3)
    return [
      {
        ...finding(gateway, `apiKeyAuth.sanitize is new in ${version.text} and was mended until v1.5.3`),
        severity: 'warning',
        about: ['api keys'],
      },
    ];
  return [];
}

const chart = 'oci://docker.io/envoyproxy/gateway-helm --version v1.6.2';

function finding({ subject, namespace, name, image, release }: EnvoyGateway, message: string): Finding {
  return {
    subject,
    message,
    evidence: { saw: image, run: `kubectl -n ${namespace} get deployment ${name} -o jsonpath='{.spec.template.spec.containers[*].image}'` },
    remedy: {
      text: 'upgrade Envoy Gateway, its CRDs first',
      // helm upgrade leaves CRDs as they are: Helm's rule for the folder crds/ of a chart.
      command: `helm show crds ${chart} | kubectl apply --server-side --force-conflicts -f -\nhelm upgrade ${shellWord(release)} ${chart} -n ${namespace}`,
    },
  };
}
