import { counted } from '../../../checks/phrases.ts';
import { defineCheck, type Finding, type Remedy, verdict } from '../../../model/check.ts';
import { labelOf, mergePairs, type Pair, pairsMissing, printMapping, sameMapping } from '../../../parse/mapping.ts';
import { type Controller, controllers } from '../facts/controller.ts';
import { type ProxyPod, proxies } from '../facts/proxies.ts';
import { isRefused, mappingFlagsOf } from '../mapping.ts';
import { grouped, keysOf, releaseText, rollouts } from '../phrases.ts';
import { agreed } from '../releases.ts';
import { settingFlag, thenAnew } from '../remedies.ts';

/** Sidecars that still run another mapping than the controller hands out. */
export const staleMapping = defineCheck({
  id: 'stale-mapping',
  title: "every sidecar runs the controller's header mapping",
  hop: 'emit',
  severity: 'error',
  why: 'A sidecar gets its mapping when its pod is created. Until the pod is created anew the new labels are missing from its series, and with several proxies the figures disagree.',
  fix: 'Create the proxies anew with `kubectl rollout restart deployment/NAME`.',
  follows: ['controller-unready', 'mapping-missing', 'mapping-ineffective'],
  needs: { controllers, proxies },
  judge: ({ controllers, proxies }) => {
    const [controller] = controllers;
    if (controller === undefined) return { status: 'skip', because: 'there is no controller to compare with' };
    if (isRefused(controller)) return { status: 'skip', because: 'the controller does not accept its own mapping' };
    const sidecars = proxies.read.filter(({ sidecar }) => sidecar !== null);
    if (sidecars.length === 0) return { status: 'skip', because: 'no proxy has a sidecar' };
    const stale = sidecars.filter(({ sidecar }) => !sameMapping(sidecar?.mapping.pairs ?? [], controller.mapping.pairs));
    const groups = grouped(stale, ({ sidecar }) => printMapping(sorted(sidecar?.mapping.pairs ?? [])));
    return verdict(
      groups.flatMap((group) => staleGroup(controller, group)),
      proxies.unread,
    );
  },
});

const sorted = (pairs: readonly Pair[]): readonly Pair[] => [...pairs].sort((left, right) => (left.header < right.header ? -1 : 1));

function staleGroup(controller: Controller, group: readonly ProxyPod[]): readonly Finding[] {
  const [first] = group;
  const running = first?.sidecar?.mapping.pairs;
  if (first === undefined || running === undefined) return [];
  const lacking = pairsMissing(running, controller.mapping.pairs);
  const extra = pairsMissing(controller.mapping.pairs, running);
  const others =
    group.length === 1 ? '' : `, and so ${group.length === 2 ? 'does' : 'do'} ${counted(group.length - 1, 'other proxy', 'other proxies')}`;
  const differences = [
    lacking.length === 0 ? '' : `lacks ${printMapping(lacking)}`,
    extra.length === 0 ? '' : `still has ${printMapping(extra)}`,
  ]
    .filter(Boolean)
    .join(' and ');
  return [
    {
      subject: first.subject,
      message: `its sidecar ${differences}${others}: ${rolling(controller)}`,
      evidence: {
        saw: `sidecar: ${printMapping(running) || 'no mapping'}; controller: ${printMapping(controller.mapping.pairs) || 'no mapping'}`,
        run: `kubectl -n ${first.pod.namespace} get pod ${first.pod.name} -o yaml | grep -iA1 requestHeader`,
      },
      remedy: remedyOf(controller, group, running, extra),
      about: [...keysOf(group), ...[...lacking, ...extra].map(({ attribute }) => `label ${labelOf(attribute, 'escape-name')}`)],
    },
  ];
}

/** From v1.1 on the controller rolls the proxies itself: #2427. */
function rolling({ guess, subject }: Controller): string {
  const rolls = agreed(guess, ({ rollsOnMappingChange }) => rollsOnMappingChange);
  if (rolls === null) return 'whether this release rolls its proxies by itself cannot be told';
  return rolls
    ? `${releaseText(guess)} rolls its proxies by itself, so the rollout is under way or ${subject} is stuck`
    : `${releaseText(guess)} does not roll its proxies when the mapping changes`;
}

/** A restart; and first, where the proxies have pairs that the controller lost, the union of both. */
function remedyOf(controller: Controller, group: readonly ProxyPod[], running: readonly Pair[], extra: readonly Pair[]): Remedy {
  const restart = rollouts(group);
  const flag = controller.mapping.parts.at(-1)?.flag ?? mappingFlagsOf(controller.guess).at(-1);
  const gone = extra.filter(({ header }) => !controller.mapping.pairs.some((pair) => pair.header === header));
  const which = group.length === 1 ? (group[0]?.pod.name ?? '') : `these ${group.length} proxies`;
  if (gone.length === 0 || flag === undefined) return { text: `create ${which} anew`, command: restart };
  const union = mergePairs(running, controller.mapping.pairs);
  const setting = settingFlag(controller, flag, printMapping(union));
  return {
    text: `create the proxies anew; to keep ${printMapping(gone)} as well, first ${setting.text}`,
    command: thenAnew(setting.command, controller, restart),
    patch: setting.patch,
  };
}
