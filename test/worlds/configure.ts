import { parse, stringify } from 'yaml';
import { mapping } from './healthy.ts';
import { names } from './objects/namespaces.ts';
import { crashing, podOf } from './objects/workloads.ts';
import { mapController, reidentify, remap } from './sound.ts';
import { type Cluster, drop, type Editable, edit, find, type GatewayWorld } from './world.ts';

const broken = (id: string): GatewayWorld['expect'] => ({ exitCode: 1, brokenAt: id });

/** Worlds whose path breaks where it is configured. */
export const configureWorlds: readonly GatewayWorld[] = [
  {
    name: 'no-controller',
    title: 'the controller was uninstalled and its proxies run on',
    on: { release: 'v0.5' },
    change: (cluster) =>
      drop(cluster, ({ kind, metadata }) => metadata.namespace === names.controller && ['Deployment', 'ReplicaSet', 'Pod'].includes(kind)),
    expect: broken('controller-missing'),
  },
  {
    name: 'controller-image-unpullable',
    title: 'the new controller pod cannot pull its image; the old one serves on',
    on: { release: 'v0.5' },
    change: (cluster) => {
      newControllerPod(cluster, {
        name: 'ai-gateway-helm',
        image: 'docker.io/envoyproxy/ai-gateway-controller:v0.5.0',
        imageID: '',
        ready: false,
        started: false,
        restartCount: 0,
        state: {
          waiting: {
            reason: 'ImagePullBackOff',
            message: 'Back-off pulling image "docker.io/envoyproxy/ai-gateway-controller:v0.5.0": toomanyrequests',
          },
        },
      });
    },
    expect: broken('controller-unready'),
  },
  {
    name: 'controller-out-of-memory',
    title: 'the only controller pod is killed for its memory again and again',
    on: { release: 'v1.1' },
    change: (cluster) => {
      const name = 'ai-gateway-controller-6c9f7b8d54-x2v7q';
      edit(cluster, 'Pod', name, (pod) => {
        const [old] = pod.status.containerStatuses;
        const crash = crashing(old.name, old.image, '', 137) as { lastState: { terminated: object } };
        pod.status.containerStatuses = [{ ...crash, lastState: { terminated: { ...crash.lastState.terminated, reason: 'OOMKilled' } } }];
        unready(pod);
      });
      edit(cluster, 'Deployment', 'ai-gateway-controller', (deployment) => {
        deployment.status = { ...deployment.status, readyReplicas: 0, availableReplicas: 0, unavailableReplicas: 1 };
      });
    },
    expect: broken('controller-unready'),
  },
  {
    name: 'no-header-mapped',
    title: 'no request header is mapped to a label',
    on: { release: 'v0.5' },
    change: (cluster) => {
      remap(cluster, '');
      reidentify(cluster, () => ({}));
    },
    expect: broken('mapping-missing'),
  },
  {
    name: 'release-without-mapping',
    title: 'v0.2 cannot map headers at all',
    on: { release: 'v0.2' },
    expect: broken('mapping-missing'),
  },
  {
    name: 'release-without-mapping-prometheus-2',
    title: 'v0.2 cannot map headers at all; scraped by Prometheus 2.42',
    on: { release: 'v0.2', prometheus: '2.42' },
    expect: broken('mapping-missing'),
  },
  {
    name: 'trailing-comma-in-mapping',
    title: 'the mapping ends with a comma: the new controller crashes, the old one serves on',
    on: { release: 'v0.5' },
    change: (cluster) => {
      mapController(cluster, `${mapping},`);
      const message = 'failed to parse and validate flags: invalid metrics header attributes: empty header-attribute pair at position 3';
      newControllerPod(cluster, crashing('ai-gateway-helm', 'docker.io/envoyproxy/ai-gateway-controller:v0.5.0', message));
    },
    expect: broken('mapping-invalid'),
  },
  {
    name: 'flag-of-the-release-before',
    title: 'v0.5 does not know the flag of v0.4 any more',
    on: { release: 'v0.5' },
    change: (cluster) => {
      edit(cluster, 'Deployment', 'ai-gateway-controller', (deployment) => {
        const [container] = deployment.spec.template.spec.containers;
        container.args = container.args.map((argument: string) =>
          argument.replace('--metricsRequestHeaderAttributes', '--metricsRequestHeaderLabels'),
        );
      });
      const message = 'flag provided but not defined: -metricsRequestHeaderLabels';
      newControllerPod(cluster, crashing('ai-gateway-helm', 'docker.io/envoyproxy/ai-gateway-controller:v0.5.0', message, 2));
    },
    expect: broken('mapping-invalid'),
  },
  {
    name: 'upper-case-header-in-mapping',
    title: 'the mapping names a header in upper case, which never matches',
    on: { release: 'v0.5' },
    change: (cluster) => {
      remap(cluster, mapping.replace('x-user-id', 'X-User-Id'));
      reidentify(cluster, ({ 'user.namespace': namespace = '' }) => ({ 'user.namespace': namespace }));
    },
    expect: broken('mapping-ineffective'),
  },
  {
    name: 'mapping-in-quotes',
    title: 'literal quotes around the mapping: no header of these names exists',
    on: { release: 'v0.5' },
    change: (cluster) => {
      remap(cluster, '"x-user-id:user.id"');
      reidentify(cluster, () => ({}));
    },
    expect: broken('mapping-ineffective'),
  },
  {
    name: 'label-named-le',
    title: 'a header is mapped to "le", which every bucket has already: Prometheus refuses the scrape',
    on: { release: 'v0.5' },
    change: (cluster) => {
      remap(cluster, 'x-user-id:le');
      reidentify(cluster, ({ 'user.id': user = '' }) => ({ le: user }));
    },
    expect: broken('mapping-hazard'),
  },
  {
    name: 'label-that-no-metric-may-have',
    title: 'a header is mapped to a reserved label: /metrics answers 500 from the first request on',
    on: { release: 'v1.1' },
    change: (cluster) => {
      remap(cluster, 'x-user-id:__user__');
      for (const proxy of cluster.proxies) if (proxy.emulated) proxy.emulated = { ...proxy.emulated, trouble: 'http-500' };
    },
    expect: broken('mapping-hazard'),
  },
  {
    name: 'label-named-namespace',
    title: 'a header is mapped to "namespace", which Prometheus renames',
    on: { release: 'v0.5' },
    change: (cluster) => {
      remap(cluster, 'x-user-id:user.id,x-user-namespace:namespace');
      reidentify(cluster, ({ 'user.id': user = '', 'user.namespace': namespace = '' }) => ({ namespace, 'user.id': user }));
    },
    expect: { exitCode: 0, brokenAt: 'mapping-hazard' },
  },
  {
    name: 'route-names-missing-backend',
    title: 'a second route names a backend that does not exist and was not accepted',
    on: { release: 'v0.5' },
    change: (cluster) => {
      const route = structuredClone(find(cluster, 'AIGatewayRoute')) as Record<string, unknown>;
      const message = 'failed to construct a new HTTPRoute: AIServiceBackend does-not-exist.maas-system not found';
      cluster.objects.push({
        ...(route as unknown as Cluster['objects'][number]),
        metadata: { name: 'embeddings', namespace: names.tenant },
        status: {
          conditions: [
            { type: 'NotAccepted', status: 'False', reason: 'ReconciliationFailed', message, lastTransitionTime: '2026-11-20T08:14:05Z' },
          ],
        },
      });
    },
    expect: broken('route-detached'),
  },
  {
    name: 'generated-route-unresolved',
    title: 'the AIGatewayRoute is accepted and its HTTPRoute has unresolved references',
    on: { release: 'v1.1' },
    change: (cluster) =>
      edit(cluster, 'HTTPRoute', 'maas-route', (route) => {
        const resolved = route.status.parents[0].conditions[1];
        Object.assign(resolved, { status: 'False', reason: 'BackendNotFound', message: 'Backend maas-system/openai not found' });
      }),
    expect: broken('route-detached'),
  },
  {
    name: 'no-request-costs',
    title: 'the route has no llmRequestCosts: streams are metered only if clients ask',
    on: { release: 'v0.5' },
    change: (cluster) =>
      edit(cluster, 'AIGatewayRoute', 'maas-route', (route) => {
        delete route.spec.llmRequestCosts;
      }),
    expect: { exitCode: 0, brokenAt: 'costs-unset' },
  },
  {
    name: 'no-security-policy',
    title: 'no policy sets the mapped headers: callers may claim to be anybody',
    on: { release: 'v0.5' },
    change: (cluster) => drop(cluster, ({ kind }) => kind === 'SecurityPolicy'),
    expect: { exitCode: 0, brokenAt: 'identity-unsourced' },
  },
  {
    name: 'route-policy-replaces-the-gateways',
    title: 'a policy of the route replaces that of its Gateway, and with it the header of the user',
    on: { release: 'v1.1' },
    change: (cluster) => {
      const policy = structuredClone(find(cluster, 'SecurityPolicy')) as Editable;
      const targetRefs = [{ group: 'gateway.networking.k8s.io', kind: 'HTTPRoute', name: 'maas-route' }];
      policy.metadata.name = 'route-keys';
      policy.spec = {
        targetRefs,
        apiKeyAuth: { credentialRefs: [{ name: 'client-keys' }], extractFrom: [{ headers: ['Authorization'] }] },
      };
      edit(cluster, 'SecurityPolicy', 'maas-identity', ({ status }) => {
        const message = 'This policy is being overridden by other securityPolicies for these routes: [maas-system/maas-route]';
        const overridden = {
          type: 'Overridden',
          status: 'True',
          reason: 'Overridden',
          message,
          lastTransitionTime: '2026-11-20T08:14:05Z',
        };
        status.ancestors[0].conditions.push(overridden);
      });
      cluster.objects.push(policy);
    },
    expect: { exitCode: 0, brokenAt: 'identity-overridden' },
  },
  {
    name: 'extension-server-not-configured',
    title: 'Envoy Gateway does not call the extension server: healthy sidecars that no request reaches',
    on: { release: 'v0.5' },
    change: (cluster) => {
      edit(cluster, 'ConfigMap', 'envoy-gateway-config', ({ data }) => {
        const { extensionManager, ...rest } = parse(data['envoy-gateway.yaml']);
        data['envoy-gateway.yaml'] = stringify(rest);
      });
      for (const proxy of cluster.proxies) if (proxy.emulated) proxy.emulated = { ...proxy.emulated, flows: [] };
    },
    expect: broken('extension-unwired'),
  },
  {
    name: 'webhook-without-ca',
    title: 'the webhook has no CA: the API server cannot call it, and no new proxy can start',
    on: { release: 'v0.5' },
    change: (cluster) =>
      edit(cluster, 'MutatingWebhookConfiguration', undefined, ({ webhooks }) => {
        delete webhooks[0].clientConfig.caBundle;
      }),
    expect: broken('webhook-unsound'),
  },
];

