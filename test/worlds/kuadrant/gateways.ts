import { condition, workload } from '../objects/workloads.ts';
import type { Manifest } from '../world.ts';
import { places } from './objects.ts';

type Fields = Readonly<Record<string, unknown>>;

/** Who runs the proxies, and what brings the filter into them. */
export type Provider = 'istio' | 'envoy-gateway';

interface Named {
  readonly namespace: string;
  readonly name: string;
}

const controllers: Readonly<Record<Provider, readonly [className: string, controller: string]>> = {
  istio: ['istio', 'istio.io/gateway-controller'],
  'envoy-gateway': ['eg', 'gateway.envoyproxy.io/gatewayclass-controller'],
};

const gatewayApi = 'gateway.networking.k8s.io/v1';

/** The GatewayClass, the Gateway and its route, with what their controller says of them. */
export function routing(
  provider: Provider,
  of: { readonly className?: string; readonly controller?: string; readonly gateway?: Named; readonly route?: Named } = {},
): readonly Manifest[] {
  const [usual, owner] = controllers[provider];
  const { className = usual, controller = owner } = of;
  const gateway = of.gateway ?? { namespace: places.gateway, name: 'external' };
  const route = of.route ?? { namespace: places.models, name: 'llm-sim' };
  const parentRef = { group: 'gateway.networking.k8s.io', kind: 'Gateway', namespace: gateway.namespace, name: gateway.name };
  const backend = { kind: 'Service', name: 'llm-sim', port: 80, weight: 1 };
  return [
    {
      apiVersion: gatewayApi,
      kind: 'GatewayClass',
      metadata: { name: className },
      spec: { controllerName: controller },
      status: { conditions: [condition('Accepted', 'Accepted')] },
    },
    {
      apiVersion: gatewayApi,
      kind: 'Gateway',
      metadata: { ...gateway },
      spec: {
        gatewayClassName: className,
        listeners: [
          { name: 'http', port: 80, protocol: 'HTTP', hostname: 'llm.example.com', allowedRoutes: { namespaces: { from: 'All' } } },
        ],
      },
      status: { conditions: [condition('Accepted', 'Accepted'), condition('Programmed', 'Programmed')] },
    },
    {
      apiVersion: gatewayApi,
      kind: 'HTTPRoute',
      metadata: { ...route },
      spec: {
        parentRefs: [parentRef],
        hostnames: ['llm.example.com'],
        rules: [{ matches: [{ path: { type: 'PathPrefix', value: '/' } }], backendRefs: [backend] }],
      },
      status: {
        parents: [
          {
            parentRef,
            controllerName: controller,
            conditions: [condition('Accepted', 'Accepted'), condition('ResolvedRefs', 'ResolvedRefs')],
          },
          // The operator says for itself which policies matter to a route.
          {
            parentRef,
            controllerName: 'kuadrant.io/policy-controller',
            conditions: [condition('kuadrant.io/AuthPolicyAffected', 'Accepted')],
          },
        ],
      },
    },
  ];
}

/** The proxies of the Gateway: beside it with Istio, in the namespace of the controller with Envoy Gateway. */
export function proxies(
  provider: Provider,
  address: string,
  gateway: Named = { namespace: places.gateway, name: 'external' },
): readonly Manifest[] {
  if (provider === 'istio') {
    const labels = { 'gateway.networking.k8s.io/gateway-name': gateway.name, 'service.istio.io/canonical-name': `${gateway.name}-istio` };
    const container = {
      name: 'istio-proxy',
      image: 'docker.io/istio/proxyv2:1.26.2',
      args: ['proxy', 'router'],
      ports: [{ name: 'http-envoy-prom', containerPort: 15090 }],
    };
    return workload({
      namespace: gateway.namespace,
      name: `${gateway.name}-istio`,
      labels,
      selector: labels,
      spec: { containers: [container] },
      addresses: [address],
      hash: '79f5b8c6d4',
    });
  }
  const labels = {
    'app.kubernetes.io/component': 'proxy',
    'app.kubernetes.io/managed-by': 'envoy-gateway',
    'app.kubernetes.io/name': 'envoy',
    'gateway.envoyproxy.io/owning-gateway-name': gateway.name,
    'gateway.envoyproxy.io/owning-gateway-namespace': gateway.namespace,
  };
  const container = {
    name: 'envoy',
    image: 'docker.io/envoyproxy/envoy:distroless-v1.35.3',
    ports: [{ name: 'metrics', containerPort: 19001 }],
  };
  return workload({
    namespace: 'envoy-gateway-system',
    name: `envoy-${gateway.namespace}-${gateway.name}-1f2e3d4c`,
    labels,
    selector: labels,
    spec: { containers: [container] },
    addresses: [address],
    hash: '79f5b8c6d4',
  });
}

