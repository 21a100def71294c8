import { kinds, listing } from '../../../facts/kinds.ts';
import { type LogPlace, type PodLogs, podLogs, readingLogs } from '../../../facts/logs.ts';
import { podOf } from '../../../facts/pods.ts';
import { defineFact } from '../../../model/fact.ts';
import type { Source } from '../../../model/source.ts';
import type { GatewayRef } from './gateways.ts';
import { scene } from './scene.ts';

/** What the filter says when it cannot count: wasm-shim and its CEL interpreter (samples of reports). */
export const filterErrors = {
  usage: /Missing json property: \/usage\/total_tokens/,
  stream: /Body stream ended without finding fields/,
  key: /NoSuchKey\("[\w.:/-]{1,60}"\)/,
  plugin: /failed to parse plugin config/,
} as const;

/** Most pods of one Gateway whose logs are read. */
const most = 3;

/** What the proxies of Gateways with token limits log of the filter; not asked for without --logs. */
export const gatewayLogs = defineFact({
  id: 'kuadrant-gateway-logs',
  title: 'logs of the proxies',
  reads: [readingLogs, { ...listing(kinds.pods), optIn: 'logs' }],
  needs: { scene },
  read: async ({ scene }, { source, options }): Promise<PodLogs> => {
    if (options.logs !== true) return { status: 'not-asked' };
    const places = await Promise.all(scene.gateways.map((gateway) => placesOf(gateway, source)));
    return podLogs({ source, options }, places.flat(), Object.values(filterErrors));
  },
});

/** Istio runs proxies beside the Gateway (label of GEP-1762), Envoy Gateway in its own namespace. */
async function placesOf({ namespace, name }: GatewayRef, source: Source): Promise<readonly LogPlace[]> {
  const envoyGateway = `gateway.envoyproxy.io/owning-gateway-name=${name},gateway.envoyproxy.io/owning-gateway-namespace=${namespace}`;
  const lists = await Promise.all([
    source.list(kinds.pods, { namespace, labelSelector: `gateway.networking.k8s.io/gateway-name=${name}` }),
    source.list(kinds.pods, { labelSelector: envoyGateway }),
  ]);
  const running = lists
    .flat()
    .map(podOf)
    .filter(({ phase, deleting }) => phase === 'Running' && !deleting);
  return running.slice(0, most).flatMap((pod) => {
    const container = pod.containers.find((each) => each.name === 'istio-proxy' || each.name === 'envoy') ?? pod.containers[0];
    return container === undefined ? [] : [{ namespace: pod.namespace, pod: pod.name, container: container.name }];
  });
}
