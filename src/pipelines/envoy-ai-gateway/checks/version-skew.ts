import { counted } from '../../../checks/phrases.ts';
import { defineCheck, type Finding, verdict } from '../../../model/check.ts';
import { type Controller, controllers } from '../facts/controller.ts';
import { configOf, type GatewayConfig, gatewayConfigs } from '../facts/gateway-configs.ts';
import { type Gateway, gateways } from '../facts/gateways.ts';
import { type ProxyPod, proxies } from '../facts/proxies.ts';
import { sameGateway } from '../facts/routes.ts';
import { grouped, keysOf, rollouts } from '../phrases.ts';
import { agreed, type Guess } from '../releases.ts';

/** Sidecars of another release than their controller. */
export const versionSkew = defineCheck({
  id: 'version-skew',
  title: 'sidecars and controller are of one release',
  hop: 'emit',
  severity: 'error',
  why: 'A sidecar refuses the configuration of another release: a running one keeps its stale routes, a new one does not start. Mixed releases also name the same metric differently.',
  fix: 'Remove the image that a GatewayConfig pins in `spec.extProc.kubernetes.image`, or create the proxies anew with `kubectl rollout restart deployment/NAME`.',
  follows: ['controller-unready'],
  needs: { controllers, proxies },
  wants: { gateways, configs: gatewayConfigs },
  judge: ({ controllers, proxies, gateways, configs }) => {
    const [controller] = controllers;
    if (controller === undefined) return { status: 'skip', because: 'there is no controller to compare with' };
    const sidecars = proxies.read.filter(({ sidecar }) => sidecar !== null);
    if (sidecars.length === 0) return { status: 'skip', because: 'no proxy has a sidecar' };
    const skewed = sidecars.filter(({ sidecar }) => sidecar !== null && differ(sidecar.guess, controller.guess));
    const pins = configs.status === 'read' && gateways.status === 'read' ? { gateways: gateways.value, configs: configs.value } : null;
    const groups = grouped(skewed, ({ sidecar, gateway }) => `${sidecar?.container.image} ${gateway?.namespace}/${gateway?.name}`);
    return verdict(
      groups.flatMap((group) => skewedGroup(controller, group, pins)),
      proxies.unread,
    );
  },
});

/** Exact numbers where both are known; else only what cannot be one release. */
function differ(left: Guess, right: Guess): boolean {
  const exact = (guess: Guess): boolean => /\.\d+\.\d+/.test(guess.version ?? '');
  if (exact(left) && exact(right)) return left.version !== right.version;
  return !left.candidates.some((release) => right.candidates.includes(release));
}

interface Pins {
  readonly gateways: readonly Gateway[];
  readonly configs: readonly GatewayConfig[];
}

function skewedGroup(controller: Controller, group: readonly ProxyPod[], pins: Pins | null): readonly Finding[] {
  const [first] = group;
  if (first?.sidecar == null) return [];
  const { guess, container } = first.sidecar;
  const owner = pins?.gateways.find((gateway) => first.gateway !== null && sameGateway(gateway, first.gateway));
  const config = owner === undefined ? null : configOf(owner, pins?.configs ?? []);
  const refuses = agreed(guess, ({ pinsConfig }) => pinsConfig) === true;
  const others = group.length === 1 ? '' : ` (and ${counted(group.length - 1, 'more proxy', 'more proxies')})`;
  const effect = refuses
    ? 'it refuses the configuration that this controller writes'
    : 'this release takes the configuration, but may name its metrics differently';
  return [
    {
      subject: first.subject,
      message: `its sidecar is ${guess.version ?? container.image}, the controller ${controller.guess.version ?? controller.container.image}${others}: ${effect}`,
      evidence: {
        saw: `${container.image}; ${controller.container.image}`,
        run: `kubectl -n ${first.pod.namespace} get pod ${first.pod.name} -o jsonpath='{.spec.initContainers[*].image} {.spec.containers[*].image}'`,
      },
      remedy:
        config?.image == null
          ? { text: 'create the proxies anew', command: rollouts(group) }
          : {
              text: `remove spec.extProc.kubernetes.image from GatewayConfig ${config.namespace}/${config.name}, which pins ${config.image}`,
              command: `kubectl -n ${config.namespace} patch gatewayconfig ${config.name} --type=json -p '[{"op":"remove","path":"/spec/extProc/kubernetes/image"}]'`,
              patch: [{ op: 'remove', path: '/spec/extProc/kubernetes/image' }],
            },
      about: keysOf(group),
      ...(refuses ? {} : { severity: 'warning' as const }),
    },
  ];
}