/** What the operator tells its filter: services, the labels, and for each route what to check and what to report. */
export function filterConfig(labels: Fields, route = 'llm/llm-sim'): Fields {
  const service = (type: string, endpoint: string, failureMode: string): Fields => ({ type, endpoint, failureMode, timeout: '100ms' });
  const data = (key: string, value: string): Fields => ({ expression: { key, value } });
  const counted = (name: string, addend: string): Fields => ({
    service: name,
    scope: route,
    conditionalData: [
      {
        predicates: ['request.path == "/v1/chat/completions"'],
        data: [
          data('tokenlimit.free__cca14490', '1'),
          data('auth.identity.userid', 'auth.identity.userid'),
          data('ratelimit.hits_addend', addend),
        ],
      },
    ],
    sources: ['tokenratelimitpolicy.kuadrant.io:llm/token-limits'],
  });
  return {
    requestData: Object.fromEntries(Object.entries(labels).map(([name, expression]) => [`metrics.labels.${name}`, expression])),
    services: {
      'auth-service': service('auth', 'kuadrant-auth-service', 'deny'),
      'ratelimit-service': service('ratelimit', 'kuadrant-ratelimit-service', 'allow'),
      'ratelimit-check-service': service('ratelimit-check', 'kuadrant-ratelimit-service', 'allow'),
      'ratelimit-report-service': service('ratelimit-report', 'kuadrant-ratelimit-service', 'allow'),
    },
    actionSets: [
      {
        name: '8f1e2d3c4b5a69788796a5b4c3d2e1f0',
        routeRuleConditions: { hostnames: ['llm.example.com'], predicates: ["request.url_path.startsWith('/')"] },
        actions: [
          { service: 'auth-service', scope: '0a1b2c3d4e5f' },
          counted('ratelimit-check-service', '0'),
          counted('ratelimit-report-service', 'responseBodyJSON("/usage/total_tokens")'),
        ],
      },
    ],
  };
}

const managed = { 'kuadrant.io/managed': 'true' };
const targetRefs = (name: string): readonly Fields[] => [{ group: 'gateway.networking.k8s.io', kind: 'Gateway', name }];

/** The filter and the cluster of Limitador, as the operator puts them into the proxies. */
export function carriers(
  provider: Provider,
  config: Fields,
  gateway: Named = { namespace: places.gateway, name: 'external' },
): readonly Manifest[] {
  const { namespace, name } = gateway;
  const own = (prefix: string): Manifest['metadata'] => ({ namespace, name: `${prefix}-${name}`, labels: managed });
  if (provider === 'istio') {
    const cluster = (prefix: string): Manifest => ({
      apiVersion: 'networking.istio.io/v1alpha3',
      kind: 'EnvoyFilter',
      metadata: own(prefix),
      spec: {
        targetRefs: targetRefs(name),
        configPatches: [
          {
            applyTo: 'CLUSTER',
            match: { cluster: { service: prefix } },
            patch: { operation: 'ADD', value: { name: 'kuadrant-ratelimit-service', type: 'STRICT_DNS' } },
          },
        ],
      },
    });
    const plugin: Manifest = {
      apiVersion: 'extensions.istio.io/v1alpha1',
      kind: 'WasmPlugin',
      metadata: own('kuadrant'),
      spec: { phase: 'STATS', targetRefs: targetRefs(name), url: 'oci://quay.io/kuadrant/wasm-shim:v0.12.3', pluginConfig: config },
    };
    return [plugin, cluster('kuadrant-ratelimiting'), cluster('kuadrant-auth')];
  }
  const ancestor = {
    ancestorRef: { group: 'gateway.networking.k8s.io', kind: 'Gateway', namespace, name },
    controllerName: controllers['envoy-gateway'][1],
  };
  const accepted = (...types: readonly string[]): Fields => ({
    ancestors: [{ ...ancestor, conditions: types.map((type) => condition(type, type, 'True', 'x')) }],
  });
  return [
    {
      apiVersion: 'gateway.envoyproxy.io/v1alpha1',
      kind: 'EnvoyExtensionPolicy',
      metadata: own('kuadrant'),
      spec: {
        targetRefs: targetRefs(name),
        wasm: [
          {
            name: 'kuadrant-wasm-shim',
            rootID: 'kuadrant_wasm_shim',
            failOpen: false,
            code: { type: 'Image', image: { url: 'quay.io/kuadrant/wasm-shim:v0.12.3' } },
            config,
          },
        ],
      },
      status: accepted('Accepted'),
    },
    {
      apiVersion: 'gateway.envoyproxy.io/v1alpha1',
      kind: 'EnvoyPatchPolicy',
      metadata: own('kuadrant-ratelimiting'),
      spec: {
        targetRef: targetRefs(name)[0],
        type: 'JSONPatch',
        jsonPatches: [
          {
            type: 'type.googleapis.com/envoy.config.cluster.v3.Cluster',
            name: 'kuadrant-ratelimit-service',
            operation: { op: 'add', path: '', value: { name: 'kuadrant-ratelimit-service', type: 'STRICT_DNS' } },
          },
        ],
      },
      status: accepted('Accepted', 'Programmed'),
    },
  ];
}