/** A pod of a new ReplicaSet beside the old one, whose container does not run. */
function newControllerPod(cluster: Cluster, state: Readonly<Record<string, unknown>>): void {
  const old = find(cluster, 'Pod', 'ai-gateway-controller-6c9f7b8d54-x2v7q');
  const deployment = find(cluster, 'Deployment', 'ai-gateway-controller') as Cluster['objects'][number] & {
    readonly spec: { readonly template: { readonly spec: Record<string, unknown> } };
  };
  const pod = podOf({
    namespace: names.controller,
    name: 'ai-gateway-controller-7f5c8d9b66-k4j8n',
    labels: { ...old.metadata.labels, 'pod-template-hash': '7f5c8d9b66' },
    owner: {
      apiVersion: 'apps/v1',
      kind: 'ReplicaSet',
      name: 'ai-gateway-controller-7f5c8d9b66',
      controller: true,
      blockOwnerDeletion: true,
    },
    spec: deployment.spec.template.spec,
    address: `${cluster.subnet}.204`,
  });
  const status = pod.status as Record<string, unknown>;
  const changed = { ...pod, status: { ...status, containerStatuses: [state] } };
  unready(changed);
  cluster.objects.push(changed);
}

// biome-ignore lint/suspicious/noExplicitAny: a manifest has no schema here
function unready(pod: any): void {
  pod.status.conditions = pod.status.conditions.map((each: { type: string }) =>
    ['Ready', 'ContainersReady'].includes(each.type) ? { ...each, status: 'False', reason: 'ContainersNotReady' } : each,
  );
}
