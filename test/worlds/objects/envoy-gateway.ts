import { stringify } from 'yaml';
import type { Manifest } from '../world.ts';
import { names } from './namespaces.ts';
import type { Look } from './releases.ts';
import { condition, workload } from './workloads.ts';

/** Envoy Gateway itself: its controller, its configuration with the extension hooks, its GatewayClass and EnvoyProxy, and its rate limiter. */
export function envoyGateway(look: Look, subnet: string, extra: Readonly<Record<string, unknown>> = {}): readonly Manifest[] {
  const labels = { 'control-plane': 'envoy-gateway', 'app.kubernetes.io/name': 'gateway-helm', 'app.kubernetes.io/instance': 'eg' };
  const image = `docker.io/envoyproxy/gateway:${look.envoyGateway}`;
  const container = {
    name: 'envoy-gateway',
    image,
    args: ['server', '--config-path=/config/envoy-gateway.yaml'],
    ports: [{ containerPort: 18000, name: 'grpc' }],
  };
  const limited = {
    'app.kubernetes.io/name': 'envoy-ratelimit',
    'app.kubernetes.io/component': 'ratelimit',
    'app.kubernetes.io/managed-by': 'envoy-gateway',
  };
  const limiter = {
    name: 'envoy-ratelimit',
    image: 'docker.io/envoyproxy/ratelimit:master',
    ports: [{ containerPort: 8081, name: 'http' }],
  };
  return [
    configuration(extra),
    ...workload({
      namespace: names.envoyGateway,
      name: 'envoy-gateway',
      labels,
      selector: labels,
      spec: { serviceAccountName: 'envoy-gateway', containers: [container] },
      addresses: [`${subnet}.201`],
      hash: '5d8c7f9b6c',
    }),
    ...workload({
      namespace: names.envoyGateway,
      name: 'envoy-ratelimit',
      labels: limited,
      selector: limited,
      spec: { serviceAccountName: 'envoy-ratelimit', containers: [limiter] },
      addresses: [`${subnet}.202`],
      hash: '7b4d9c6f58',
    }),
    gatewayClass(),
  ];
}

/** manifests/envoy-gateway-values.yaml of envoyproxy/ai-gateway. */
function configuration(extra: Readonly<Record<string, unknown>>): Manifest {
  const all = { includeAll: true };
  const value = {
    apiVersion: 'gateway.envoyproxy.io/v1alpha1',
    kind: 'EnvoyGateway',
    gateway: { controllerName: 'gateway.envoyproxy.io/gatewayclass-controller' },
    provider: { type: 'Kubernetes' },
    logging: { level: { default: 'info' } },
    extensionApis: { enableBackend: true },
    extensionManager: {
      maxMessageSize: '11Mi',
      backendResources: [{ group: 'inference.networking.k8s.io', kind: 'InferencePool', version: 'v1' }],
      hooks: {
        xdsTranslator: {
          translation: { listener: all, route: all, cluster: all, secret: all },
          post: ['Translation', 'Cluster', 'Route'],
        },
      },
      service: { fqdn: { hostname: `ai-gateway-controller.${names.controller}.svc.cluster.local`, port: 1063 } },
    },
    ...extra,
  };
  const metadata = { name: 'envoy-gateway-config', namespace: names.envoyGateway };
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { 'envoy-gateway.yaml': stringify(value) } };
}

function gatewayClass(): Manifest {
  const spec = { controllerName: 'gateway.envoyproxy.io/gatewayclass-controller' };
  const status = { conditions: [{ ...condition('Accepted', 'Accepted', 'True', 'Valid GatewayClass'), observedGeneration: 1 }] };
  return { apiVersion: 'gateway.networking.k8s.io/v1', kind: 'GatewayClass', metadata: { name: 'eg' }, spec, status };
}
