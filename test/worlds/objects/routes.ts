import type { Manifest } from '../world.ts';
import { names } from './namespaces.ts';
import type { Look } from './releases.ts';
import { condition, ownerOf } from './workloads.ts';

const controllerName = 'gateway.envoyproxy.io/gatewayclass-controller';
const gatewayRef = { group: 'gateway.networking.k8s.io', kind: 'Gateway', name: names.gateway };

/** A Gateway that serves two models to tenants that prove who they are by a token. */
export function routes(look: Look, models: readonly string[]): readonly Manifest[] {
  return [
    gateway(names.tenant, names.gateway),
    ...backends(look),
    ...aiRoute(look, models),
    securityPolicy(),
    ...(look.version < 'v0.4.0' ? [extensionPolicy()] : []),
  ];
}

/** A Gateway that Envoy Gateway programmed. */
export function gateway(namespace: string, name: string): Manifest {
  const listener = { name: 'http', protocol: 'HTTP', port: 80, allowedRoutes: { namespaces: { from: 'Same' } } };
  const attached = {
    name: 'http',
    attachedRoutes: 1,
    supportedKinds: [{ group: 'gateway.networking.k8s.io', kind: 'HTTPRoute' }],
    conditions: ['Programmed', 'Accepted', 'ResolvedRefs'].map((type) => ({ ...condition(type, type), observedGeneration: 1 })),
  };
  return {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'Gateway',
    metadata: { name, namespace },
    spec: { gatewayClassName: 'eg', listeners: [listener] },
    status: {
      addresses: [{ type: 'IPAddress', value: '203.0.113.10' }],
      conditions: ['Accepted', 'Programmed'].map((type) => ({ ...condition(type, type), observedGeneration: 1 })),
      listeners: [attached],
    },
  };
}

function backends(look: Look): readonly Manifest[] {
  const metadata = { name: 'openai', namespace: names.tenant };
  const endpoints = [{ fqdn: { hostname: 'api.openai.com', port: 443 } }];
  return [
    {
      apiVersion: 'gateway.envoyproxy.io/v1alpha1',
      kind: 'Backend',
      metadata,
      spec: { endpoints },
      status: { conditions: [{ ...condition('Accepted', 'Accepted', 'True', 'The Backend was accepted'), observedGeneration: 1 }] },
    },
    {
      apiVersion: look.apiVersion,
      kind: 'AIServiceBackend',
      metadata,
      spec: { schema: { name: 'OpenAI' }, backendRef: { group: 'gateway.envoyproxy.io', kind: 'Backend', name: 'openai' } },
      status: { conditions: [condition('Accepted', 'ReconciliationSucceeded', 'True', 'AIServiceBackend reconciled successfully')] },
    },
  ];
}

function aiRoute(look: Look, models: readonly string[]): readonly Manifest[] {
  const metadata = { name: 'maas-route', namespace: names.tenant };
  const attachment = look.version < 'v0.3.0' ? { targetRefs: [gatewayRef], schema: { name: 'OpenAI' } } : { parentRefs: [gatewayRef] };
  const matches = (model: string): unknown => [{ headers: [{ type: 'Exact', name: 'x-ai-eg-model', value: model }] }];
  const costs = ['input', 'output', 'total'].map((type) => ({
    metadataKey: `llm_${type}_token`,
    type: `${type[0]?.toUpperCase()}${type.slice(1)}Token`,
  }));
  const accepted = condition('Accepted', 'ReconciliationSucceeded', 'True', 'AI Gateway Route reconciled successfully');
  return [
    {
      apiVersion: look.apiVersion,
      kind: 'AIGatewayRoute',
      metadata,
      spec: {
        ...attachment,
        rules: models.map((model) => ({ matches: matches(model), backendRefs: [{ name: 'openai' }] })),
        llmRequestCosts: costs,
      },
      status: { conditions: [{ ...accepted, observedGeneration: 1 }] },
    },
    {
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'HTTPRoute',
      metadata: {
        ...metadata,
        annotations: { 'gateway.envoyproxy.io/ai-gateway-generated': 'true' },
        ownerReferences: [ownerOf('AIGatewayRoute', 'maas-route', look.apiVersion)],
      },
      spec: {
        parentRefs: [gatewayRef],
        rules: models.map((model) => ({
          matches: matches(model),
          backendRefs: [{ group: 'gateway.envoyproxy.io', kind: 'Backend', name: 'openai' }],
        })),
      },
      status: {
        parents: [
          {
            parentRef: gatewayRef,
            controllerName,
            conditions: [
              { ...condition('Accepted', 'Accepted', 'True', 'Route is accepted'), observedGeneration: 1 },
              {
                ...condition('ResolvedRefs', 'ResolvedRefs', 'True', 'Resolved all the Object references for the Route'),
                observedGeneration: 1,
              },
            ],
          },
        ],
      },
    },
  ];
}

/** The token's claims become the headers that are mapped to labels. */
function securityPolicy(): Manifest {
  const issuer = 'https://sso.example.com/realms/maas';
  const claimToHeaders = [
    { claim: 'sub', header: 'x-user-id' },
    { claim: 'tenant', header: 'x-user-namespace' },
  ];
  const provider = { name: 'keycloak', issuer, remoteJWKS: { uri: `${issuer}/protocol/openid-connect/certs` }, claimToHeaders };
  const ancestor = {
    ancestorRef: { ...gatewayRef, namespace: names.tenant },
    controllerName,
    conditions: [{ ...condition('Accepted', 'Accepted', 'True', 'Policy has been accepted.'), observedGeneration: 1 }],
  };
  return {
    apiVersion: 'gateway.envoyproxy.io/v1alpha1',
    kind: 'SecurityPolicy',
    metadata: { name: 'maas-identity', namespace: names.tenant },
    spec: { targetRefs: [gatewayRef], jwt: { providers: [provider] } },
    status: { ancestors: [ancestor] },
  };
}

/** How v0.2 and v0.3 put the sidecar into the path. */
function extensionPolicy(): Manifest {
  const backendRefs = [{ group: 'gateway.envoyproxy.io', kind: 'Backend', name: 'envoy-ai-gateway-extproc-backend' }];
  return {
    apiVersion: 'gateway.envoyproxy.io/v1alpha1',
    kind: 'EnvoyExtensionPolicy',
    metadata: { name: `ai-eg-eep-${names.gateway}`, namespace: names.tenant },
    spec: { targetRefs: [gatewayRef], extProc: [{ backendRefs }] },
  };
}
