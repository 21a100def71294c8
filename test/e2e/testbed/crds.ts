import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import type { Manifest } from './api.ts';
import { bin } from './processes.ts';

const group = 'aigateway.envoyproxy.io';

/** Kinds of Envoy AI Gateway and the release that brought them: its CRD chart, manifests/charts/ai-gateway-crds-helm/templates. */
const kinds: readonly (readonly [kind: string, plural: string])[] = [
  ['AIGatewayRoute', 'aigatewayroutes'],
  ['AIServiceBackend', 'aiservicebackends'],
  ['BackendSecurityPolicy', 'backendsecuritypolicies'],
  ['GatewayConfig', 'gatewayconfigs'],
  ['MCPRoute', 'mcproutes'],
];

/** The CRDs of Envoy AI Gateway as a release serves them (v1beta1 from v0.6 on, GatewayConfig from v0.5, MCPRoute from v0.4), with unknown fields preserved. */
export function gatewayCrds(release = 'v1.1'): readonly Manifest[] {
  const minor = release.startsWith('v1') ? 9 : Number(release.split('.')[1]);
  const present = kinds.filter(([kind]) => (kind === 'GatewayConfig' ? minor >= 5 : kind === 'MCPRoute' ? minor >= 4 : true));
  return present.map(([kind, plural]) => crd(kind, plural, minor >= 6 ? ['v1beta1', 'v1alpha1'] : ['v1alpha1']));
}

function crd(kind: string, plural: string, versions: readonly string[]): Manifest {
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${group}` },
    spec: {
      group,
      scope: 'Namespaced',
      names: { kind, plural, singular: kind.toLowerCase(), listKind: `${kind}List` },
      versions: versions.map((name, index) => ({
        name,
        served: true,
        storage: index === 0,
        ...(name === 'v1alpha1' && versions.length > 1 ? { deprecated: true } : {}),
        subresources: { status: {} },
        schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
      })),
    },
  };
}

/** The CRDs that kwok, the operator, Envoy Gateway and the Gateway API ship, as build-assets.sh laid them out. */
export function shippedCrds(): readonly Manifest[] {
  const folder = join(bin, '..', 'crds');
  const names = readdirSync(folder).filter((name) => name.endsWith('.yaml') && !unused.test(name));
  return names.map((name) => parse(readFileSync(join(folder, name), 'utf8').replaceAll(/^\{\{.*\}\}$/gm, '')) as Manifest);
}

/** Big ones that nothing here reads, and those of kwok that are not switched on. */
const unused =
  /kwok\.x-k8s\.io_(attaches|clusterattaches|clusterexecs|clusterlogs|clusterresourceusages|execs|logs|metrics|resourceusages)/;
