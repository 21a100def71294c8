import type { Workbench } from '../../../e2e/fixing.ts';
import { pathOf } from '../../../e2e/testbed/api.ts';
import type { Staged } from '../../../e2e/testbed/stage.ts';
import type { Editable, Manifest } from '../../world.ts';

/** What a controller has at hand: the API server, and whatever answers behind the pods. */
export interface Place {
  readonly bed: Workbench['bed'];
  readonly hands: Staged;
}

const watched = {
  Pod: ['v1', 'pods'],
  Secret: ['v1', 'secrets'],
  Deployment: ['apps/v1', 'deployments'],
  ReplicaSet: ['apps/v1', 'replicasets'],
  GatewayClass: ['gateway.networking.k8s.io/v1', 'gatewayclasses'],
  Gateway: ['gateway.networking.k8s.io/v1', 'gateways'],
  HTTPRoute: ['gateway.networking.k8s.io/v1', 'httproutes'],
  Kuadrant: ['kuadrant.io/v1beta1', 'kuadrants'],
  AuthPolicy: ['kuadrant.io/v1', 'authpolicies'],
  TokenRateLimitPolicy: ['kuadrant.io/v1alpha1', 'tokenratelimitpolicies'],
  TelemetryPolicy: ['extensions.kuadrant.io/v1alpha1', 'telemetrypolicies'],
  Limitador: ['limitador.kuadrant.io/v1alpha1', 'limitadors'],
  WasmPlugin: ['extensions.istio.io/v1alpha1', 'wasmplugins'],
  EnvoyFilter: ['networking.istio.io/v1alpha3', 'envoyfilters'],
  EnvoyExtensionPolicy: ['gateway.envoyproxy.io/v1alpha1', 'envoyextensionpolicies'],
  PodMonitor: ['monitoring.coreos.com/v1', 'podmonitors'],
  ServiceMonitor: ['monitoring.coreos.com/v1', 'servicemonitors'],
  CustomResourceDefinition: ['apiextensions.k8s.io/v1', 'customresourcedefinitions'],
} as const;

/** A kind that some controller looks at. */
export type Watched = keyof typeof watched;

/** The objects of a kind that the API server has now; none of a kind that it does not serve. */
export async function present({ bed }: Pick<Place, 'bed'>, kind: Watched): Promise<readonly Editable[]> {
  const [apiVersion, plural] = watched[kind];
  const items = await bed.api.list(`${apiVersion.includes('/') ? '/apis' : '/api'}/${apiVersion}/${plural}`);
  // built-in kinds say what they are on the list alone
  return items.map((item) => ({ ...item, apiVersion, kind }));
}

/** Whether any object of these kinds is not as the world put it there: its spec, or what else is looked at. */
export async function differs(
  place: Place,
  kinds: readonly Watched[],
  { of = () => true, view = ({ spec }) => spec }: { of?(object: Editable): boolean; view?(object: Editable): unknown } = {},
): Promise<boolean> {
  const shown = (objects: readonly Editable[]): string =>
    spelled(
      objects
        .filter(of)
        .map((each) => [nameOf(each), view(each)])
        .toSorted(),
    );
  for (const kind of kinds) {
    const before = place.hands.cluster.objects.filter((object) => object.kind === kind);
    if (shown(before) !== shown(await present(place, kind))) return true;
  }
  return false;
}

/** Merges fields into an object that is there. */
export async function change({ bed }: Place, object: Manifest, fields: unknown): Promise<void> {
  const { status, body } = await bed.api.send('PATCH', pathOf(object), fields, 'application/merge-patch+json');
  if (status !== 200) throw new Error(`cannot change ${object.kind} ${object.metadata.name}: ${JSON.stringify(body)}`);
}

export const sameName = (left: Manifest['metadata'], right: Manifest['metadata']): boolean =>
  left.name === right.name && (left.namespace ?? '') === (right.namespace ?? '');

export const nameOf = ({ metadata }: Pick<Manifest, 'metadata'>): string => `${metadata.namespace}/${metadata.name}`;

/** Equal for values that are alike, whatever the order of their fields. */
export function spelled(value: unknown): string {
  return JSON.stringify(value, (_, field) =>
    typeof field === 'object' && field !== null && !Array.isArray(field)
      ? Object.fromEntries(Object.entries(field).sort(([a], [b]) => (a < b ? -1 : 1)))
      : field,
  );
}
