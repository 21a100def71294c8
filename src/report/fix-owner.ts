import type { KubeObject } from '../model/source.ts';
import { strings } from '../parse/fields.ts';

/** Who keeps an object as it is, and so where a change of it lasts. */
export interface Owner {
  /** "Helm release aieg (namespace envoy-ai-gateway-system)". */
  readonly who: string;
  /** One imperative sentence. */
  readonly where: string;
}

/** What the labels, annotations and owners of an object tell of who made it; the outermost first: Argo CD and Flux undo what is changed below them. */
export function ownersOf({ metadata }: KubeObject): readonly Owner[] {
  const labels = strings(metadata.labels);
  const annotations = strings(metadata.annotations);
  const controller = metadata.ownerReferences?.find((owner) => owner.controller === true);
  return [
    ...argo(annotations['argocd.argoproj.io/tracking-id'], labels['argocd.argoproj.io/instance']),
    ...flux('Flux Kustomization', labels['kustomize.toolkit.fluxcd.io/name'], labels['kustomize.toolkit.fluxcd.io/namespace']),
    ...flux('Flux HelmRelease', labels['helm.toolkit.fluxcd.io/name'], labels['helm.toolkit.fluxcd.io/namespace']),
    ...helm(annotations['meta.helm.sh/release-name'], annotations['meta.helm.sh/release-namespace']),
    ...(controller === undefined
      ? []
      : [
          {
            who: `${controller.kind} ${controller.name}`,
            where: `change ${controller.kind} ${controller.name} instead: its controller makes this object`,
          },
        ]),
  ];
}

/** "APPLICATION:GROUP/KIND:NAMESPACE/NAME": argo-cd docs, resource tracking. */
function argo(tracking: string | undefined, instance: string | undefined): readonly Owner[] {
  const name = tracking?.split(':')[0] ?? instance;
  if (!name) return [];
  return [
    {
      who: `Argo CD application ${name}`,
      where: `change it in the source of application ${name}: the next sync undoes what is changed here`,
    },
  ];
}

function flux(what: string, name: string | undefined, namespace: string | undefined): readonly Owner[] {
  if (!name) return [];
  const whole = namespace ? `${namespace}/${name}` : name;
  return [
    { who: `${what} ${whole}`, where: `change it in the source of ${what} ${whole}: the next reconciliation undoes what is changed here` },
  ];
}

function helm(name: string | undefined, namespace: string | undefined): readonly Owner[] {
  if (!name) return [];
  return [
    {
      who: `Helm release ${name}${namespace ? ` (namespace ${namespace})` : ''}`,
      where: `change it in the values of release ${name}: the next upgrade may undo what is changed here`,
    },
  ];
}
