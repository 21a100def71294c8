import { type Deployment, deploymentOf, deployments } from '../../../facts/workloads.ts';
import { defineFact } from '../../../model/fact.ts';
import { imageOf } from '../../../parse/image.ts';
import { type Version, versionOf } from '../../../parse/versions.ts';

/** An Envoy Gateway, the controller that makes proxies of Gateways. */
export interface EnvoyGateway {
  /** "Deployment ns/name". */
  readonly subject: string;
  readonly namespace: string;
  readonly name: string;
  readonly image: string;
  /** By the tag of its image; null: a digest, or a tag that is no release. */
  readonly version: Version | null;
  /** The Helm release that made it: its annotation, else the label of its chart. */
  readonly release: string;
}

/** Every Envoy Gateway that has replicas. */
export const envoyGateways = defineFact({
  id: 'envoy-gateways',
  title: 'Envoy Gateway',
  needs: { deployments },
  read: ({ deployments }): readonly EnvoyGateway[] => deployments.map(deploymentOf).flatMap(envoyGatewayOf),
});

/** EG:charts/gateway-helm: image envoyproxy/gateway, container and Deployment envoy-gateway; mirrors keep the end of the name. */
function envoyGatewayOf({ namespace, name, containers, replicas, metadata, labels }: Deployment): readonly EnvoyGateway[] {
  const container = containers.find(
    ({ name: own, image, init }) =>
      // Beside every Envoy the same image ends its connections: EG internal/infrastructure/kubernetes/proxy.
      !init && own !== 'shutdown-manager' && (/(?:^|\/)envoyproxy\/gateway$/.test(imageOf(image).repository) || own === 'envoy-gateway'),
  );
  if (container === undefined || replicas === 0) return [];
  const { image } = container;
  // "eg" is what its documentation calls it.
  const release = metadata.annotations?.['meta.helm.sh/release-name'] ?? labels['app.kubernetes.io/instance'] ?? 'eg';
  return [{ subject: `Deployment ${namespace}/${name}`, namespace, name, image, version: versionOf(imageOf(image).tag), release }];
}
