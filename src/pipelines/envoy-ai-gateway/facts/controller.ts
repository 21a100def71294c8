import { kinds, listing } from '../../../facts/kinds.ts';
import { type Container, type Pod, podOf } from '../../../facts/pods.ts';
import { type Deployment, deploymentOf, deployments } from '../../../facts/workloads.ts';
import { defineFact } from '../../../model/fact.ts';
import type { Source } from '../../../model/source.ts';
import { type Flags, flagValue } from '../../../parse/go-flags.ts';
import { imageOf } from '../../../parse/image.ts';
import { argvOf, controllerGuess, flagsOf, withoutArguments } from '../guess.ts';
import { type HeaderMapping, headerMappingOf } from '../mapping.ts';
import { controllerKey, labels } from '../names.ts';
import type { Guess } from '../releases.ts';

/** The Deployment that injects sidecars and hands them their arguments. */
export interface Controller {
  readonly key: string;
  readonly subject: string;
  readonly deployment: Deployment;
  readonly container: Container;
  /** As the program sees it; secrets are already replaced. */
  readonly argv: readonly string[];
  readonly flags: Flags;
  readonly guess: Guess;
  readonly mapping: HeaderMapping;
  /** Where its arguments stand in the Deployment: index of the container, and what argv has before them. */
  readonly place: { readonly container: number; readonly offset: number };
  /** The sidecar image that it injects. */
  readonly sidecarImage: string | null;
}

/** Every controller, the one in use first. Found by image name or by its flag --extProcImage, whatever its name and namespace. */
export const controllers = defineFact({
  id: 'controllers',
  title: 'AI gateway controller',
  needs: { deployments },
  read: ({ deployments }): readonly Controller[] => {
    const found = deployments.map(deploymentOf).flatMap((deployment) => controllerOf(deployment) ?? []);
    return found.sort((left, right) => inUse(right) - inUse(left));
  },
});

const inUse = (controller: Controller): number => (controller.deployment.replicas > 0 ? 1 : 0) + (controller.deployment.ready > 0 ? 2 : 0);

/** The controller of a Deployment; null when it runs none. */
export function controllerOf(deployment: Deployment): Controller | null {
  const container = deployment.containers.find((candidate) => imageOf(candidate.image).name.endsWith('ai-gateway-controller'));
  const chosen =
    container ?? deployment.containers.find((candidate) => argvOf(candidate).some((argument) => /^--?extProcImage(=|$)/.test(argument)));
  if (chosen === undefined) return null;
  const flags = flagsOf(chosen);
  const sidecarImage = flagValue(flags, 'extProcImage');
  const guess = controllerGuess(chosen, deployment.labels[labels.version] ?? null, sidecarImage);
  return {
    key: controllerKey(deployment),
    subject: `Deployment ${deployment.namespace}/${deployment.name}`,
    deployment: { ...deployment, containers: withoutArguments(deployment.containers) },
    container: { ...chosen, args: [], command: [] },
    argv: argvOf(chosen),
    flags,
    guess,
    mapping: headerMappingOf(flags, guess),
    place: { container: deployment.containers.indexOf(chosen), offset: Math.max(0, chosen.command.length - 1) },
    sidecarImage,
  };
}

/** The pods of every controller, by its key; a Deployment that does not select by labels alone has no entry. */
export const controllerPods = defineFact({
  id: 'controller-pods',
  title: 'pods of the AI gateway controller',
  reads: [listing(kinds.pods)],
  needs: { controllers },
  read: async ({ controllers }, { source }): Promise<ReadonlyMap<string, readonly Pod[]>> => {
    const plain = controllers.filter(({ deployment }) => Object.keys(deployment.selector).length > 0);
    return new Map(await Promise.all(plain.map(async ({ key, deployment }) => [key, await podsOf(deployment, source)] as const)));
  },
});

async function podsOf({ namespace, selector }: Deployment, source: Source): Promise<readonly Pod[]> {
  const labelSelector = Object.entries(selector)
    .map(([name, value]) => `${name}=${value}`)
    .join(',');
  const objects = await source.list(kinds.pods, { namespace, labelSelector });
  return objects.map(podOf).map((pod) => ({ ...pod, containers: withoutArguments(pod.containers) }));
}
