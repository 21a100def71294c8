import type { Access, Kind } from '../model/source.ts';

const monitoring = 'monitoring.coreos.com';
const aigateway = 'aigateway.envoyproxy.io';
const kuadrant = 'kuadrant.io';
const rbac = 'rbac.authorization.k8s.io';

/** The resource types tokmeter reads, by plural name. */
export const kinds = {
  pods: { group: '', resource: 'pods', kind: 'Pod', namespaced: true, versions: ['v1'] },
  namespaces: { group: '', resource: 'namespaces', kind: 'Namespace', namespaced: false, versions: ['v1'] },
  configmaps: { group: '', resource: 'configmaps', kind: 'ConfigMap', namespaced: true, versions: ['v1'] },
  mutatingwebhookconfigurations: {
    group: 'admissionregistration.k8s.io',
    resource: 'mutatingwebhookconfigurations',
    kind: 'MutatingWebhookConfiguration',
    namespaced: false,
    versions: ['v1'],
  },
  /** Listed by name, labels and annotations only. */
  secrets: { group: '', resource: 'secrets', kind: 'Secret', namespaced: true, versions: ['v1'] },
  services: { group: '', resource: 'services', kind: 'Service', namespaced: true, versions: ['v1'] },
  daemonsets: { group: 'apps', resource: 'daemonsets', kind: 'DaemonSet', namespaced: true, versions: ['v1'] },
  statefulsets: { group: 'apps', resource: 'statefulsets', kind: 'StatefulSet', namespaced: true, versions: ['v1'] },
  networkpolicies: {
    group: 'networking.k8s.io',
    resource: 'networkpolicies',
    kind: 'NetworkPolicy',
    namespaced: true,
    versions: ['v1'],
  },
  roles: { group: rbac, resource: 'roles', kind: 'Role', namespaced: true, versions: ['v1'] },
  rolebindings: { group: rbac, resource: 'rolebindings', kind: 'RoleBinding', namespaced: true, versions: ['v1'] },
  clusterroles: { group: rbac, resource: 'clusterroles', kind: 'ClusterRole', namespaced: false, versions: ['v1'] },
  clusterrolebindings: { group: rbac, resource: 'clusterrolebindings', kind: 'ClusterRoleBinding', namespaced: false, versions: ['v1'] },
  deployments: { group: 'apps', resource: 'deployments', kind: 'Deployment', namespaced: true, versions: ['v1'] },
  gateways: { group: 'gateway.networking.k8s.io', resource: 'gateways', kind: 'Gateway', namespaced: true },
  gatewayclasses: { group: 'gateway.networking.k8s.io', resource: 'gatewayclasses', kind: 'GatewayClass', namespaced: false },
  httproutes: { group: 'gateway.networking.k8s.io', resource: 'httproutes', kind: 'HTTPRoute', namespaced: true },
  aigatewayroutes: {
    group: aigateway,
    resource: 'aigatewayroutes',
    kind: 'AIGatewayRoute',
    namespaced: true,
    versions: ['v1', 'v1beta1', 'v1alpha1'],
  },
  gatewayconfigs: {
    group: aigateway,
    resource: 'gatewayconfigs',
    kind: 'GatewayConfig',
    namespaced: true,
    versions: ['v1', 'v1beta1', 'v1alpha1'],
  },
  clienttrafficpolicies: {
    group: 'gateway.envoyproxy.io',
    resource: 'clienttrafficpolicies',
    kind: 'ClientTrafficPolicy',
    namespaced: true,
  },
  securitypolicies: { group: 'gateway.envoyproxy.io', resource: 'securitypolicies', kind: 'SecurityPolicy', namespaced: true },
  envoyextensionpolicies: {
    group: 'gateway.envoyproxy.io',
    resource: 'envoyextensionpolicies',
    kind: 'EnvoyExtensionPolicy',
    namespaced: true,
  },
  envoypatchpolicies: { group: 'gateway.envoyproxy.io', resource: 'envoypatchpolicies', kind: 'EnvoyPatchPolicy', namespaced: true },
  wasmplugins: { group: 'extensions.istio.io', resource: 'wasmplugins', kind: 'WasmPlugin', namespaced: true },
  envoyfilters: { group: 'networking.istio.io', resource: 'envoyfilters', kind: 'EnvoyFilter', namespaced: true },
  kuadrants: { group: kuadrant, resource: 'kuadrants', kind: 'Kuadrant', namespaced: true },
  authpolicies: { group: kuadrant, resource: 'authpolicies', kind: 'AuthPolicy', namespaced: true },
  ratelimitpolicies: { group: kuadrant, resource: 'ratelimitpolicies', kind: 'RateLimitPolicy', namespaced: true },
  tokenratelimitpolicies: { group: kuadrant, resource: 'tokenratelimitpolicies', kind: 'TokenRateLimitPolicy', namespaced: true },
  telemetrypolicies: { group: `extensions.${kuadrant}`, resource: 'telemetrypolicies', kind: 'TelemetryPolicy', namespaced: true },
  limitadors: { group: `limitador.${kuadrant}`, resource: 'limitadors', kind: 'Limitador', namespaced: true },
  opentelemetrycollectors: {
    group: 'opentelemetry.io',
    resource: 'opentelemetrycollectors',
    kind: 'OpenTelemetryCollector',
    namespaced: true,
    versions: ['v1beta1', 'v1alpha1'],
  },
  servicemonitors: { group: monitoring, resource: 'servicemonitors', kind: 'ServiceMonitor', namespaced: true, versions: ['v1'] },
  podmonitors: { group: monitoring, resource: 'podmonitors', kind: 'PodMonitor', namespaced: true, versions: ['v1'] },
  prometheuses: { group: monitoring, resource: 'prometheuses', kind: 'Prometheus', namespaced: true, versions: ['v1'] },
  prometheusagents: { group: monitoring, resource: 'prometheusagents', kind: 'PrometheusAgent', namespaced: true, versions: ['v1alpha1'] },
  prometheusrules: { group: monitoring, resource: 'prometheusrules', kind: 'PrometheusRule', namespaced: true, versions: ['v1'] },
  vmrules: { group: 'operator.victoriametrics.com', resource: 'vmrules', kind: 'VMRule', namespaced: true, versions: ['v1beta1'] },
  grafanadatasources: { group: 'grafana.integreatly.org', resource: 'grafanadatasources', kind: 'GrafanaDatasource', namespaced: true },
  grafanadashboards: { group: 'grafana.integreatly.org', resource: 'grafanadashboards', kind: 'GrafanaDashboard', namespaced: true },
  monitordashboards: { group: 'ait.alauda.io', resource: 'monitordashboards', kind: 'MonitorDashboard', namespaced: true },
  persesdashboards: { group: 'perses.dev', resource: 'persesdashboards', kind: 'PersesDashboard', namespaced: true },
} as const satisfies Record<string, Kind>;

/** The permission to list a kind. */
export function listing(kind: Kind): Access {
  return { verb: 'list', group: kind.group, resource: kind.resource };
}

/** The permissions a tunnel to a pod port takes: `create` as well from Kubernetes 1.35 on (AuthorizePodWebsocketUpgradeCreatePermission). */
export const tunnelling: readonly Access[] = [
  { verb: 'get', group: '', resource: 'pods/portforward' },
  { verb: 'create', group: '', resource: 'pods/portforward' },
];
