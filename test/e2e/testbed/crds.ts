import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import type { Cluster, GatewayCluster, System } from '../../worlds/world.ts';
import type { Manifest } from './api.ts';
import { bin } from './processes.ts';

/** What is served beside the kinds that the operator, Envoy Gateway and the Gateway API ship. */
export interface Served {
  /** Of Envoy AI Gateway; null: it is not installed. */
  readonly release: string | null;
  readonly systems?: readonly System[];
  /** "podmonitors" (of the operator), "httproutes.gateway.networking.k8s.io", "*.gateway.envoyproxy.io": not served. */
  readonly absent?: readonly string[];
}

/** What a world's cluster serves. */
export function servedOf(cluster: Cluster | GatewayCluster): Served {
  const { systems, absent } = cluster;
  return { release: 'release' in cluster ? cluster.release : null, systems, absent };
}

type Row = readonly [kind: string, plural: string, group: string, versions: readonly string[]];

/** Kinds of Envoy AI Gateway: its CRD chart, manifests/charts/ai-gateway-crds-helm/templates. */
const gatewayKinds = [
  ['AIGatewayRoute', 'aigatewayroutes'],
  ['AIServiceBackend', 'aiservicebackends'],
  ['BackendSecurityPolicy', 'backendsecuritypolicies'],
  ['GatewayConfig', 'gatewayconfigs'],
  ['MCPRoute', 'mcproutes'],
] as const;

/** Kuadrant/kuadrant-operator config/crd/bases, Kuadrant/limitador-operator config/crd/bases; istio manifests/charts/base/files/crd-all.gen.yaml; open-telemetry/opentelemetry-operator config/crd/bases. */
const systemKinds: Readonly<Record<System, readonly Row[]>> = {
  kuadrant: [
    ['Kuadrant', 'kuadrants', 'kuadrant.io', ['v1beta1']],
    ['AuthPolicy', 'authpolicies', 'kuadrant.io', ['v1']],
    ['RateLimitPolicy', 'ratelimitpolicies', 'kuadrant.io', ['v1']],
    ['TokenRateLimitPolicy', 'tokenratelimitpolicies', 'kuadrant.io', ['v1alpha1']],
    ['TelemetryPolicy', 'telemetrypolicies', 'extensions.kuadrant.io', ['v1alpha1']],
    ['Limitador', 'limitadors', 'limitador.kuadrant.io', ['v1alpha1']],
  ],
  istio: [
    ['WasmPlugin', 'wasmplugins', 'extensions.istio.io', ['v1alpha1']],
    ['EnvoyFilter', 'envoyfilters', 'networking.istio.io', ['v1alpha3']],
  ],
  opentelemetry: [['OpenTelemetryCollector', 'opentelemetrycollectors', 'opentelemetry.io', ['v1beta1', 'v1alpha1']]],
};

const gatewayGroup = 'aigateway.envoyproxy.io';

/** The groups of which a bed serves now these kinds and now those. */
export const exchanged: ReadonlySet<string> = new Set([
  gatewayGroup,
  ...Object.values(systemKinds).flatMap((rows) => rows.map(([, , group]) => group)),
]);

/** The CRDs that are served for it and not shipped by anyone. */
export function servedCrds({ release, systems = [], absent = [] }: Served): readonly Manifest[] {
  const own = systems.flatMap((system) => systemKinds[system].map(([kind, plural, group, versions]) => crd(group, kind, plural, versions)));
  return [...(release === null ? [] : gatewayCrds(release)), ...own].filter((wanted) => !isAbsent(wanted, absent));
}

/** Whether a list of absent kinds names it. */
export function isAbsent({ metadata: { name } }: Manifest, absent: readonly string[]): boolean {
  return absent.some((each) =>
    each.startsWith('*.') ? name.endsWith(each.slice(1)) : name === each || name === `${each}.monitoring.coreos.com`,
  );
}

/** The CRDs of Envoy AI Gateway as a release serves them: v1beta1 from v0.6 on, GatewayConfig from v0.5, MCPRoute from v0.4. */
function gatewayCrds(release: string): readonly Manifest[] {
  const minor = release.startsWith('v1') ? 9 : Number(release.split('.')[1]);
  const present = gatewayKinds.filter(([kind]) => (kind === 'GatewayConfig' ? minor >= 5 : kind === 'MCPRoute' ? minor >= 4 : true));
  return present.map(([kind, plural]) => crd(gatewayGroup, kind, plural, minor >= 6 ? ['v1beta1', 'v1alpha1'] : ['v1alpha1']));
}

/** A CRD with unknown fields preserved and a status subresource; the first version is stored, v1alpha1 beside another is deprecated. */
export function crd(group: string, kind: string, plural: string, versions: readonly string[]): Manifest {
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
const unused = /kwok\.x-k8s\.io_(attaches|clusterattaches|clusterexecs|clusterlogs|clusterresourceusages|execs|metrics|resourceusages)/;
