import { crashing } from '../objects/workloads.ts';
import { type Cluster, drop, type Editable, edit, type Manifest, type OtherWorld } from '../world.ts';
import { labelled } from './cluster.ts';
import { filterConfig } from './gateways.ts';
import { places, refused, unenforced } from './objects.ts';
import { authPolicy, telemetryPolicy, toGateway, tokenPolicy } from './policies.ts';
import { world } from './sound.ts';

const broken = (id: string) => ({ exitCode: 1, brokenAt: id }) as const;
/** Tokens are counted for nobody, and nothing asks for labels that are nowhere. */
const nobody = { flows: labelled({}), panels: [] };
/** Nothing is counted. */
const silent = { flows: [], panels: [] };

const setSpec = (cluster: Cluster, kind: string, change: (spec: Editable, object: Editable) => void, name?: string): void =>
  edit(cluster, kind, name, (object) => change(object.spec, object));
const replace = (cluster: Cluster, manifest: Manifest): void => {
  drop(cluster, ({ kind }) => kind === manifest.kind);
  cluster.objects.push(manifest);
};
const without = (cluster: Cluster, ...kinds: readonly string[]): void => drop(cluster, ({ kind }) => kinds.includes(kind));

/** Everything that is made of a Deployment of this name. */
export function eachTemplate(cluster: Cluster, name: string, change: (spec: Editable) => void): void {
  const own = cluster.objects.filter(
    ({ kind, metadata }) => ['Deployment', 'ReplicaSet', 'Pod'].includes(kind) && metadata.name.startsWith(name),
  );
  for (const { kind, metadata } of own)
    edit(cluster, kind, metadata.name, ({ spec }) => change(kind === 'Pod' ? spec : spec.template.spec));
}

