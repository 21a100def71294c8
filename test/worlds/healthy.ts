import type { SidecarRelease } from '../e2e/emulator/releases.ts';
import type { Flow } from '../e2e/emulator/sidecar.ts';
import { controller } from './objects/controller.ts';
import { dashboards } from './objects/dashboards.ts';
import { envoyGateway } from './objects/envoy-gateway.ts';
import { operator, podMonitor, prometheusObject, prometheusPod } from './objects/monitoring.ts';
import { names, namespaces } from './objects/namespaces.ts';
import { placeOf, plainProxy, proxies } from './objects/proxies.ts';
import { looks } from './objects/releases.ts';
import { gateway, routes } from './objects/routes.ts';
import type { GatewayCluster, GatewayWorld, Manifest, ProxyPod } from './world.ts';

export const mapping = 'x-user-id:user.id,x-user-namespace:user.namespace';

/** A cluster in which every token is counted once, under the right name, for the right tenant. */
export function healthy({ release, prometheus = '3.16', mode = {} }: GatewayWorld['on'], subnet: string): GatewayCluster {
  const look = looks[release];
  const mapped = look.mappingFlag === null ? '' : mapping;
  const addresses = Array.from({ length: mode.replicas ?? 3 }, (_, index) => `${subnet}.${11 + index}`);
  const pods = proxies({ look, mapping: mapped, mode, addresses });
  const gatewayMode =
    mode.namespace === 'gateway' ? { provider: { type: 'Kubernetes', kubernetes: { deploy: { type: 'GatewayNamespace' } } } } : {};
  return {
    release,
    version: look.version,
    prometheus,
    subnet,
    objects: [
      ...namespaces(),
      ...controller(look, mapped, `${subnet}.200`),
      ...envoyGateway(look, subnet, gatewayMode),
      ...routes(look, modelsOf(release)),
      gateway(names.tenant, 'web'),
      ...pods,
      ...plainProxy(look, `${subnet}.31`),
      ...dashboards(release, prometheus),
      ...operator(`${subnet}.203`),
      podMonitor(look.portNames[0], placeOf(mode).namespace),
      prometheusPod(prometheus, `${subnet}.41`),
      prometheusObject(prometheus),
    ],
    proxies: pods.filter(({ kind }) => kind === 'Pod').map((pod, index) => proxyOf(pod, release, index)),
    servers: [{ namespace: names.monitoring, name: 'k8s', pods: ['prometheus-k8s-0'] }],
    backends: [],
    collectors: [],
    systems: [],
    absent: [],
  };
}

function proxyOf(pod: Manifest, release: SidecarRelease, index: number): ProxyPod {
  const address = (pod.status as { readonly podIP: string }).podIP;
  const namespace = pod.metadata.namespace ?? '';
  return { namespace, name: pod.metadata.name, address, emulated: { release, flows: traffic(release, index) } };
}

/** v0.2 and v0.3 credit tokens to the wrong model as soon as there are two. */
export function modelsOf(release: SidecarRelease): readonly string[] {
  return release === 'v0.2' || release === 'v0.3' ? ['gpt-4o-mini'] : ['gpt-4o-mini', 'llama-3.3-70b'];
}

/** Two tenants that ask every model, through each proxy at its own pace. */
export function traffic(release: SidecarRelease, proxy: number, models: readonly string[] = modelsOf(release)): readonly Flow[] {
  const tenants = [
    { 'user.id': 'alice', 'user.namespace': 'team-a' },
    { 'user.id': 'bob', 'user.namespace': 'team-b' },
  ];
  return tenants.flatMap((identity, tenant) =>
    models.map((model, index) => ({
      model,
      identity,
      input: 100 + 40 * tenant + 20 * index,
      output: 30 + 10 * index,
      before: 2000 + 700 * proxy + 300 * tenant,
      perSecond: 1 + tenant,
      streamed: index === 0,
    })),
  );
}
