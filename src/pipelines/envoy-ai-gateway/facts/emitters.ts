import type { Emitter } from '../../../facts/emitters.ts';
import { defineFact } from '../../../model/fact.ts';
import type { Many } from '../../../model/source.ts';
import { type ProxyPod, proxies, type Sidecar } from './proxies.ts';

/** The metrics port of every proxy that has a sidecar. */
export const emitters = defineFact({
  id: 'emitters',
  title: 'sidecars that count tokens',
  needs: { proxies },
  read: ({ proxies }): Many<Emitter> => ({ read: proxies.read.flatMap(emitterOf), unread: proxies.unread }),
});

function emitterOf(proxy: ProxyPod): readonly Emitter[] {
  return proxy.sidecar === null ? [] : [{ ...ofSidecar(proxy, proxy.sidecar) }];
}

function ofSidecar({ key, subject, pod }: ProxyPod, { container, port, portNames, guess }: Sidecar): Emitter {
  return { key, subject, pod: withoutArguments(pod), container: container.name, port, portNames, path: '/metrics', release: guess.version };
}

/** Arguments hold secrets, and nothing downstream needs them. */
function withoutArguments(pod: Emitter['pod']): Emitter['pod'] {
  return { ...pod, containers: pod.containers.map((container) => ({ ...container, args: [], command: [] })) };
}
