import type { Emitter } from '../../../facts/emitters.ts';
import { defineFact } from '../../../model/fact.ts';
import type { Many } from '../../../model/source.ts';
import { metricsPath } from '../names.ts';
import { type Instance, instances } from './instances.ts';
import { sharing } from './sharing.ts';

/** The metrics endpoint of every pod; a follower shows its master's counters over again, and is left out beside it. */
export const emitters = defineFact({
  id: 'gpt-load-emitters',
  title: 'gpt-load pods that show counters',
  needs: { instances },
  read: ({ instances }): Many<Emitter> => ({
    read: sharing(instances.read.filter(({ starting }) => !starting))
      .flatMap(withoutFollowers)
      .map(emitterOf),
    unread: instances.unread,
  }),
});

function withoutFollowers(group: readonly Instance[]): readonly Instance[] {
  const masters = group.filter(({ follower }) => !follower);
  return masters.length > 0 ? masters : group;
}

/** The emitter of a pod. */
export function emitterOf({ key, subject, pod, container, port, portNames, release, tokenKey }: Instance): Emitter {
  const credentials = tokenKey === null ? {} : { credentials: tokenKey };
  return { key, subject, pod, container: container.name, port, portNames, path: metricsPath, release, ...credentials };
}
