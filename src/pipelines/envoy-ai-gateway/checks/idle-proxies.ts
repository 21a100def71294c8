import { counted, listed } from '../../../checks/phrases.ts';
import type { Emission } from '../../../facts/emitters.ts';
import { defineCheck, type Finding, verdict } from '../../../model/check.ts';
import { emissions } from '../facts/emissions.ts';
import { type ProxyPod, proxies } from '../facts/proxies.ts';
import { gatewayKey } from '../names.ts';
import { grouped } from '../phrases.ts';
import { showMetrics } from '../traffic.ts';

/**
 * Gateways whose every sidecar has seen no model request. One idle pod beside busy ones is no trouble: it is new, or the load balancer has not
 * chosen it yet. So the pods of a Gateway are judged together, and only those that could be read.
 */
export const idleProxies = defineCheck({
  id: 'idle-proxies',
  title: 'model requests have passed the sidecars of every Gateway',
  hop: 'emit',
  severity: 'warning',
  why: 'A sidecar without a single request looks the same whether nobody asked or requests go past it. Until one has passed, nothing further down can be shown to work.',
  fix: 'Send one model request through the Gateway, and if the sidecars stay idle see whether the route is attached and the extension server is wired.',
  follows: ['route-detached', 'extension-unwired', 'mapping-hazard'],
  needs: { emissions, proxies },
  judge: ({ emissions, proxies }) => {
    const byKey = new Map(proxies.read.map((proxy) => [proxy.key, proxy]));
    const told = emissions.read.filter(({ outcome }) => outcome.status !== 'unreadable');
    if (told.length === 0 && emissions.unread.length === 0) return { status: 'skip', because: 'no sidecar could be asked' };
    const groups = grouped(told, ({ emitter }) => ownerOf(byKey.get(emitter.key)));
    const idle = groups.filter((group) => group.every(isIdle));
    const some = groups.filter((group) => !idle.includes(group)).flatMap((group) => group.filter(isIdle));
    const note =
      some.length === 0
        ? undefined
        : `${counted(some.length, 'proxy has', 'proxies have')} seen no request yet beside busy ones: ${listed(some.map(({ emitter }) => emitter.pod.name))}`;
    return verdict(
      idle.flatMap((group) => idleGroup(group, byKey)),
      emissions.unread,
      note,
    );
  },
});

const isIdle = ({ outcome }: Emission): boolean => outcome.status === 'idle';

function ownerOf(proxy: ProxyPod | undefined): string {
  return proxy?.gateway == null ? (proxy?.gatewayClass ?? '') : `${proxy.gateway.namespace}/${proxy.gateway.name}`;
}

function idleGroup(group: readonly Emission[], byKey: ReadonlyMap<string, ProxyPod>): readonly Finding[] {
  const [first] = group;
  if (first === undefined) return [];
  const gateway = byKey.get(first.emitter.key)?.gateway ?? null;
  const all = group.length === 1 ? 'its only sidecar' : `all ${group.length} of its sidecars`;
  return [
    {
      subject: gateway === null ? first.emitter.subject : `Gateway ${gateway.namespace}/${gateway.name}`,
      message: `${all} serve${group.length === 1 ? 's' : ''} only target_info: no model request has passed since ${group.length === 1 ? 'it' : 'they'} started`,
      evidence: { saw: 'target_info and no gen_ai series', run: showMetrics(first, '-v "^#"') },
      remedy: { text: 'send one model request through the Gateway; if it is answered and the sidecars stay idle, requests go past them' },
      about: [...(gateway === null ? [] : [gatewayKey(gateway)]), ...group.map(({ emitter }) => emitter.key)],
    },
  ];
}
