import { kinds, listing } from '../../../facts/kinds.ts';
import type { Mimir } from '../../../facts/mimir.ts';
import { type Pod, podOf } from '../../../facts/pods.ts';
import { defineFact } from '../../../model/fact.ts';
import { ReadError, type Source, type Unread, unreadOf } from '../../../model/source.ts';
import { destinations, mimirsToAsk } from './destinations.ts';

/** A Mimir that is asked, and the pods of its part that answers queries. */
export interface MimirPods {
  readonly mimir: Mimir;
  readonly pods: readonly Pod[];
  /** Why they could not be read; null: they were. */
  readonly unread: Unread | null;
}

/** The pods of every Mimir that collectors write to, or of any. */
export const mimirPods = defineFact({
  id: 'mimir-pods',
  title: 'pods of Mimir',
  reads: [listing(kinds.pods)],
  needs: { destinations },
  read: ({ destinations }, { source }): Promise<readonly MimirPods[]> =>
    Promise.all(mimirsToAsk(destinations).map((mimir) => podsOf(source, mimir))),
});

async function podsOf(source: Source, mimir: Mimir): Promise<MimirPods> {
  const labelSelector = Object.entries(mimir.queried?.selector ?? {})
    .map(([name, value]) => `${name}=${value}`)
    .join(',');
  if (labelSelector === '') return { mimir, pods: [], unread: null };
  try {
    const objects = await source.list(kinds.pods, { namespace: mimir.namespace, labelSelector });
    return { mimir, pods: objects.map(podOf).filter(({ deleting }) => !deleting), unread: null };
  } catch (error) {
    if (!(error instanceof ReadError)) throw error;
    return { mimir, pods: [], unread: unreadOf(error) };
  }
}

/** The pod that is asked: the first by name that is ready. */
export function firstReady(pods: readonly Pod[]): Pod | null {
  return pods.filter(({ ready }) => ready).toSorted((a, b) => (a.name < b.name ? -1 : 1))[0] ?? null;
}
