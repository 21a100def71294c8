import { enforced, refused, unenforced } from '../objects.ts';
import { type Place, present, sameName } from './present.ts';
import { attachedTo, type Path } from './topology.ts';

/** Says of every policy whether it is in force; of TelemetryPolicies where the extensions run alone. Reasons and messages: kuadrant-operator internal/kuadrant/errors.go. */
export async function judgePolicies(place: Place, paths: readonly Path[], extensions: boolean): Promise<void> {
  const routes = await present(place, 'HTTPRoute');
  const gateways = await present(place, 'Gateway');
  for (const kind of ['AuthPolicy', 'TokenRateLimitPolicy', 'TelemetryPolicy'] as const) {
    if (kind === 'TelemetryPolicy' && !extensions) continue;
    for (const policy of await present(place, kind)) {
      const { kind: targetKind, name } = policy.spec.targetRef;
      const targets = targetKind === 'Gateway' ? gateways : kind === 'TelemetryPolicy' ? [] : routes;
      const there = targets.some(({ metadata }) => sameName(metadata, { name, namespace: policy.metadata.namespace }));
      const reached = kind === 'TelemetryPolicy' || paths.some((path) => attachedTo(policy, path));
      const status = !there
        ? refused('TargetNotFound', `${kind} target ${name} was not found`)
        : reached
          ? enforced(kind)
          : unenforced(kind, `${kind} is not in the path to any existing routes`);
      await place.bed.patchStatus(policy, status);
    }
  }
}
