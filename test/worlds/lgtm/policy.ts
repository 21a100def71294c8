import { condition } from '../objects/workloads.ts';
import { type Cluster, type Expected, edit, find, type Manifest, type OtherWorld } from '../world.ts';
import { clientHeader, lgtm, policy, type Shape } from './healthy.ts';

const sound: Expected = { exitCode: 0, brokenAt: null };
const broken = (id: string): Expected => ({ exitCode: 1, brokenAt: id });
const warned = (id: string): Expected => ({ exitCode: 0, brokenAt: id });

interface Told extends Omit<OtherWorld, 'make'> {
  readonly shape?: Shape;
}

const world = ({ shape, ...rest }: Told): OtherWorld => ({ ...rest, make: lgtm(shape) });

/** Nobody is let in any more: what was counted before stays. */
function refusing(cluster: Cluster): void {
  for (const { emulated } of cluster.proxies)
    if (emulated !== null && 'flows' in emulated)
      Object.assign(emulated, { flows: emulated.flows.map((flow) => ({ ...flow, perSecond: 0 })) });
}

/** A second route for callers with tokens, whose claim becomes the same header. */
function withTokens(cluster: Cluster): void {
  const twin = (kind: string): Manifest => {
    const copy = structuredClone(find(cluster, kind)) as Manifest & { metadata: { name: string } };
    copy.metadata.name = 'maas-internal';
    return copy;
  };
  const internal = structuredClone(policy()) as Manifest & { metadata: { name: string }; spec: Record<string, unknown> };
  internal.metadata.name = 'maas-internal-auth';
  const claimToHeaders = [{ claim: 'preferred_username', header: clientHeader }];
  internal.spec = {
    targetRefs: [{ group: 'gateway.networking.k8s.io', kind: 'HTTPRoute', name: 'maas-internal' }],
    jwt: {
      providers: [
        {
          name: 'keycloak',
          issuer: 'https://sso.example.com/realms/nebari',
          remoteJWKS: { uri: 'https://sso.example.com/certs' },
          claimToHeaders,
        },
      ],
    },
  };
  cluster.objects.push(twin('AIGatewayRoute'), twin('HTTPRoute'), internal);
}

/** Worlds about who calls, and how the sidecars learn of it. */
export const policyWorlds: readonly OtherWorld[] = [
  world({ name: 'lgtm-healthy', title: 'API keys at the gateway, a collector on each node, one Mimir, a Grafana', expect: sound }),
  world({ name: 'lgtm-healthy-v1.1', title: 'the same with release v1.1', shape: { release: 'v1.1' }, expect: sound }),
  world({
    name: 'lgtm-keys-and-tokens',
    title: 'API keys on one route and tokens on another, both in one header',
    change: withTokens,
    expect: sound,
  }),
  world({
    name: 'lgtm-header-unmapped',
    title: 'the policy forwards x-client-id, and x-llm-client-id is mapped',
    shape: { mapping: 'x-llm-client-id:user.id' },
    expect: broken('client-id-unmapped'),
  }),
  world({
    name: 'lgtm-nothing-mapped',
    title: 'the policy forwards x-client-id, and no header is mapped',
    shape: { mapping: '' },
    expect: broken('client-id-unmapped'),
  }),
  world({
    name: 'lgtm-client-id-not-forwarded',
    title: 'the policy checks API keys and forwards no client ID',
    shape: { apiKey: { forwardClientIDHeader: null } },
    expect: broken('client-id-unforwarded'),
  }),
  world({
    name: 'lgtm-key-not-sanitized',
    title: 'the API key of each caller goes on to the backend',
    shape: { apiKey: { sanitize: null } },
    expect: warned('client-id-unforwarded'),
  }),
  world({
    name: 'lgtm-policy-of-duplicate-keys',
    title: 'two clients have the same API key, and the policy is refused',
    change: (cluster) => {
      edit(cluster, 'SecurityPolicy', undefined, ({ status }) => {
        status.ancestors[0].conditions = [
          {
            ...condition('Accepted', 'Invalid', 'False', 'APIKeyAuth: duplicated API key in the credential references.'),
            observedGeneration: 1,
          },
        ];
      });
      refusing(cluster);
    },
    expect: broken('policy-unaccepted'),
  }),
  world({
    name: 'lgtm-envoy-gateway-v1.4',
    title: 'an Envoy Gateway that does not know forwardClientIDHeader',
    shape: { apiKey: { forwardClientIDHeader: null, sanitize: null } },
    change: (cluster) =>
      edit(cluster, 'Deployment', 'envoy-gateway', ({ spec }) => {
        spec.template.spec.containers[0].image = 'docker.io/envoyproxy/gateway:v1.4.6';
      }),
    expect: broken('client-id-unsupported'),
  }),
  world({
    name: 'lgtm-policy-without-target',
    title: 'the policy names a route that was renamed',
    change: (cluster) => {
      edit(cluster, 'SecurityPolicy', undefined, (object) => {
        object.spec.targetRefs[0].name = 'maas-rout';
        delete object.status;
      });
    },
    expect: broken('policy-unaccepted'),
  }),
];