/** Worlds in which tokens are not counted, or for nobody, because of how Kuadrant is set up. */
export const configureWorlds: readonly OtherWorld[] = [
  world({
    name: 'kuadrant-before-tokens',
    title: 'Kuadrant 1.2, which has no policies of tokens and an older Limitador',
    shape: { flows: labelled({}).map((flow) => ({ ...flow, tokens: null })), image: 'quay.io/kuadrant/limitador:v2.0.0', panels: [] },
    change: (cluster) => {
      without(cluster, 'TokenRateLimitPolicy', 'TelemetryPolicy');
      cluster.absent.push('tokenratelimitpolicies.kuadrant.io', 'telemetrypolicies.extensions.kuadrant.io');
    },
    expect: broken('crds-missing'),
  }),
  world({
    name: 'kuadrant-dependency-missing',
    title: 'the operator was started before Istio was there',
    shape: silent,
    change: (cluster) => {
      const message = '[Istio] is not installed, please restart Kuadrant Operator pod once dependency has been installed';
      edit(cluster, 'Kuadrant', undefined, (object) => {
        object.status.conditions = [{ ...object.status.conditions[0], status: 'False', reason: 'MissingDependency', message }];
      });
      for (const kind of ['AuthPolicy', 'TokenRateLimitPolicy'])
        edit(cluster, kind, undefined, (object) => {
          object.status = refused('MissingDependency', message);
        });
      without(cluster, 'WasmPlugin', 'EnvoyFilter');
    },
    expect: broken('kuadrant-unready'),
  }),
  world({
    name: 'kuadrant-extensions-off',
    title: 'the operator runs without its extensions, and nobody reads the TelemetryPolicy',
    shape: nobody,
    change: (cluster) => {
      eachTemplate(cluster, 'kuadrant-operator-controller-manager', (spec) => {
        spec.containers[0].env.push({ name: 'WITH_EXTENSIONS', value: 'false' });
      });
      edit(cluster, 'TelemetryPolicy', undefined, (object) => {
        delete object.status;
      });
      setSpec(cluster, 'WasmPlugin', (spec) => {
        spec.pluginConfig = filterConfig({});
      });
    },
    expect: broken('extensions-disabled'),
  }),
  world({
    name: 'kuadrant-limitador-crashes',
    title: 'Limitador ends at its start, because its file of limits does not parse',
    change: (cluster) => {
      const [limits] = cluster.backends;
      if (limits) limits.start = null;
      const words = 'Error: invalid limits file: limits: missing field `max_value` at line 3 column 5';
      edit(cluster, 'Pod', limits?.name, ({ status }) => {
        status.containerStatuses = [crashing('limitador', 'quay.io/kuadrant/limitador:v2.3.0', words)];
        for (const each of status.conditions) if (/Ready/.test(each.type)) each.status = 'False';
      });
      edit(cluster, 'Limitador', undefined, ({ status }) => {
        Object.assign(status.conditions[0], {
          status: 'False',
          reason: 'DeploymentNotReady',
          message: 'Deployment limitador-limitador is not ready',
        });
      });
      edit(cluster, 'Kuadrant', undefined, ({ status }) => {
        Object.assign(status.conditions[0], { status: 'False', reason: 'LimitadorNotReady', message: 'limitador is not ready' });
      });
      edit(cluster, 'TokenRateLimitPolicy', undefined, (object) => {
        object.status = unenforced(
          'TokenRateLimitPolicy',
          'TokenRateLimitPolicy waiting for the following components to sync: [Limitador]',
        );
      });
    },
    expect: broken('limitador-unready'),
  }),
  world({
    name: 'kuadrant-limitador-outdated',
    title: 'an image of Limitador was pinned that keeps no metric of tokens',
    shape: {
      flows: labelled({ user: 'user-1', group: 'free' }).map((flow) => ({ ...flow, tokens: null })),
      image: 'quay.io/kuadrant/limitador:v2.1.0',
      panels: [],
    },
    change: (cluster) =>
      setSpec(cluster, 'Limitador', (spec) => {
        spec.image = 'quay.io/kuadrant/limitador:v2.1.0';
      }),
    expect: broken('limitador-outdated'),
  }),
  world({
    name: 'kuadrant-labels-flag-missing',
    title: 'Limitador was not told where the labels are',
    shape: { panels: [], program: { unlabelled: true } },
    change: (cluster) => {
      setSpec(cluster, 'Limitador', (spec) => {
        delete spec.metricLabelsDefault;
      });
      eachTemplate(cluster, 'limitador-limitador', ({ containers: [container] }) => {
        container.args = container.args.filter((word: string) => !/metric-labels|descriptors/.test(word));
      });
    },
    expect: broken('labels-default-missing'),
  }),
  world({
    name: 'kuadrant-foreign-controller',
    title: 'the Gateway is of a controller that the operator was not told to serve',
    shape: silent,
    change: (cluster) => {
      setSpec(cluster, 'GatewayClass', (spec) => {
        spec.controllerName = 'gateway.example.com/controller';
      });
      without(cluster, 'WasmPlugin', 'EnvoyFilter');
      for (const kind of ['AuthPolicy', 'TokenRateLimitPolicy'])
        edit(cluster, kind, undefined, (object) => {
          object.status = unenforced(kind, `${kind} is not in the path to any existing routes`);
        });
    },
    expect: broken('provider-unknown'),
  }),
  world({
    name: 'kuadrant-route-refused',
    title: 'the listener of the Gateway takes no routes of that namespace',
    shape: silent,
    change: (cluster) => {
      edit(cluster, 'HTTPRoute', undefined, ({ status }) => {
        Object.assign(status.parents[0].conditions[0], {
          status: 'False',
          reason: 'NotAllowedByListeners',
          message: 'no listener allows namespace llm',
        });
      });
      for (const kind of ['AuthPolicy', 'TokenRateLimitPolicy'])
        edit(cluster, kind, undefined, (object) => {
          object.status = unenforced(kind, `${kind} is not in the path to any existing routes`);
        });
      without(cluster, 'WasmPlugin', 'EnvoyFilter');
      setSpec(cluster, 'Limitador', (spec) => {
        spec.limits = [];
      });
    },
    expect: broken('gateway-unready'),
  }),
  world({
    name: 'kuadrant-no-auth-policy',
    title: 'no AuthPolicy knows the callers',
    shape: nobody,
    change: (cluster) => without(cluster, 'AuthPolicy'),
    expect: broken('auth-unenforced'),
  }),
  world({
    name: 'kuadrant-identity-unexposed',
    title: 'the AuthPolicy authenticates and exposes nothing, so that every limit fails to be evaluated',
    shape: silent,
    change: (cluster) => replace(cluster, authPolicy({})),
    expect: broken('identity-unexposed'),
  }),
  world({
    name: 'kuadrant-no-token-limits',
    title: 'there is a TelemetryPolicy and no TokenRateLimitPolicy',
    shape: silent,
    change: (cluster) => {
      without(cluster, 'TokenRateLimitPolicy');
      setSpec(cluster, 'Limitador', (spec) => {
        spec.limits = [];
      });
    },
    expect: broken('limits-unenforced'),
  }),
  world({
    name: 'kuadrant-limits-without-routes',
    title: 'the TokenRateLimitPolicy targets a Gateway to which no route is attached',
    shape: silent,
    change: (cluster) => {
      replace(cluster, {
        ...tokenPolicy(),
        metadata: { name: 'token-limits', namespace: places.gateway },
        spec: { targetRef: toGateway('internal'), limits: { global: { rates: [{ limit: 1000, window: '1h' }] } } },
        status: unenforced('TokenRateLimitPolicy', 'TokenRateLimitPolicy is not in the path to any existing routes'),
      });
      cluster.objects.push({
        ...structuredClone(cluster.objects.find(({ kind }) => kind === 'Gateway') as Manifest),
        metadata: { name: 'internal', namespace: places.gateway },
      });
      setSpec(cluster, 'Limitador', (spec) => {
        spec.limits = [];
      });
    },
    expect: broken('limits-unenforced'),
  }),
  world({
    name: 'kuadrant-limits-before-auth',
    title: 'no limit mentions auth, so that limits are judged before the caller is known',
    shape: nobody,
    change: (cluster) => replace(cluster, tokenPolicy({ global: { rates: [{ limit: 1_000_000, window: '1h' }] } })),
    expect: broken('auth-unreferenced'),
  }),
  world({
    name: 'kuadrant-condition-on-the-response',
    title: 'a limit applies only to responses of one kind, and so to none',
    shape: silent,
    change: (cluster) => {
      const when = [{ predicate: 'responseBodyJSON("/object") != "error"' }];
      replace(
        cluster,
        tokenPolicy({ free: { rates: [{ limit: 100, window: '1m' }], when, counters: [{ expression: 'auth.identity.userid' }] } }),
      );
    },
    expect: broken('predicate-hazard'),
  }),
  world({
    name: 'kuadrant-telemetry-beside-the-route',
    title: 'the TelemetryPolicy stands in the namespace of the route, where there is no such Gateway',
    shape: nobody,
    change: (cluster) => {
      replace(cluster, {
        ...telemetryPolicy(undefined, places.models),
        status: refused('TargetNotFound', 'TelemetryPolicy target external was not found'),
      });
      setSpec(cluster, 'WasmPlugin', (spec) => {
        spec.pluginConfig = filterConfig({});
      });
    },
    expect: broken('telemetry-unenforced'),
  }),
  world({
    name: 'kuadrant-no-telemetry-policy',
    title: 'tokens are limited and nothing labels them',
    shape: nobody,
    change: (cluster) => {
      without(cluster, 'TelemetryPolicy');
      setSpec(cluster, 'WasmPlugin', (spec) => {
        spec.pluginConfig = filterConfig({});
      });
    },
    expect: broken('telemetry-unenforced'),
  }),
  world({
    name: 'kuadrant-label-of-the-response',
    title: 'a label asks for the code of the response, and all labels and counts are discarded',
    shape: silent,
    change: (cluster) => {
      const labels = { user: 'auth.identity.userid', code: 'response.code' };
      replace(cluster, telemetryPolicy(labels));
      setSpec(cluster, 'WasmPlugin', (spec) => {
        spec.pluginConfig = filterConfig(labels);
      });
    },
    expect: broken('telemetry-hazard'),
  }),
  world({
    name: 'kuadrant-two-labels-one-name',
    title: 'two labels become one name, and Prometheus refuses every scrape',
    shape: { flows: labelled({ 'user-id': 'user-1', 'user.id': 'u1' }), panels: [] },
    change: (cluster) => {
      const labels = { 'user-id': 'auth.identity.userid', 'user.id': 'auth.identity.userid' };
      replace(cluster, telemetryPolicy(labels));
      setSpec(cluster, 'WasmPlugin', (spec) => {
        spec.pluginConfig = filterConfig(labels);
      });
    },
    expect: broken('telemetry-hazard'),
  }),
  world({
    name: 'kuadrant-filter-missing',
    title: 'somebody deleted the WasmPlugin, and the operator has not made it again',
    shape: silent,
    change: (cluster) => without(cluster, 'WasmPlugin'),
    expect: broken('wasm-missing'),
  }),
  world({
    name: 'kuadrant-patch-policies-disabled',
    title: 'Envoy Gateway was started without patch policies, so that the filter does not reach Limitador',
    shape: { ...silent, provider: 'envoy-gateway' },
    change: (cluster) =>
      edit(cluster, 'EnvoyPatchPolicy', undefined, ({ status }) => {
        for (const each of status.ancestors[0].conditions)
          Object.assign(each, {
            status: 'False',
            reason: 'Disabled',
            message: 'EnvoyPatchPolicy is disabled in the EnvoyGateway configuration',
          });
      }),
    expect: broken('wasm-missing'),
  }),
  world({
    name: 'kuadrant-limits-unprogrammed',
    title: 'the policy is said to be in force, and Limitador has no limit of its route',
    shape: silent,
    change: (cluster) =>
      setSpec(cluster, 'Limitador', (spec) => {
        for (const limit of spec.limits) limit.namespace = 'llm/llm-old';
      }),
    expect: broken('limits-unprogrammed'),
  }),
];
