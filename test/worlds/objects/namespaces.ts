import type { Manifest } from '../world.ts';

export const names = {
  controller: 'envoy-ai-gateway-system',
  envoyGateway: 'envoy-gateway-system',
  tenant: 'maas-system',
  monitoring: 'monitoring',
  gateway: 'maas-gateway',
} as const;

/** The namespaces of every world, labelled as their charts label them. */
export function namespaces(): readonly Manifest[] {
  const namespace = (name: string, labels: Record<string, string> = {}): Manifest => ({
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name, labels: { 'kubernetes.io/metadata.name': name, ...labels } },
  });
  return [
    namespace(names.controller),
    namespace(names.envoyGateway),
    namespace(names.tenant, { 'pod-security.kubernetes.io/enforce': 'baseline' }),
    namespace(names.monitoring, { 'app.kubernetes.io/part-of': 'kube-prometheus' }),
  ];
}
