/** Names that Kuadrant and its parts put on objects, and the keys of these objects in `about`. */

/** Kuadrant/limitador-operator pkg/limitador/k8s_objects.go Labels. */
export const limitadorLabels = { app: 'limitador', resource: 'limitador-resource' } as const;

/** Default port of Limitador's HTTP server, and its name on the pod: limitador-operator api/v1alpha1 DefaultServiceHTTPPort, pkg/limitador/k8s_objects.go. */
export const httpPort = { name: 'http', number: 8080 } as const;

/** What the operator makes for observability, whatever it is: kuadrant-operator internal/kuadrant, ObservabilityLabel. */
export const observabilityLabel = 'kuadrant.io/observability';
/** kuadrant-operator internal/controller/observability_reconciler.go, limitPodMonitorName. */
export const monitorName = 'kuadrant-limitador-monitor';
/** The value with which Limitador takes the labels of TelemetryPolicies: kuadrant-operator internal/controller/limitador_reconciler.go. */
export const labelsExpression = 'descriptors[1]';
/** Deployment of the operator in every install of the project itself: config/manager. */
export const operatorName = 'kuadrant-operator-controller-manager';

interface Named {
  readonly namespace: string;
  readonly name: string;
}

export const gatewayKey = ({ namespace, name }: Named): string => `gateway ${namespace}/${name}`;
export const routeKey = ({ namespace, name }: Named): string => `route ${namespace}/${name}`;
export const podKey = ({ namespace, name }: Named): string => `pod ${namespace}/${name}`;
export const labelKey = (label: string): string => `label ${label}`;
export const sameName = (left: Named, right: Named): boolean => left.namespace === right.namespace && left.name === right.name;

/** A label name as Limitador exposes it: metrics-exporter-prometheus 0.17 formatting.rs sanitize_label_key. */
export function exposedLabel(name: string): string {
  return [...name].map((rune, index) => ((index === 0 ? /[a-zA-Z_]/ : /[a-zA-Z0-9_]/).test(rune) ? rune : '_')).join('');
}

/** Limitador's image under any registry: "limitador", "limitador-rhel9"; never its operator. */
export function isLimitadorImage(name: string): boolean {
  return /(^|[-_.])limitador(-rhel\d+)?$/.test(name);
}
