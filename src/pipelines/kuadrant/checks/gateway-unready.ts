import type { Condition } from '../../../facts/workloads.ts';
import { defineCheck, type Finding, verdict } from '../../../model/check.ts';
import { emitters } from '../facts/emitters.ts';
import { type Gateway, type GatewayRef, gateways } from '../facts/gateways.ts';
import { telemetryPolicies } from '../facts/policies.ts';
import { type Path, scene } from '../facts/scene.ts';
import { gatewayKey, routeKey, sameName } from '../names.ts';
import { nameOf, pathKeys, podKeys, show } from '../phrases.ts';
import { printed, said } from '../status.ts';
import { labelKeysAt } from '../telemetry.ts';

/** A Gateway or route with token limits that carries no requests. */
export const gatewayUnready = defineCheck({
  id: 'gateway-unready',
  title: 'every Gateway and route with token limits carries requests',
  hop: 'configure',
  severity: 'error',
  why: 'Requests to a route that is not attached are refused, or take another way on which nothing counts them. The policies on it do not matter then.',
  fix: 'Correct what the condition names with `kubectl describe gateway NAME` and `kubectl describe httproute NAME`.',
  needs: { scene, gateways },
  wants: { emitters, telemetryPolicies },
  judge: ({ scene, gateways, emitters, telemetryPolicies }) => {
    if (scene.gateways.length === 0 && scene.paths.length === 0)
      return scene.unread.length > 0
        ? { status: 'unknown', unread: scene.unread }
        : { status: 'skip', because: 'no Gateway or route has token limits' };
    const pods = podKeys(emitters);
    const whole = scene.gateways.flatMap((ref) => {
      const trouble = gatewayTrouble(ref, gateways);
      const paths = scene.paths.filter(({ gateway }) => sameName(gateway, ref));
      return trouble === null
        ? []
        : [{ ...trouble, about: [...new Set([gatewayKey(ref), ...pathKeys(paths), ...labelKeysAt(ref, telemetryPolicies), ...pods])] }];
    });
    const broken = new Set(whole.map(({ subject }) => subject));
    const parts = scene.paths
      .filter(({ gateway }) => !broken.has(`Gateway ${nameOf(gateway)}`))
      .flatMap((path) => detached(path, [...pods, ...labelKeysAt(path.gateway, telemetryPolicies)]));
    return verdict([...whole, ...parts], scene.unread);
  },
});

function gatewayTrouble(ref: GatewayRef, gateways: readonly Gateway[]): Finding | null {
  const gateway = gateways.find((each) => sameName(each, ref));
  const run = show('gateway', ref);
  if (gateway === undefined)
    return {
      subject: `Gateway ${nameOf(ref)}`,
      message: 'there is no such Gateway, although routes or policies name it',
      evidence: { saw: 'not found', run },
      remedy: { text: 'create it, or name the one that carries the requests' },
    };
  const wrong = wrongOf(gateway.conditions, ['Accepted', 'Programmed']);
  if (wrong === null) return null;
  return {
    subject: gateway.subject,
    message: wrong.length === 0 ? 'no controller has looked at it: it has no condition' : `it is not sound: ${wrong.map(told).join('; ')}`,
    evidence: { saw: wrong.map(printed).join('; ') || 'status.conditions: none', run },
    remedy: { text: 'correct what the condition names', command: `kubectl -n ${gateway.namespace} describe gateway ${gateway.name}` },
  };
}

/** A Gateway without an address is reached by node ports and port-forwards all the same. */
const harmless = /^Address/;

/** Conditions that are not true; an empty list: there are none at all; null: all is well. */
function wrongOf(conditions: readonly Condition[], wanted: readonly string[]): readonly Condition[] | null {
  const own = conditions.filter(({ type }) => wanted.includes(type));
  if (own.length === 0) return [];
  const wrong = own.filter(({ status, reason }) => status !== 'True' && !harmless.test(reason ?? ''));
  return wrong.length === 0 ? null : wrong;
}

const told = (condition: Condition): string => `${condition.type} is ${condition.status}, ${said(condition)}`;

/** Kuadrant adds parents of its own to the status, without Accepted: internal/controller/httproute_policy_discoverability_reconciler.go. */
function detached({ route, gateway }: Path, silenced: readonly string[]): readonly Finding[] {
  const parents = route.parents.filter((parent) => sameName(parent.gateway, gateway));
  const looked = parents.filter(({ conditions }) => conditions.some(({ type }) => type === 'Accepted'));
  const wrong = looked.map(({ conditions }) => wrongOf(conditions, ['Accepted', 'ResolvedRefs']));
  if (wrong.some((each) => each === null)) return [];
  const conditions = wrong.flatMap((each) => each ?? []);
  const where = `Gateway ${nameOf(gateway)}`;
  return [
    {
      subject: route.subject,
      message:
        looked.length === 0
          ? `it is not attached: nothing has accepted it at ${where}`
          : `it is not sound at ${where}: ${conditions.map(told).join('; ')}`,
      evidence: {
        saw: conditions.map(printed).join('; ') || `no parent ${nameOf(gateway)} with Accepted in status.parents`,
        run: show('httproute', route),
      },
      remedy: { text: 'correct what the condition names', command: `kubectl -n ${route.namespace} describe httproute ${route.name}` },
      about: [routeKey(route), gatewayKey(gateway), ...silenced],
    },
  ];
}
