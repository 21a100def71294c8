import type { Emitter } from '../facts/emitters.ts';
import type { EmitterTarget, Targets } from '../facts/targets.ts';
import type { Attempt } from '../model/fact.ts';

/** The targets at the emitters' own paths in any Prometheus; none when targets could not be read. */
export function ownTargets(targets: Attempt<Targets>): readonly EmitterTarget[] {
  return targets.status === 'read' ? targets.value.servers.flatMap((server) => server.targets).filter(({ ownPath }) => ownPath) : [];
}

/** Keys of emitters that some Prometheus scrapes, by whatever configuration. */
export function scrapedKeys(targets: Attempt<Targets>): ReadonlySet<string> {
  return new Set(ownTargets(targets).map(({ emitter }) => emitter.key));
}

/** Emitters that Prometheus can reach by now. */
export function running(emitters: readonly Emitter[]): readonly Emitter[] {
  return emitters.filter(({ pod }) => pod.phase === 'Running' && pod.ip !== null && !pod.deleting);
}
