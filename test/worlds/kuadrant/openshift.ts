import type { TokenFlow } from '../../e2e/emulator/limitador.ts';
import { monitored } from '../cluster.ts';
import type { Cluster, Manifest } from '../world.ts';
import { backend } from './cluster.ts';
import { carriers, filterConfig, proxies, routing } from './gateways.ts';
import {
  dashboard,
  enforced,
  istioMonitor,
  kuadrant,
  limitador,
  limitadorMonitor,
  namespace,
  operators,
  places,
  programmed,
} from './objects.ts';

const gateway = { namespace: 'openshift-ingress', name: 'maas-default-gateway' };
const route = { namespace: 'llm', name: 'granite-3b-kserve-route' };
const routeName = `${route.namespace}/${route.name}`;

/** The labels of models-as-a-service: deployment/base/observability, gateway-telemetry-policy. */
const labels = {
  model: 'responseBodyJSON("/model")',
  user: 'auth.identity.userid',
  subscription: 'auth.identity.selected_subscription',
};

const flows: readonly TokenFlow[] = ['alice', 'bob'].map((user, index) => ({
  namespace: routeName,
  labels: { model: 'granite-3b', user, subscription: `tier${index + 1}` },
  tokens: 210,
  before: 50,
  perSecond: 1 + index,
}));

/** Red Hat Connectivity Link under models-as-a-service: images by digest, the Gateway among the router's pods, the operator in the namespace of all operators. */
export function openshift(subnet: string): Cluster {
  const cluster = monitored(subnet);
  const own = limitador(
    [`${subnet}.61`],
    [programmed('tier1', '4f3e2d1c', { route: routeName })],
    'registry.redhat.io/rhcl-1/limitador-rhel9@sha256:77aa3c1f',
  );
  cluster.objects.push(
    ...[places.system, gateway.namespace, route.namespace, 'openshift-operators'].map((name) => namespace(name)),
    ...operators(subnet, {
      namespace: 'openshift-operators',
      images: [
        'registry.redhat.io/rhcl-1/rhcl-rhel9-operator@sha256:3d0c9e',
        'registry.redhat.io/rhcl-1/limitador-rhel9-operator@sha256:5b1a7f',
      ],
      env: [{ name: 'ISTIO_GATEWAY_CONTROLLER_NAMES', value: 'istio.io/gateway-controller,openshift.io/gateway-controller/v1' }],
    }),
    kuadrant(),
    ...own,
    ...routing('istio', { className: 'data-science-gateway-class', controller: 'openshift.io/gateway-controller/v1', gateway, route }),
    ...proxies('istio', `${subnet}.71`, gateway),
    ...policies(),
    ...carriers('istio', filterConfig(labels, routeName), gateway),
    limitadorMonitor(),
    istioMonitor(gateway.namespace),
    dashboard('sum by (user, model) (increase(authorized_hits{user!=""}[1h]))'),
  );
  cluster.backends.push(...own.filter(({ kind }) => kind === 'Pod').map((pod) => backend(pod, { flows })));
  cluster.systems = ['kuadrant', 'istio'];
  return cluster;
}

function policies(): readonly Manifest[] {
  const group = 'gateway.networking.k8s.io';
  const properties = {
    userid: { expression: 'auth.metadata.apiKeyValidation.username' },
    selected_subscription: { expression: 'auth.metadata["subscription-info"].name' },
  };
  return [
    {
      apiVersion: 'kuadrant.io/v1',
      kind: 'AuthPolicy',
      metadata: { name: 'maas-auth-granite-3b', namespace: route.namespace },
      spec: {
        targetRef: { group, kind: 'HTTPRoute', name: route.name },
        rules: {
          authentication: { 'api-keys': { plain: { selector: 'request.headers.authorization' } } },
          response: { success: { filters: { identity: { json: { properties } } } } },
        },
      },
      status: enforced('AuthPolicy'),
    },
    {
      apiVersion: 'kuadrant.io/v1alpha1',
      kind: 'TokenRateLimitPolicy',
      metadata: { name: 'maas-trlp-granite-3b', namespace: route.namespace },
      spec: {
        targetRef: { group, kind: 'HTTPRoute', name: route.name },
        limits: {
          tier1: {
            rates: [{ limit: 100_000, window: '1h' }],
            when: [{ predicate: 'auth.identity.selected_subscription == "tier1"' }],
            counters: [{ expression: 'auth.identity.userid' }],
          },
        },
      },
      status: enforced('TokenRateLimitPolicy'),
    },
    {
      apiVersion: 'extensions.kuadrant.io/v1alpha1',
      kind: 'TelemetryPolicy',
      metadata: { name: 'maas-telemetry', namespace: gateway.namespace },
      spec: { targetRef: { group, kind: 'Gateway', name: gateway.name }, metrics: { default: { labels } } },
      status: enforced('TelemetryPolicy'),
    },
  ];
}
