const cluster = new Set([
  'Namespace',
  'Node',
  'GatewayClass',
  'ClusterRole',
  'ClusterRoleBinding',
  'MutatingWebhookConfiguration',
  'CustomResourceDefinition',
]);

const irregular: Readonly<Record<string, string>> = {
  GatewayClass: 'gatewayclasses',
  Prometheus: 'prometheuses',
  EnvoyProxy: 'envoyproxies',
  Endpoints: 'endpoints',
  Ingress: 'ingresses',
  Logs: 'logs',
};

/** How a kind stands in URLs. */
export function resourceOf(kind: string): { readonly plural: string; readonly namespaced: boolean } {
  return { plural: irregular[kind] ?? `${kind.toLowerCase()}s`.replace(/policys$/, 'policies'), namespaced: !cluster.has(kind) };
}
