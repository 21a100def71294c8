import { counted } from '../../../checks/phrases.ts';
import { defineCheck, type Finding, verdict } from '../../../model/check.ts';
import { routedGateways } from '../attachment.ts';
import { type Gateway, gateways } from '../facts/gateways.ts';
import { type ProxyPod, proxies } from '../facts/proxies.ts';
import { type AiRoute, aiRoutes } from '../facts/routes.ts';
import { sidecarName } from '../names.ts';
import { grouped, keysOf, rollout, workloadOf } from '../phrases.ts';

/** Proxies of a Gateway with AI routes that have no sidecar. */
export const uninjectedProxies = defineCheck({
  id: 'uninjected-proxies',
  title: 'every proxy of a Gateway with AI routes has the sidecar that counts tokens',
  hop: 'emit',
  severity: 'error',
  why: 'A proxy without the sidecar either answers AI requests with an error or lets them pass uncounted. With several proxies only a share of the tokens is missing, which is hard to see.',
  fix: 'Create the pods anew with `kubectl rollout restart deployment/NAME` while the controller and its webhook are healthy.',
  follows: ['controller-missing', 'controller-unready', 'webhook-unsound'],
  needs: { proxies, routes: aiRoutes },
  wants: { gateways },
  judge: ({ proxies, routes, gateways }) => {
    if (proxies.read.length === 0) return { status: 'skip', because: 'there are no proxy pods' };
    const known = gateways.status === 'read' ? gateways.value : [];
    const bare = proxies.read.filter((proxy) => proxy.sidecar === null && routedGateways(proxy, routes.routes, known).length > 0);
    const blind =
      proxies.read.some((proxy) => proxy.gateway === null && proxy.sidecar === null) && gateways.status === 'unread'
        ? [gateways.unread]
        : [];
    const findings = grouped(bare, ({ pod }) => `${pod.namespace} ${workloadOf(pod)?.name ?? pod.name}`).flatMap((group) =>
      uninjected(group, proxies.read, routes.routes, known),
    );
    return verdict(findings, [...proxies.unread, ...blind]);
  },
});

function uninjected(
  group: readonly ProxyPod[],
  all: readonly ProxyPod[],
  routes: readonly AiRoute[],
  gateways: readonly Gateway[],
): readonly Finding[] {
  const [first] = group;
  if (first === undefined) return [];
  const { pod } = first;
  const siblings = all.filter((other) => other.pod.namespace === pod.namespace && workloadOf(other.pod)?.name === workloadOf(pod)?.name);
  const [gateway] = routedGateways(first, routes, gateways);
  const merged = first.gateway === null;
  const share =
    group.length === siblings.length
      ? ''
      : ` (${siblings.length - group.length} of ${counted(siblings.length, 'pod')} of its workload ${siblings.length - group.length === 1 ? 'has' : 'have'} it)`;
  const others =
    group.length === 1 ? '' : `, nor ${group.length === 2 ? 'does 1 more pod' : `do ${group.length - 1} more pods`} of its workload`;
  return [
    {
      subject: first.subject,
      message: merged
        ? `no ${sidecarName} container${others}: proxies of a merged GatewayClass (EnvoyProxy mergeGateways) are never injected, and Gateway ${gateway?.namespace}/${gateway?.name} has AI routes`
        : `no ${sidecarName} container${others}, though Gateway ${gateway?.namespace}/${gateway?.name} has AI routes${share}`,
      evidence: {
        saw: `containers: ${pod.containers.map(({ name }) => name).join(', ')}`,
        run: `kubectl -n ${pod.namespace} get pod ${pod.name} -o jsonpath='{.spec.initContainers[*].name} {.spec.containers[*].name}'`,
      },
      remedy: merged
        ? { text: 'give Gateways with AI routes a GatewayClass whose EnvoyProxy does not merge Gateways' }
        : { text: 'create the pods anew, so that the webhook injects the sidecar', command: rollout(pod) },
      about: keysOf(group),
    },
  ];
}
