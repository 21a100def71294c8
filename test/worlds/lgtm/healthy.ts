import { type Mimir, startMimir } from '../../e2e/emulator/mimir.ts';
import type { SidecarRelease } from '../../e2e/emulator/releases.ts';
import { emptyCluster } from '../cluster.ts';
import { modelsOf, traffic } from '../healthy.ts';
import { controller } from '../objects/controller.ts';
import { envoyGateway } from '../objects/envoy-gateway.ts';
import { names, namespaces } from '../objects/namespaces.ts';
import { proxies } from '../objects/proxies.ts';
import { looks } from '../objects/releases.ts';
import { routes } from '../objects/routes.ts';
import { condition } from '../objects/workloads.ts';
import type { Cluster, GatewayCluster, Manifest, ProxyPod } from '../world.ts';
import { access } from './access.ts';
import { agent, agentCollector, agentName, configure, overrides, type Writing } from './agent.ts';
import { dashboard, type GrafanaShape, grafana, type MimirShape, mimir, stack } from './stack.ts';

type Fields = Readonly<Record<string, unknown>>;

/** The header by which Envoy Gateway tells who called. */
export const clientHeader = 'x-client-id';

/** What the sound dashboard asks. */
export const tokensByUser =
  'sum by (user_id) (increase(gen_ai_client_token_usage_sum{user_id!="",gen_ai_token_type=~"input|output"}[30d]))';

/** A sound cluster, and what may differ about it. */
export interface Shape {
  readonly release?: SidecarRelease;
  /** Of the controller and the sidecars; '' for none. */
  readonly mapping?: string;
  /** spec.apiKeyAuth of the policy. */
  readonly apiKey?: Fields;
  readonly mimir?: MimirShape;
  readonly grafana?: GrafanaShape;
  readonly writing?: Writing;
  readonly dashboards?: readonly Manifest[];
}

/** API keys at the gateway, sidecars that count by client ID, a collector on each node, a Mimir and a Grafana: no Prometheus anywhere. */
export function lgtm(shape: Shape = {}): (subnet: string) => GatewayCluster {
  return (subnet) => {
    const { release = 'v0.5', mapping = `${clientHeader}:user.id` } = shape;
    const look = looks[release];
    const addresses = [`${subnet}.11`, `${subnet}.12`];
    const pods = proxies({ look, mapping, mode: {}, addresses });
    const named = mapping !== '' && shape.apiKey?.forwardClientIDHeader !== null && mapping.includes(clientHeader);
    const cluster: GatewayCluster = {
      ...emptyCluster(subnet),
      release,
      version: look.version,
      objects: [
        ...namespaces(),
        ...controller(look, mapping, `${subnet}.200`),
        ...envoyGateway(look, subnet),
        ...routes(look, modelsOf(release)).filter(({ kind }) => kind !== 'SecurityPolicy'),
        policy(shape.apiKey),
        ...pods,
        ...agent(`${subnet}.51`),
        ...access(agentName),
        ...mimir(`${subnet}.61`, shape.mimir),
        ...grafana(`${subnet}.71`, shape.grafana),
        ...(shape.dashboards ?? [dashboard(tokensByUser)]),
      ],
      proxies: pods.filter(({ kind }) => kind === 'Pod').map((pod, index) => proxyOf(pod, { release, index, named })),
      backends: [mimirBackend(`${subnet}.61`, { multitenant: false, ...shape.mimir })],
      collectors: [agentCollector(`${subnet}.51`)],
    };
    configure(cluster, overrides(shape.writing));
    return cluster;
  };
}

/** What answers behind the pod of Mimir. */
export function mimirBackend(address: string, settings: Mimir): Cluster['backends'][number] {
  return { namespace: names.monitoring, name: `${stack.mimir}-0`, address, port: 8080, start: () => startMimir(address, settings) };
}

function proxyOf(
  pod: Manifest,
  { release, index, named }: { readonly release: SidecarRelease; readonly index: number; readonly named: boolean },
): ProxyPod {
  const address = (pod.status as { readonly podIP: string }).podIP;
  const flows = traffic(release, index).map(({ identity, ...flow }) => ({
    ...flow,
    identity: named ? { 'user.id': identity['user.id'] ?? '' } : {},
  }));
  return { namespace: pod.metadata.namespace ?? '', name: pod.metadata.name, address, emulated: { release, flows } };
}

/** The policy that the pack's operator renders for the external route of a model. */
export function policy(change: Fields = {}): Manifest {
  const apiKeyAuth = {
    credentialRefs: [{ group: '', kind: 'Secret', name: 'maas-route-api-keys' }],
    extractFrom: [{ headers: ['Authorization'] }],
    forwardClientIDHeader: clientHeader,
    sanitize: true,
    ...change,
  };
  const ancestor = {
    ancestorRef: { group: 'gateway.networking.k8s.io', kind: 'Gateway', name: names.gateway, namespace: names.tenant },
    controllerName: 'gateway.envoyproxy.io/gatewayclass-controller',
    conditions: [{ ...condition('Accepted', 'Accepted', 'True', 'Policy has been accepted.'), observedGeneration: 1 }],
  };
  return {
    apiVersion: 'gateway.envoyproxy.io/v1alpha1',
    kind: 'SecurityPolicy',
    metadata: { name: 'maas-route-external-auth', namespace: names.tenant },
    spec: {
      targetRefs: [{ group: 'gateway.networking.k8s.io', kind: 'HTTPRoute', name: 'maas-route' }],
      apiKeyAuth: Object.fromEntries(Object.entries(apiKeyAuth).filter(([, value]) => value !== null)),
    },
    status: { ancestors: [ancestor] },
  };
}
