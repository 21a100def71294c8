import type { Emitter } from '../../../facts/emitters.ts';
import { defineFact } from '../../../model/fact.ts';
import type { Many } from '../../../model/source.ts';
import { type ProxyPod, proxies } from './proxies.ts';

/** The metrics port of every proxy that has a sidecar. */
export const emitters = defineFact({
  id: 'emitters',
  title: 'sidecars that count tokens',
  needs: { proxies },
  read: ({ proxies }): Many<Emitter> => ({ read: proxies.read.flatMap(emitterOf), unread: proxies.unread }),
});

function emitterOf({ key, subject, pod, sidecar }: ProxyPod): readonly Emitter[] {
  if (sidecar === null) return [];
  const { container, port, portNames, guess } = sidecar;
  return [{ key, subject, pod, container: container.name, port, portNames, path: '/metrics', release: guess.version }];
}
