import type { OtherWorld } from '../world.ts';
import { drop, edit } from '../world.ts';
import { chats, type Shape, sound } from './cluster.ts';
import { filterConfig } from './gateways.ts';
import { limitadorMonitor, places, unenforced } from './objects.ts';
import { openshift } from './openshift.ts';
import { authPolicy, toGateway, tokenPolicy } from './policies.ts';

const well = { exitCode: 0, brokenAt: null } as const;

interface Told extends Omit<OtherWorld, 'make'> {
  readonly shape?: Shape;
}

export const world = ({ shape, ...rest }: Told): OtherWorld => ({ ...rest, make: sound(shape) });

/** Worlds in which Kuadrant counts every token, and those that look as if it did not. */
export const soundWorlds: readonly OtherWorld[] = [
  world({ name: 'kuadrant-istio', title: 'Kuadrant 1.4 on Istio, as the guide for token metrics sets it up', expect: well }),
  world({
    name: 'kuadrant-envoy-gateway',
    title: 'Kuadrant 1.4 on Envoy Gateway, scraped by Prometheus 2.42',
    shape: { provider: 'envoy-gateway', prometheus: '2.42' },
    expect: well,
  }),
  {
    name: 'kuadrant-openshift',
    title: "OpenShift's distribution under its own names, with a label from the body of the response",
    make: openshift,
    expect: well,
  },
  world({
    name: 'kuadrant-no-traffic',
    title: 'no request has reached Limitador yet',
    shape: { flows: [] },
    expect: { exitCode: 0, brokenAt: 'idle-limitador' },
  }),
  world({
    name: 'kuadrant-gateway-policies-overridden',
    title: 'policies of the Gateway, which those of the route replace',
    change: (cluster) => {
      const above = { metadata: { name: 'deny-all', namespace: places.gateway } };
      const overridden = (kind: string) => unenforced(kind, `${kind} is overridden by [${places.models}/llm-api-keys]`, 'Overridden');
      cluster.objects.push(
        {
          ...authPolicy(),
          ...above,
          spec: { targetRef: toGateway(), defaults: { rules: { authorization: { deny: { opa: { rego: 'allow = false' } } } } } },
          status: overridden('AuthPolicy'),
        },
        {
          ...tokenPolicy(),
          ...above,
          spec: { targetRef: toGateway(), limits: { none: { rates: [{ limit: 0, window: '1h' }] } } },
          status: overridden('TokenRateLimitPolicy'),
        },
      );
    },
    expect: well,
  }),
  world({
    name: 'kuadrant-filter-in-an-envoy-filter',
    title: 'operator 1.5, which brings its filter by an EnvoyFilter instead of a WasmPlugin',
    change: (cluster) => {
      edit(cluster, 'Deployment', 'kuadrant-operator-controller-manager', ({ spec }) => {
        spec.template.spec.containers[0].image = 'quay.io/kuadrant/kuadrant-operator:v1.5.2';
      });
      drop(cluster, ({ kind }) => kind === 'WasmPlugin');
      const value = {
        name: 'kuadrant-wasm-shim',
        config: { configuration: { value: JSON.stringify(filterConfig({ user: 'auth.identity.userid', group: 'auth.identity.groups' })) } },
      };
      cluster.objects.push({
        apiVersion: 'networking.istio.io/v1alpha3',
        kind: 'EnvoyFilter',
        metadata: {
          name: 'kuadrant-external',
          namespace: places.gateway,
          labels: { 'kuadrant.io/managed': 'true', 'kuadrant.io/wasm': 'true' },
        },
        spec: { targetRefs: [toGateway()], configPatches: [{ applyTo: 'HTTP_FILTER', patch: { operation: 'INSERT_BEFORE', value } }] },
      });
    },
    expect: well,
  }),
  world({
    name: 'kuadrant-other-routes-unlabelled',
    title: 'routes of another Gateway have limits of requests and no labels',
    shape: { flows: [...chats, { namespace: 'shop/shop', labels: {}, tokens: 1, before: 900, perSecond: 3 }] },
    expect: well,
  }),
  world({
    name: 'kuadrant-own-service-monitor',
    title: 'the monitors of the operator are off, and a ServiceMonitor scrapes Limitador',
    change: (cluster) => {
      edit(cluster, 'Kuadrant', undefined, (object) => {
        object.spec = {};
      });
      drop(cluster, ({ kind, metadata }) => /Monitor$/.test(kind) && metadata.labels?.['kuadrant.io/observability'] === 'true');
      cluster.objects.push({
        ...limitadorMonitor(),
        kind: 'ServiceMonitor',
        metadata: { name: 'limitador', namespace: places.system, labels: { team: 'platform' } },
        spec: { selector: { matchLabels: { app: 'limitador' } }, endpoints: [{ port: 'http', path: '/metrics' }] },
      });
    },
    expect: well,
  }),
];
