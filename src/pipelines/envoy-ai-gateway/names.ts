/** Labels, names and annotations that the gateway and its controller put on objects. */

/** EG:internal/infrastructure/kubernetes/proxy and EG:internal/gatewayapi/helpers.go. */
export const labels = {
  managedBy: 'app.kubernetes.io/managed-by',
  component: 'app.kubernetes.io/component',
  version: 'app.kubernetes.io/version',
  gatewayName: 'gateway.envoyproxy.io/owning-gateway-name',
  gatewayNamespace: 'gateway.envoyproxy.io/owning-gateway-namespace',
  gatewayClass: 'gateway.envoyproxy.io/owning-gatewayclass',
} as const;

export const annotations = {
  /** internal/controller/gateway_mutator.go, fetchGatewayConfig. */
  gatewayConfig: 'aigateway.envoyproxy.io/gateway-config',
  /** internal/controller/ai_gateway_route.go. */
  generated: 'gateway.envoyproxy.io/ai-gateway-generated',
} as const;

/** internal/controller/gateway_mutator.go, extProcContainerName. */
export const sidecarName = 'ai-gateway-extproc';
/** Default admin port of the sidecar: cmd/extproc/mainlib/main.go. */
export const metricsPort = 1064;

/** The key of a Gateway in `about`. */
export const gatewayKey = (gateway: { readonly namespace: string; readonly name: string }): string =>
  `gateway ${gateway.namespace}/${gateway.name}`;
export const podKey = (pod: { readonly namespace: string; readonly name: string }): string => `pod ${pod.namespace}/${pod.name}`;
export const controllerKey = (found: { readonly namespace: string; readonly name: string }): string =>
  `controller ${found.namespace}/${found.name}`;
